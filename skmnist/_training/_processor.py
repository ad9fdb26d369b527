# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""What the processor can do."""

from functools import cache
from pathlib import Path

_INSTRUCTIONS = {"amx_bf16", "avx512_bf16", "bf16"}


@cache
def lacks_bfloat16(cpuinfo="/proc/cpuinfo"):
    """Whether Linux says that the processor has no bfloat16 instructions.

    Other systems do not tell, which counts as no.
    """
    try:
        lines = Path(cpuinfo).read_text().splitlines()
    except OSError:
        return False
    flags = [
        set(value.split())
        for key, _, value in (line.partition(":") for line in lines)
        if key.strip() in ("flags", "Features")  # of x86, of Arm
    ]
    return bool(flags) and not all(each & _INSTRUCTIONS for each in flags)
