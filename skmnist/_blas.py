# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Matrix products of middling size on one thread of NumPy's BLAS.

After a product that it shared out, OpenBLAS keeps its threads spinning for a while, in
the way of whatever comes next: in a search, the next fit.
"""

import threading
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

# Multiplications: fewer go on one thread by themselves, more are worth the spinning.
_FEW, _MANY = 2**18, 2**29

_limited = threading.Lock()


@cache
def _blas():
    return ThreadpoolController().select(user_api="blas")


@contextmanager
def threads_for(n_multiplications):
    """Leave BLAS one thread where more would not pay, and then as many as before.

    Parameters
    ----------
    n_multiplications : int
        Of all products inside.
    """
    # The number is the process's: of two that overlap, the second would take the one
    # thread of the first for what was there before.
    if not _FEW < n_multiplications < _MANY or not _limited.acquire(blocking=False):
        yield
        return
    try:
        with _blas().limit(limits=1):
            yield
    finally:
        _limited.release()
