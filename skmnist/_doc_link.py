# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Where the documentation is, for the links that notebooks show on estimators."""

from pathlib import Path

# Address of the published site, without a slash at its end; None as long as there is
# none: then the site that `make docs` built in this checkout, if it is there.
SITE = None


class DocLinkMixin:
    """Lets scikit-learn's HTML representation link to skmnist's own pages."""

    _doc_link_module = "skmnist"

    @property
    def _doc_link_template(self):
        site = _site()
        if site is None:
            return ""  # no link is shown
        # Estimators live in private rooms and are named by the package alone.
        return site + "/generated/{estimator_module}.{estimator_name}.html"


def _site():
    if SITE is not None:
        return SITE
    built = Path(__file__).parents[1] / "docs" / "_build" / "html"
    return built.as_uri() if (built / "generated" / "api.html").is_file() else None
