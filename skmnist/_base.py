"""What the estimators share: the version in their pickles, as scikit-learn does it."""

from warnings import warn

from sklearn.exceptions import InconsistentVersionWarning

from ._version import __version__

STAMP = "_skmnist_version"


class VersionStamp:
    """Mixin: a pickle of another version of skmnist is loaded with a warning."""

    def __getstate__(self):
        return {**super().__getstate__(), STAMP: __version__}

    def __setstate__(self, state):
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
