"""Names of scikit-learn that are private, or that not all of its versions have."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils._plotting import _validate_style_kwargs
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import _check_sample_weight, _check_y

if TYPE_CHECKING:
    # With these, type checkers see what is decorated.
    _F = TypeVar("_F", bound=Callable)

    def _fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_F], _F]: ...

    def validate_params(
        parameter_constraints: dict, *, prefer_skip_nested_validation: bool
    ) -> Callable[[_F], _F]: ...
else:
    from sklearn.base import _fit_context
    from sklearn.utils._param_validation import validate_params


try:
    from sklearn.callback import CallbackSupportMixin, ProgressBar
except ImportError:  # before scikit-learn 1.9
    ProgressBar = None

    class _NoCallbacks:
        def call_on_fit_task_begin(self, **kwargs):
            pass

        def call_on_fit_task_end(self, **kwargs):
            pass

    class CallbackSupportMixin:
        """Stands for the mixin of later versions, without callbacks."""

        def _init_callback_context(self, **kwargs):
            return _NoCallbacks()
