# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""What the checks of input have in common."""

import re
from contextlib import contextmanager

import numpy as np
from sklearn.utils._param_validation import validate_parameter_constraints


def check_parameters(estimator):
    """Check each parameter by the estimator's constraints; errors say its name.

    Parameters
    ----------
    estimator : estimator
        With `_parameter_constraints`.
    """
    for name, value in estimator.get_params(deep=False).items():
        with checking(name, value):
            validate_parameter_constraints(
                estimator._parameter_constraints,
                {name: value},
                caller_name=type(estimator).__name__,
            )


@contextmanager
def checking(name, value):
    """Check an input: errors say its name, and masked elements are one.

    scikit-learn's checks look behind the mask, and many of their messages leave out
    which input it is.

    Parameters
    ----------
    name : str
        Name of the input.
    value : object
        The input itself.

    Raises
    ------
    TypeError, ValueError
        From the block, with the name.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(
            f"{name} has masked elements, which are not supported: leave them out, or "
            f"fill them, as {name}.filled(0) does"
        )
    try:
        # What does not fit into the wanted type is found by the check itself.
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except (OverflowError, TypeError, ValueError) as error:
        text = str(error)
        if re.search(rf"\b{name}\b", text) and not isinstance(error, OverflowError):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {text}") from error


def as_numbers(array):
    """Return what passed scikit-learn's validation as numbers.

    It lets times pass for numbers, and leaves the strings of some data frames as they
    are.

    Parameters
    ----------
    array : ndarray
        X.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If `array` holds times, or objects that are no numbers.
    """
    if array.dtype.kind in "mM":
        raise ValueError(f"X must hold numbers, got the dtype {array.dtype}")
    return array.astype(np.float64) if array.dtype == object else array
