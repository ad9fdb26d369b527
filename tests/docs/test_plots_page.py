"""The code of docs/plots.md runs, and makes the pictures that the page shows."""

import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SCRIPT = runpy.run_path(str(ROOT / "tools" / "make_pictures.py"))


def test_the_code_makes_all_pictures(tmp_path):
    SCRIPT["make_pictures"](tmp_path)

    shown = re.findall(r"!\[.+?\]\((.+?)\)", (DOCS / "plots.md").read_text("utf-8"))
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png")}
    kept = {str(path.relative_to(DOCS)) for path in (DOCS / "images").glob("*.png")}
    assert len(shown) == len(made) >= 6
    assert set(shown) == made <= kept
    for path in made:
        # Other versions of matplotlib draw other pixels, of the same size or nearly.
        new, old = plt.imread(tmp_path / path), plt.imread(DOCS / path)
        for side in (0, 1):
            assert abs(new.shape[side] - old.shape[side]) <= 20, path
