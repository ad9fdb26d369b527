"""The stamp of the version that goes into a pickle, as scikit-learn's own does."""

from warnings import warn

from sklearn.exceptions import InconsistentVersionWarning

STAMP = "_skmnist_version"


class VersionStamp:
    """Mixin: a pickle of another version of skmnist is loaded with a warning."""

    # Parameters that the first pickles lack, and what they then are.
    _later_parameters = {}

    def __getstate__(self):
        from . import __version__

        return {**super().__getstate__(), STAMP: __version__}

    def __setstate__(self, state):
        from . import __version__

        state = {**self._later_parameters, **state}
        version = state.pop(STAMP, __version__)
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
