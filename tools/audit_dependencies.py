"""Write docs/dependencies.md from the packages that are installed here.

python tools/audit_dependencies.py
"""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dependencies.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# What a package is for, and who maintains it.
ROLES = {
    "numpy": ("arrays", "NumFOCUS project"),
    "scipy": ("special functions, image filters", "NumFOCUS project"),
    "threadpoolctl": ("BLAS threads of predictions", "Inria, joblib developers"),
    "scikit-learn": ("the estimator contract", "Inria foundation, NumFOCUS"),
    "tensorflow": ("training", "Google"),
    "keras": ("layers, optimizers, to_keras()", "Google"),
    "matplotlib": ("pictures", "NumFOCUS project"),
    "skops": ("saving models", "scikit-learn developers"),
    "pillow": ("image files", "Pillow, Tidelift"),
    "onnx": ("to_onnx", "Linux Foundation"),
    "skl2onnx": ("to_onnx", "Linux Foundation"),
}
# Permissive licenses, or weak copyleft for files that are used as they are.
ACCEPTED = r"BSD|MIT|Apache|PSF|Python Software Foundation|ISC|Zlib|HPND|CMU|MPL|0BSD"
PHRASES = {
    "Apache License": "Apache",
    "Permission is hereby granted, free of charge": "MIT",
    "Redistribution and use in source and binary forms": "BSD",
}


def requirements(extra=None):
    """Return the names of what skmnist itself asks for."""
    lines = PROJECT["dependencies"]
    if extra:
        lines = PROJECT["optional-dependencies"][extra]
    return [canonicalize_name(Requirement(line).name) for line in lines]


def closure(names):
    """Return all that the packages need here, and these need in turn."""
    found, waiting = set(), list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            lines = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another platform
        found.add(name)
        for line in map(Requirement, lines):
            if line.marker is None or line.marker.evaluate({"extra": ""}):
                waiting.append(line.name)
    return found


def license_of(name):
    """Return the license that a package declares, or that the words of its file are."""
    metadata = distribution(name).metadata
    if declared := metadata.get("License-Expression"):
        return declared
    words = (metadata.get("License") or "").strip()
    if words and len(words) < 60:
        return words
    for text in metadata.get_all("Classifier", []):
        if text.startswith("License ::") and not text.endswith("OSI Approved"):
            return text.rpartition(" :: ")[2]
    files = distribution(name).files or []
    texts = [words, *(each.read_text() for each in files if "LICENSE" in each.name)]
    for text in texts:
        for phrase, kind in PHRASES.items():
            if phrase in text:
                return f"{kind} (by its text)"
    return "not declared"


def by_license(names):
    """Return each family of licenses with the packages that have one of it."""
    found = {}
    for name in names:
        family = re.search("Apache|BSD|MIT|MPL|PSF|$", license_of(name)).group()
        found.setdefault(family or license_of(name), []).append(name)
    return sorted(found.items())


def size(name):
    """Return the megabytes that the files of a package take."""
    files = distribution(name).files or []
    paths = [Path(each.locate()) for each in files if ".." not in each.parts]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def not_accepted(names):
    return {
        name: license_of(name)
        for name in sorted(names)
        if not re.search(ACCEPTED, license_of(name), re.IGNORECASE)
    }


def table(names):
    yield "| package | for | maintained by | license | version | MB | needs |"
    yield "|---|---|---|---|---|---|---|"
    for name in names:
        purpose, keeper = ROLES[name]
        version = distribution(name).version
        needs = len(closure([name])) - 1
        yield (
            f"| {name} | {purpose} | {keeper} | {license_of(name)} | {version} "
            f"| {size(name):.0f} | {needs} |"
        )


def page():
    direct, onnx = requirements(), requirements("onnx")
    everything = closure(direct)
    slim = closure(["numpy", "scipy", "scikit-learn", "skops"])
    others = sorted(everything - set(direct))
    refused = not_accepted(everything | closure(onnx))
    lines = [
        "# Dependencies",
        "",
        "Written by `python tools/audit_dependencies.py` from the packages of the "
        "lock. *needs* counts the packages that",
        "a package installs with it.",
        "",
        *table(direct),
        "",
        f"In all {len(everything)} packages of "
        f"{sum(map(size, everything)):,.0f} MB, mostly TensorFlow's. Loading and "
        f"predicting take {len(slim)} of them,",
        f"{sum(map(size, slim)):,.0f} MB: see [serving](serving.md). "
        "With the extra `onnx`:",
        "",
        *table(onnx),
        "",
        "## Licenses",
        "",
        "All are permissive, or copyleft for their own files only (MPL)"
        + (f", but {refused}." if refused else ".")
        + " The packages installed with them:",
        "",
        *(f"- {kind}: {', '.join(names)}" for kind, names in by_license(others)),
        "",
        "## Known vulnerabilities",
        "",
        "`pip-audit` looks up all packages of the lock in PyPI's advisories:",
        "",
        "```console",
        "pip-audit --disable-pip --no-deps -r requirements.lock",
        "```",
        "",
        "skops 0.15, the lower bound, fixed vulnerabilities. What skmnist does about "
        "untrusted files: [guarantees](promises.md).",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(1 if not_accepted(closure(requirements())) else 0)
