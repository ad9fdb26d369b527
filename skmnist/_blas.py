"""Matrix products of medium size on one thread of NumPy's BLAS.

After a product that it shared out, OpenBLAS keeps its threads spinning for a while, in
the way of whatever comes next: in a search, the next fit.
"""

import threading
from contextlib import nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

# Multiplications. For fewer, such as one row of the default network, changing threads
# takes as long as the products; for more, all threads are worth it.
_FEW, _MANY = 2**19, 2**29


@cache
def _blas():
    return ThreadpoolController().select(user_api="blas")


class _OneThread:
    # The number is process-wide, and last bits depend on it. In threadpoolctl only the
    # thread that changed it first can restore it, so that one waits for the others.

    def __init__(self):
        self._change = threading.Condition()
        self._limit = self._first = None
        self._n_others = 0
        self._leaving = False

    def __enter__(self):
        with self._change:
            self._change.wait_for(lambda: not self._leaving)
            if self._first is None:
                self._limit = _blas().limit(limits=1).__enter__()
                self._first = threading.get_ident()
            else:
                self._n_others += 1

    def __exit__(self, *error):
        with self._change:
            if self._first != threading.get_ident():
                self._n_others -= 1
                self._change.notify_all()
                return
            self._leaving = True
            try:
                self._change.wait_for(lambda: self._n_others == 0)
            finally:
                self._limit.__exit__(*error)
                self._first, self._leaving = None, False
                self._change.notify_all()


_one_thread = _OneThread()


def threads_for(n_multiplications):
    """Leave BLAS one thread where more would not pay, and then as many as before.

    A context manager, for the number of multiplications of all products inside. The
    first of several inside at once leaves last, and gives the threads back.
    """
    return _one_thread if _FEW < n_multiplications < _MANY else nullcontext()
