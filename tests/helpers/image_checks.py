"""scikit-learn's checks for transformers of images."""

import pytest
from sklearn.base import clone
from sklearn.exceptions import SkipTestWarning
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator


def check_image_transformer(estimator):
    # Rows of 2 to 10 numbers, which most checks come with, are no images: the tags say
    # so, as those of scikit-learn's own PatchExtractor do, and these checks rest.
    with pytest.warns(SkipTestWarning, match="three_d_array=True"):
        results = check_estimator(estimator)
    assert {result["status"] for result in results} == {"passed"}
    for check in (
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_mixin_order,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
        estimator_checks.check_valid_tag_types,
    ):
        check(type(estimator).__name__, clone(estimator))
