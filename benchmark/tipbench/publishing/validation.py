"""Hold an export's metadata against the tools and schemas of others: needs the extra ``publish``."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

from tipcore.errors import CheckFailed, UsageError
from tipcore.extras import how_to_install, require

EXTRA = "publish"
DATACITE_SCHEMA = "schemas/datacite-v4.5.json"


def check_extra() -> None:
    """Raises UsageError where the extra is not installed."""
    require(EXTRA, "--validate")


def validate(folder: Path) -> None:
    """Check ``croissant.json`` by mlcroissant and ``datacite.json`` by DataCite's schema.

    Raises:
        UsageError: without the extra.
        CheckFailed: naming the file and the first thing that is wrong with it.
    """
    check_extra()
    validate_croissant(folder / "croissant.json")
    validate_datacite(folder / "datacite.json")


def validate_croissant(path: Path) -> None:
    """Raises CheckFailed for a file that mlcroissant refuses or warns of."""
    import mlcroissant

    try:
        found = mlcroissant.Dataset(jsonld=str(path))
    except Exception as error:  # its own errors, and those of what it reads with
        raise CheckFailed(f"{path.name} is not valid Croissant: {_last_line(error)}") from None
    if warnings := list(found.metadata.ctx.issues.warnings):
        raise CheckFailed(f"{path.name} is valid Croissant with a warning: {warnings[0]}")


def validate_datacite(path: Path) -> None:
    """Raises CheckFailed for a file that DataCite's schema does not accept."""
    import jsonschema

    spec = find_spec("datacite")
    if spec is None or spec.origin is None:
        raise UsageError(f"--validate needs datacite, which is not installed: {how_to_install(EXTRA)}.")
    schema = json.loads((Path(spec.origin).parent / DATACITE_SCHEMA).read_text(encoding="utf-8"))
    errors = jsonschema.Draft7Validator(schema).iter_errors(json.loads(path.read_text(encoding="utf-8")))
    first = next(iter(sorted(errors, key=lambda error: error.json_path)), None)
    if first is not None:
        raise CheckFailed(
            f"{path.name} is not valid DataCite metadata at {first.json_path}: {first.message[:200]}"
        )


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1][:300]
