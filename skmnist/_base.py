"""What the estimators share: how they go into files and come back."""

from contextlib import contextmanager
from contextvars import ContextVar
from warnings import warn

import numpy as np
from sklearn.exceptions import InconsistentVersionWarning

from ._version import __version__

_STAMP = "_skmnist_version"
_in_model_file = ContextVar("_in_model_file", default=False)


@contextmanager
def model_file():
    """Mark a block in which estimators go into a model file or come from one.

    The file has a version of its own, and what is in it is not trusted.
    """
    token = _in_model_file.set(True)
    try:
        yield
    finally:
        _in_model_file.reset(token)


class VersionStamp:
    """Mixin: a pickle of another version of skmnist is loaded with a warning.

    What comes from a model file is checked instead.
    """

    def __getstate__(self):
        state = super().__getstate__()
        return state if _in_model_file.get() else {**state, _STAMP: __version__}

    def __setstate__(self, state):
        state = dict(state)
        version = state.pop(_STAMP, __version__)
        if version != __version__:
            warn(
                InconsistentVersionWarning(
                    estimator_name=f"skmnist.{type(self).__name__}",
                    current_sklearn_version=__version__,
                    original_sklearn_version=version,
                ),
                stacklevel=2,
            )
        super().__setstate__(state)
        if _in_model_file.get():
            self._check_state()

    def _validate_params(self):
        try:
            with np.errstate(over="ignore"):  # the bounds, in half precision
                super()._validate_params()
        except ValueError:  # scikit-learn's own, which is a TypeError too
            raise
        except TypeError as error:  # NumPy's own, of numbers such as a Fraction
            raise TypeError(f"{self!r} has a wrong parameter: {error}") from None

    def _check_state(self):
        for name in vars(self):
            if hasattr(type(self), name):
                raise ValueError(
                    f"{type(self).__name__} has no attribute {name} of its own"
                )
        self.get_params(deep=False)  # AttributeError if one is missing
        if any(name.endswith("_") for name in vars(self)):
            self._validate_params()
            self._check_fitted()

    def _check_fitted(self):
        """Check that what was learned fits together.

        Raises
        ------
        AttributeError, TypeError, ValueError
            If it does not.
        """
