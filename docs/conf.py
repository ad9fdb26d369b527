"""How Sphinx builds the site; ``make docs`` does it."""

import importlib
import inspect
import os
import re
from pathlib import Path

# Keeps TensorFlow's log messages out of the gallery.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from docutils import nodes
from sphinx import addnodes
from sphinx_gallery.sorting import ExplicitOrder

import skmnist

DOCS = Path(__file__).parent
MODULES = ("skmnist", "skmnist.datasets", "skmnist.images")
PUBLIC = {
    module: {
        name: value
        for name in importlib.import_module(module).__all__
        # DigitNormalizer is in two modules, and documented in one.
        if (value := getattr(importlib.import_module(module), name)).__module__
        == module
    }
    for module in MODULES
}
FULL_NAMES = {name: f"{module}.{name}" for module in PUBLIC for name in PUBLIC[module]}
_PREFIX = re.compile(r"^skmnist\.(\w+\.)?|\(\)$")
SKLEARN = "https://scikit-learn.org/stable"
# Labels that the docstrings inherited from scikit-learn refer to.
SKLEARN_LABELS = {
    "accuracy_score": "modules/model_evaluation.html#accuracy-score",
    "df_output_transform": "modules/df_output_transform.html",
    "metadata_routing": "metadata_routing.html",
    "sphx_glr_auto_examples_miscellaneous_plot_set_output.py": (
        "auto_examples/miscellaneous/plot_set_output.html"
    ),
}

project = "skmnist"
author = "the skmnist developers"
copyright = "2026, the skmnist developers"
version = release = skmnist.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "examples"]
templates_path = ["_templates"]
nitpicky = True
toc_object_entries_show_parents = "hide"
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # the docstrings have the types
autodoc_default_options = {"members": True, "inherited-members": True}
autosummary_ignore_module_all = False
numpydoc_show_class_members = False
numpydoc_show_inherited_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": ExplicitOrder(
        [
            "plot_mnist.py",
            "plot_grid_search.py",
            "plot_compare.py",
            "plot_calibration.py",
            "plot_class_weight.py",
            "plot_augmentation.py",
            "plot_normalized.py",
            "plot_stacking.py",
            "plot_label_errors.py",
        ]
    ),
    "doc_module": "skmnist",
    "backreferences_dir": "generated/backreferences",
    "reference_url": {"skmnist": None},
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,  # its page fetches scripts from elsewhere
    "image_scrapers": ("matplotlib",),
}

html_theme = "pydata_sphinx_theme"
html_title = f"skmnist {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "skmnist"},
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
html_sidebars = {"getting-started": [], "changelog": []}


def write_api_page():
    """Write the page that lists every public name; autosummary makes one for each."""
    lines = ["API reference", "=============", ""]
    for module in MODULES:
        found = importlib.import_module(module)
        summary = inspect.getdoc(found).splitlines()[0]
        lines += [module, "-" * len(module), "", summary, ""]
        lines += [f".. currentmodule:: {module}", ""]
        for title, is_kind in (
            ("Classes", inspect.isclass),
            ("Functions", inspect.isfunction),
        ):
            chosen = [name for name, value in PUBLIC[module].items() if is_kind(value)]
            if chosen:
                lines += [f".. rubric:: {title}", ""]
                lines += [".. autosummary::", "   :toctree: .", ""]
                lines += [*(f"   {name}" for name in chosen), ""]
    page = DOCS / "generated" / "api.rst"
    page.parent.mkdir(exist_ok=True)
    page.write_text("\n".join(lines), encoding="utf-8")


def link_names(app, doctree):
    """Link what is written as code and is a public name, in the pages in Markdown."""
    if Path(app.env.doc2path(app.env.docname)).suffix != ".md":
        return
    for literal in list(doctree.findall(nodes.literal)):
        target = FULL_NAMES.get(_PREFIX.sub("", literal.astext()))
        linked = (nodes.reference, nodes.title)
        if target is None or isinstance(literal.parent, linked):
            continue
        link = addnodes.pending_xref(
            "", refdomain="py", reftype="obj", reftarget=target, refwarn=True
        )
        literal.replace_self(link)
        link += literal


def link_to_sklearn(app, env, node, contnode):
    """Link to scikit-learn's own site, without a download of its inventory."""
    target = node["reftarget"]
    if node["reftype"] == "term":
        url = f"{SKLEARN}/glossary.html#term-{target.replace('_', '-')}"
    elif target in SKLEARN_LABELS:
        url = f"{SKLEARN}/{SKLEARN_LABELS[target]}"
    elif target.startswith("sklearn."):
        url = f"{SKLEARN}/modules/generated/{target}.html"
    else:
        return None
    return nodes.reference("", "", contnode, internal=False, refuri=url)


def setup(app):
    write_api_page()
    app.connect("doctree-read", link_names)
    app.connect("missing-reference", link_to_sklearn)
