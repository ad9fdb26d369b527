"""What TensorFlow writes to stderr while it starts."""

import os
import re
import threading
from contextlib import contextmanager

# Information, the failure to find a GPU, and what belongs to them; some of it comes
# before TensorFlow looks at its own log level.
_STARTUP = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|To enable the following instructions: "
    rb"|(\d{4}-\d\d-\d\d [\d:.]+: )?I(\d{4})? .*\.(cc|h):\d+\]"
    rb"|(\d{4}-\d\d-\d\d [\d:.]+: )?[WE](\d{4})? "
    rb".*(cuda\w*|computation_placer)\.cc:\d+\]"
)


_free = threading.Lock()


@contextmanager
def quiet_startup():
    """Leave out TensorFlow's lines on starting; all others are written on as they come.

    Whoever sets TensorFlow's log level, ``TF_CPP_MIN_LOG_LEVEL``, sees all of them. A
    block that begins within another one, in any thread, leaves stderr to that one.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ or not _free.acquire(blocking=False):
        yield
        return
    try:
        with _filtered():
            yield
    finally:
        _free.release()


@contextmanager
def _filtered():
    try:
        stderr = os.dup(2)
    except OSError:  # a process without stderr
        stderr = None
    if stderr is None:
        yield
        return
    source, target = os.pipe()
    # A process that another thread starts meanwhile keeps the pipe: it is read to the
    # end, after the block too.
    reader = threading.Thread(target=_filter, args=(source, stderr), daemon=True)
    reader.start()
    os.dup2(target, 2)
    os.close(target)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        reader.join(timeout=1)


def _filter(source, stderr):
    with open(source, "rb") as lines, open(stderr, "wb", buffering=0) as out:
        for line in lines:
            if not _STARTUP.match(line):
                out.write(line)
