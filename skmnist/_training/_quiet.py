# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""What TensorFlow writes to stderr while it starts."""

import os
import re
import tempfile
from contextlib import contextmanager

# Its information, its failure to find a GPU, and what belongs to them; some of it comes
# before TensorFlow looks at its own log level.
_STARTUP = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|To enable the following instructions: "
    rb"|(\d{4}-\d\d-\d\d [\d:.]+: )?I(\d{4})? .*\.(cc|h):\d+\]"
    rb"|(\d{4}-\d\d-\d\d [\d:.]+: )?[WE](\d{4})? "
    rb".*(cuda\w*|computation_placer)\.cc:\d+\]"
)


@contextmanager
def quiet_start():
    """Leave out what TensorFlow tells about starting; all other lines come afterwards.

    Whoever sets its log level, TF_CPP_MIN_LOG_LEVEL, sees all of it.
    """
    try:
        stderr = None if "TF_CPP_MIN_LOG_LEVEL" in os.environ else os.dup(2)
    except OSError:  # there is none
        stderr = None
    if stderr is None:
        yield
        return
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            log.seek(0)
            lines = [line for line in log if not _STARTUP.match(line)]
            os.write(stderr, b"".join(lines))
            os.close(stderr)
