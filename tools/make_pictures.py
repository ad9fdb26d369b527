"""Make the pictures of plots.md by running its code: python tools/make_pictures.py."""

import re
import sys
from pathlib import Path

import matplotlib.pyplot as plt

PAGE = Path(__file__).parents[1] / "docs" / "plots.md"
_BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n!\[.+?\]\((.+?)\))?", re.DOTALL)


def blocks():
    """Find the blocks of code, each with the picture below it or an empty string."""
    return _BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def make_pictures(folder):
    """Run the blocks in order, and save the picture of each that has one."""
    namespace = {}
    for code, picture in blocks():
        exec(compile(code, str(PAGE), "exec"), namespace)
        if picture:
            path = Path(folder) / picture
            path.parent.mkdir(exist_ok=True)
            plt.gcf().savefig(path, dpi=72, bbox_inches="tight")
        plt.close("all")


if __name__ == "__main__":
    plt.switch_backend("agg")
    make_pictures(sys.argv[1] if len(sys.argv) > 1 else PAGE.parent)
