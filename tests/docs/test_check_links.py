"""The checker of the built site sees what is wrong, and nothing else."""

import runpy

import pages
import pytest

CHECK = runpy.run_path(str(pages.ROOT / "tools" / "check_links.py"))["check"]
GOOD = """
<a href="#here">1</a> <h1 id="here">x</h1> <a href="sub/b.html#there">2</a>
<img src="a.png"> <a href="https://scikit-learn.org/">elsewhere, on a click</a>
"""


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("", None),
        ('<a href="none.html">x</a>', "leads nowhere: none.html"),
        ('<a href="#nowhere">x</a>', "no such place: #nowhere"),
        ('<a href="sub/b.html#nowhere">x</a>', "no such place: sub/b.html#nowhere"),
        ('<img src="none.png">', "leads nowhere: none.png"),
        ('<img src="a.png" srcset="a.png, b.png 2x">', "leads nowhere: b.png"),
        ('<a href="../outside.html">x</a>', "leads nowhere: ../outside.html"),
        ('<script src="https://cdn.invalid/x.js"></script>', "is fetched: https://"),
        ('<link href="//cdn.invalid/x.css">', "is fetched: //cdn.invalid/x.css"),
    ],
)
def test_it_finds_each_fault(html, fault, tmp_path):
    (tmp_path / "outside.html").touch()
    site = tmp_path / "site"
    (site / "sub").mkdir(parents=True)
    (site / "a.png").touch()
    (site / "index.html").write_text(GOOD + html)
    (site / "sub" / "b.html").write_text('<p id="there"><a href="..">up</a>')

    n_links, faults = CHECK(site)
    assert n_links >= 4
    assert len(faults) == (fault is not None)
    assert all(f"index.html: {fault}" in line for line in faults)
