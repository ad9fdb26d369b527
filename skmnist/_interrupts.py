# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Ctrl-C, where it must not come between two steps of other people's code."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def interrupts_wait():
    """Let a Ctrl-C wait for the end of the block.

    TensorFlow cannot be imported again after half an import, and can swallow a
    KeyboardInterrupt: its C++ code clears errors of the Python code that it calls.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(
        handler
    ):
        yield
        return
    came = []
    signal.signal(signal.SIGINT, lambda *args: came.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            handler(*came[0])
