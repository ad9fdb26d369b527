"""Find the network in an estimator."""

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._classifier import MLPDigitClassifier


def find_classifier(estimator):
    """Find the network in a fitted pipeline or search, and the steps before it."""
    check_is_fitted(estimator)
    found, before = estimator, []
    while not isinstance(found, MLPDigitClassifier):
        if isinstance(found, Pipeline):
            *steps, (_, found) = found.steps
            before += [step for _, step in steps]
        elif hasattr(found, "best_estimator_"):
            found = found.best_estimator_
        else:
            raise TypeError(
                "estimator must be an MLPDigitClassifier, or a pipeline or search "
                f"that ends in one; got {type(estimator).__name__}"
                + ("" if found is estimator else f" with {type(found).__name__}")
                + ("" if getattr(found, "refit", True) else " with refit=False")
            )
    check_is_fitted(found)
    return found, before
