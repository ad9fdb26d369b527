"""What a measurement depends on: the machine, the versions, the threads."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

_PACKAGES = (
    "skmnist",
    "numpy",
    "scipy",
    "scikit-learn",
    "joblib",
    "tensorflow",
    "keras",
    "scikeras",
    "torch",
    "skorch",
)
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "MKL_NUM_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
)


def usable_cores():
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def describe_machine():
    """Describe the machine and the installed versions for the record."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "environment": _thread_environment(),
    }


def describe_threads():
    """Describe the thread settings of this process, as they have come out."""
    from threadpoolctl import threadpool_info

    threads = {
        "environment": _thread_environment(),
        "pools": [
            {key: info[key] for key in ("user_api", "internal_api", "num_threads")}
            for info in threadpool_info()
        ],
    }
    if tensorflow := sys.modules.get("tensorflow"):
        settings = tensorflow.config.threading
        threads["tensorflow"] = {  # 0 is TensorFlow's own choice
            "intra_op": settings.get_intra_op_parallelism_threads(),
            "inter_op": settings.get_inter_op_parallelism_threads(),
        }
    return threads


class Bystanders:
    """What other processes took of the machine since this was made (Linux)."""

    def __init__(self):
        self._start = self._now()

    def share(self):
        """Share of all cores' time, once this process's children have ended."""
        if self._start is None:
            return None
        busy, ours, all_time = np.subtract(self._now(), self._start)
        if all_time == 0:  # less than a tick of this clock
            return None
        return float(max(0.0, busy - ours) / all_time)

    def _now(self):
        if not Path("/proc/stat").exists():
            return None
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        ticks = np.array(fields, float) / os.sysconf("SC_CLK_TCK")
        idle = ticks[3] + ticks[4]  # the fifth waits for a disk
        ours = sum(os.times()[:4])
        return ticks.sum() - idle, ours, ticks.sum()


def _thread_environment():
    return {name: os.environ[name] for name in _THREAD_VARIABLES if name in os.environ}


def _processor():
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None
