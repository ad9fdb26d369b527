# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Training loops between two fits."""

import gc
import threading
from collections import OrderedDict
from contextlib import contextmanager

from ._interrupts import defer_interrupts
from ._loop import TrainingLoop

# Loops that wait for their next fit, in the whole process.
_MAX_IDLE = 16
# Closed loops that wait for the garbage collector: a graph refers to itself.
_MAX_CLOSED = 4


class LoopCache:
    """Hands out training loops; each serves one fit at a time."""

    def __init__(self):
        self._idle = OrderedDict()  # id -> loop, least recently used first
        self._lock = threading.Lock()
        self._n_in_use = 0
        self._n_closed = 0
        self.n_built = 0

    @property
    def one_in_use(self):
        """Whether one fit is running in this process, and no other."""
        return self._n_in_use == 1

    @contextmanager
    def lease(self, spec, make_optimizer):
        """Use a loop for the block; one that failed or was interrupted is not kept."""
        with self._lock:
            self._n_in_use += 1
            known = [key for key, loop in self._idle.items() if loop.spec == spec]
            loop = self._idle.pop(known[-1]) if known else None
        try:
            if loop is None:
                with defer_interrupts():
                    loop = TrainingLoop(spec, make_optimizer())
                self.n_built += 1
            yield loop
            loop.release()
        except BaseException:
            if loop is not None:
                self._close([loop])
            raise
        finally:
            with self._lock:
                self._n_in_use -= 1
        surplus = []
        with self._lock:
            self._idle[id(loop)] = loop
            while len(self._idle) > _MAX_IDLE:
                surplus.append(self._idle.popitem(last=False)[1])
        self._close(surplus)

    def _close(self, loops):
        for loop in loops:
            loop.close()
        with self._lock:
            self._n_closed += len(loops)
            collect = self._n_closed >= _MAX_CLOSED and gc.isenabled()
            if collect:
                self._n_closed = 0
        if collect:
            gc.collect()


cache = LoopCache()
