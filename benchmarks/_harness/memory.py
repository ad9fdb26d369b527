"""The memory of this process; the standard library alone, to weigh nothing."""

import os
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def resident_memory():
    """Bytes of memory in use now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak_memory():
    """Bytes of memory in use at the worst moment."""
    # ru_maxrss starts at what the parent process had: the kernel's mark is better.
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
