"""Check the built site: python tools/check_links.py docs/_build/html.

Every link inside it leads to a file and a place that are there, every picture is
there, and nothing that a page shows is fetched from elsewhere.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself, by tag; the others are fetched on a click.
_FETCHED = {
    "img": ("src", "srcset"),
    "link": ("href",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "object": ("data",),
    "iframe": ("src",),
}


class Page(HTMLParser):
    """The places of a page, and what it refers to."""

    def __init__(self, path):
        super().__init__()
        self.places = {"", "top"}
        self.links = []  # of address, and whether the browser fetches it by itself
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.places |= {attrs.get("id"), attrs.get("name")}
        for name in _FETCHED.get(tag, ()):
            for part in (attrs.get(name) or "").split(", "):
                if part:
                    self.links.append((part.split()[0], True))
        if tag == "a" and attrs.get("href"):
            self.links.append((attrs["href"], False))


def check(site):
    """Tell what is wrong with the links of a site, and count them.

    Parameters
    ----------
    site : pathlib.Path
        Folder with the built pages.

    Returns
    -------
    n_links : int
        Links inside the site, and pictures, scripts and styles.
    faults : list of str
        One line for each fault.
    """
    site = site.resolve()
    files = (
        path for path in sorted(site.rglob("*.html")) if path.parent.name[0] != "_"
    )
    pages = {path: Page(path) for path in files}
    n_links, faults = 0, []
    for path, page in pages.items():
        for link, fetched in page.links:
            parts = urlsplit(link)
            if parts.scheme == "data":
                continue
            if outside := bool(parts.scheme or parts.netloc):
                fault = "is fetched" if fetched else None
            else:
                fault = _fault(parts, path, site, pages)
            n_links += not outside
            if fault:
                faults.append(f"{path.relative_to(site)}: {fault}: {link}")
    return n_links, faults


def _fault(parts, path, site, pages):
    """Tell what is wrong with a link inside the site, or return None."""
    target = (path.parent / unquote(parts.path)).resolve()
    if not parts.path:
        target = path
    elif target.is_dir():
        target /= "index.html"
    if not target.is_file() or not target.is_relative_to(site):
        return "leads nowhere"
    place = unquote(parts.fragment)
    # Text fragments are looked up by the browser.
    if target in pages and place not in pages[target].places and ":~:" not in place:
        return "no such place"
    return None


def main(folder):
    n_links, faults = check(Path(folder))
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    print(f"{n_links:,} links inside the site, {len(faults)} wrong")
    return 1 if faults or not n_links else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
