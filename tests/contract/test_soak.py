"""A minute of the soak test, for which `tools/soak.py` takes two hours."""

import json
import sys

import pytest
from commands import TOOLS, run_python
from soak import Soak


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_short_soak(tmp_path, request):
    minutes = 3 if request.config.getoption("--full-size") else 1
    options = f"--minutes={minutes}", f"--json={tmp_path / 'soak.json'}"
    print(run_python(TOOLS / "soak.py", *options))
    result = json.loads((tmp_path / "soak.json").read_text())
    assert result["minutes"] >= minutes
    assert result["failures"] == []
    assert len(result["calls"]) == 10
    assert min(result["calls"].values()) >= 1


def test_what_grows_or_changes_is_a_failure():
    soak = Soak(minutes=0)
    soak.looks = [
        (i, {"MB": 500 + i, "descriptors": 9 + i // 50, "threads": 30})
        for i in range(100)
    ]
    results = iter([b"1", b"1", b"2"])

    def part():
        return next(results)

    for _ in range(3):
        soak.call(part)
    growth, failures = soak.judge()
    assert growth == {"MB": 72, "descriptors": 1, "threads": 0}
    assert failures == [
        "part: call 3 gave another result",
        "72 more MB than after the warm-up",
        "1 more descriptors than after the warm-up",
    ]
