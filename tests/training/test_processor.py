"""What Linux says of processors with and without bfloat16 instructions."""

import pytest

from skmnist._training._processor import lacks_bfloat16


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 amx_tile\n", False),
        ("processor\t: 0\nflags\t\t: fpu avx2 fma\n", True),
        ("processor\t: 0\nFeatures\t: fp asimd bf16 i8mm\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd\n", True),
        ("cpu\t: POWER10\n", False),
    ],
)
def test_cpuinfo(tmp_path, text, lacks):
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert lacks_bfloat16(path) is lacks


def test_other_systems_do_not_tell(tmp_path):
    assert lacks_bfloat16(tmp_path / "none") is False
