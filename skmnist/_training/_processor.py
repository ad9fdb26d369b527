"""What the processor can do."""

import re
from functools import cache
from pathlib import Path

_INSTRUCTIONS = {"amx_bf16", "avx512_bf16", "bf16"}


@cache
def lacks_bfloat16(cpuinfo="/proc/cpuinfo"):
    """Whether Linux says that the processor has no bfloat16 instructions.

    Other systems do not tell, which counts as no.
    """
    try:
        text = Path(cpuinfo).read_text()
    except OSError:
        return False
    cores = re.findall(r"^(?:flags|Features)\s*:(.*)", text, re.MULTILINE)  # x86, Arm
    return bool(cores) and not all(_INSTRUCTIONS & set(each.split()) for each in cores)
