"""The code of a page in Markdown, as its reader would type it."""

import doctest
import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(python|pycon|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page):
    """Find the blocks of code: line, language and text of each."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, *match.groups()


def run_python(page, namespace=None):
    """Run the blocks of Python in order, those with prompts as doctests.

    Parameters
    ----------
    page : str
        Path from the root of the project.
    namespace : dict, default=None
        What the page takes for granted.

    Returns
    -------
    namespace : dict
        What is defined in the end.
    """
    namespace = dict(namespace or {})
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    report = []
    for line, language, text in blocks(page):
        if language == "python":
            # The empty lines give errors their line in the page.
            exec(compile("\n" * line + text, page, "exec"), namespace)
        elif language == "pycon":
            test = doctest.DocTestParser().get_doctest(
                text, namespace, page, page, line
            )
            runner.run(test, out=report.append, clear_globs=False)
            namespace.update(test.globs)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
    return namespace


def commands(page):
    """Find the commands ``skmnist ...`` in the page, as lists of words."""
    lines = [
        line
        for _, language, text in blocks(page)
        if language == "console"
        for line in text.splitlines()
    ]
    return [
        shlex.split(line, comments=True)
        for line in lines
        if line.startswith("skmnist ")
    ]
