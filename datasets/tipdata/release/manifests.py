"""Names of a release's files, receipts of what was made, and published manifests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipcore.digest import region_digest, release_digest
from tipcore.operating_system import check_regular

from tipdata.core.tables import Table
from tipdata.core.world import FOLDER, newest_released
from tipdata.stages import tables_of

if TYPE_CHECKING:
    from tipdata.release.release import Release

TRUTH = ".truth"
"""The end of a file's name, before ``.parquet``, if the file holds hidden columns."""
RECEIPT = "receipt.json"
FILES = "files"
"""The key of a region's receipt that holds the SHA-256 of each file as it was written; absent in earlier versions."""
Digests = dict[str, dict[str, str]]
"""Column digests by table and column."""
MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""Errors of reading what is no JSON, or JSON of another form, such as brackets too deep and numbers too large."""


def region_name(index: int) -> str:
    """Return the name of a region's folder and of its entry in a manifest."""
    return f"{index:05d}"


def files_of(table: Table) -> list[tuple[str, tuple[str, ...]]]:
    """Return the suffix and the columns of each file that a table is stored in."""
    return [(s, c) for s, c in (("", table.observed), (TRUTH, table.hidden)) if c]


@cache
def table_files(version: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the files of a region of a version, by name: the table and the columns that each holds."""
    tables = tables_of(version).items()
    return {
        f"{name}{end}.parquet": (name, columns) for name, table in tables for end, columns in files_of(table)
    }


def command(release: Release, action: str) -> str:
    """Return the command that makes or verifies a release."""
    version = "" if release.version == newest_released() else f" release.version={release.version}"
    world = f" release.world={release.world}" if release.world else ""
    return f"tipbench data {action} release={release.size}{version}{world}"


def published_manifest(release: Release) -> dict | None:
    """Return the committed manifest of a release, or None if it has none: independent worlds are not published."""
    if release.world:
        return None
    path = manifest_folder() / release.version / f"{release.size}.json"
    return _read_manifest(path) if path.exists() else None


@cache
def _read_manifest(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def manifest_folder() -> Path:
    """Return the folder of manifests: ``datasets/releases`` of a checkout, or inside this package in a wheel."""
    inside = FOLDER / "releases"
    return inside if inside.is_dir() else FOLDER.parent / "releases"


def region_receipt(folder: Path) -> dict:
    """Return the receipt in a region's or a release's folder. Raises OSError or ValueError if it cannot be read."""
    check_regular(folder / RECEIPT)
    return json.loads((folder / RECEIPT).read_text(encoding="utf-8"))


def read_receipt(folder: Path) -> dict[str, Any]:
    """Return the receipt in a region's or a release's folder; one without digests if there is none that can be read."""
    try:
        return {"digests": {}, **region_receipt(folder)}
    except (OSError, *MALFORMED):
        return {"digests": {}}


def expected_digests(release: Release, index: int, receipt: Mapping[str, Any]) -> Digests:
    """Return the digests that a region's columns should have: the published ones or, without a manifest, those of its
    receipt."""
    if (manifest := published_manifest(release)) is not None:
        return manifest["regions"][region_name(index)]["digests"]
    return receipt["digests"]


def manifest_of(release: Release) -> dict:
    """Return the manifest of a release that was made, from the receipts of its regions: schema, rows and digests.

    Raises OSError or ValueError for a receipt that cannot be read.
    """
    regions, schema = {}, {}
    for index in range(release.regions):
        receipt = region_receipt(release.region_folder(index))
        rows, digests = receipt["rows"], receipt["digests"]
        regions[region_name(index)] = {"digest": region_digest(digests), "rows": rows, "digests": digests}
    for name, table in tables_of(release.version).items():
        columns = {c.name: {"dtype": str(c.dtype), "tier": c.tier} for c in table.columns}
        schema[name] = {"key": list(table.key), "columns": columns}
    return {
        "version": release.version,
        "size": release.size,
        **({"world": release.world} if release.world else {}),
        "digest": release_digest({name: entry["digest"] for name, entry in regions.items()}),
        "schema": schema,
        "regions": regions,
    }


def differences_of(release: Release, found: dict[int, Digests]) -> list[str]:
    """Return where regions differ from the published manifest, one text per column: missing, too many or different."""
    manifest = published_manifest(release)
    if manifest is None:
        return []
    differences = []
    for index in range(release.regions):
        place, digests = f"release {release.name}, region {index}", found[index]
        expected: Digests = manifest["regions"][region_name(index)]["digests"]
        for table, columns in expected.items():
            there = digests.get(table, {})
            wrong = [column for column, digest in columns.items() if there.get(column) != digest]
            differences += [f"{place}, table {table}, column {column}" for column in wrong]
        for table, columns in digests.items():
            more = [column for column in columns if column not in expected.get(table, {})]
            differences += [f"{place}, table {table}, column {c}: is not in the manifest" for c in more]
    return differences
