# Copyright (c) 2026, the skmnist developers
# SPDX-License-Identifier: BSD-3-Clause
"""Estimators' HTML representations link to their pages, where there are such."""

import re

import pytest
from sklearn.pipeline import make_pipeline

from skmnist import (
    DigitNormalizer,
    MLPDigitClassifier,
    PixelScaler,
    UnsharpMask,
    _doc_link,
)

ESTIMATORS = [DigitNormalizer, MLPDigitClassifier, PixelScaler, UnsharpMask]


def links(html):
    return {link.split("#")[0] for link in re.findall(r'href="(\w+:[^"]+)"', html)}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_published_site(estimator, monkeypatch):
    monkeypatch.setattr(_doc_link, "SITE", "https://docs.invalid/stable")

    page = f"https://docs.invalid/stable/generated/skmnist.{estimator.__name__}.html"
    assert page in links(estimator()._repr_html_())


def test_the_site_built_in_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(_doc_link, "SITE", None)
    monkeypatch.setattr(_doc_link, "__file__", str(tmp_path / "skmnist" / "x.py"))
    pipeline = make_pipeline(*(estimator() for estimator in ESTIMATORS))
    own = f"{tmp_path.as_uri()}/docs/_build/html/generated/skmnist."

    def own_links():
        return {link for link in links(pipeline._repr_html_()) if "skmnist" in link}

    assert own_links() == set()
    page = tmp_path / "docs" / "_build" / "html" / "generated" / "api.html"
    page.parent.mkdir(parents=True)
    page.touch()
    assert own_links() == {f"{own}{each.__name__}.html" for each in ESTIMATORS}
