"""Ctrl-C during calls into TensorFlow."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def defer_interrupts():
    """Handle a Ctrl-C at the end of the block.

    TensorFlow's C++ code can swallow a KeyboardInterrupt, because it clears errors of
    the Python code that it calls.
    """
    handler = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(handler):
        yield
        return
    received = []
    signal.signal(signal.SIGINT, lambda *args: received.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if received:
            handler(*received[0])
