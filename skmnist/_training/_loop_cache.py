"""Training loops between two fits."""

import gc
import threading
from contextlib import contextmanager

from ._interrupts import defer_interrupts
from ._loop import TrainingLoop

# Loops that wait for their next fit, in the whole process.
_MAX_IDLE = 16
# Graphs of closed loops, which refer to themselves: freed together, as that is slow.
_MAX_CLOSED = 4


class LoopCache:
    """Hands out training loops; each serves one fit at a time."""

    def __init__(self):
        self._idle = []  # least recently used first
        self._lock = threading.Lock()
        self._n_in_use = 0
        self._closed = []
        self.n_built = 0

    @property
    def one_in_use(self):
        """Whether one fit is running in this process, and no other."""
        return self._n_in_use == 1

    @contextmanager
    def lease(self, spec, optimizer):
        """Use a loop for the block; one that failed or was interrupted is not kept.

        A new loop takes over the `optimizer`.
        """
        with self._lock:
            known = [loop for loop in self._idle if loop.spec == spec]
            if known:
                self._idle.remove(known[-1])
            else:
                known.append(TrainingLoop(spec, optimizer))
                self.n_built += 1
            self._n_in_use += 1
        loop = known[-1]
        surplus = [loop]
        try:
            yield loop
            loop.release()
            with self._lock:
                self._idle.append(loop)
                surplus = self._idle[:-_MAX_IDLE]
                del self._idle[:-_MAX_IDLE]
        finally:
            with self._lock:
                self._n_in_use -= 1
            self._close(surplus, now=loop in surplus)

    @defer_interrupts()
    def _close(self, loops, *, now):
        # A KeyboardInterrupt that is raised in a destructor is lost, so that the
        # garbage collector is to find no graph at another time.
        with self._lock:
            self._closed += [loop.close() for loop in loops]
            full = now or len(self._closed) >= _MAX_CLOSED
            if full:
                self._closed.clear()
        if full and gc.isenabled():
            gc.collect()


cache = LoopCache()
