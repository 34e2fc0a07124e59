"""Publish a release: ``tipbench data export``."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from tipcore.errors import UsageError
from tipdata.core.world import check_status
from tipdata.documents.shipped import shipped
from tipdata.release import Release, published_manifest, size_on_disk
from tipdata.release.exported import CHECKSUMS, MANIFEST
from tipdata.release.manifests import manifest_of

from tipbench.publishing.card import card
from tipbench.publishing.citation import citation_file, datacite, zenodo
from tipbench.publishing.croissant import croissant
from tipbench.publishing.datasheet import datasheet
from tipbench.publishing.facts import Facts
from tipbench.publishing.parts import ALL, HEADLINE, write_parts
from tipbench.publishing.statement import statement
from tipbench.publishing.tables import write_tables
from tipbench.publishing.target import target
from tipbench.task import Task
from tipbench.tasks import tasks

COPIED = ("LICENSE-DATA", "docs/schema.svg")
"""Files that an export holds as they are."""


class Exported(NamedTuple):
    """What was written: where, how many files and bytes, and the configs by name."""

    to: str
    files: int
    bytes: int
    configs: list[str]


def export_release(
    release: Release,
    to: str,
    *,
    only: Sequence[Task] | None = None,
    splits: str = ALL,
    url: str = "",
    doi: str = "",
    publisher: str = "",
    draft: bool = False,
    check: Callable[[Path], None] | None = None,
) -> Exported:
    """Write a release, ready to read, to a folder or URL, for ``datasets.load_dataset``, the Hugging Face Hub,
    ``mlcroissant``, catalogues, and :func:`tipdata.release.exported.open_export`.

    Args:
        release: which; made, so that its files are there.
        to: a folder that is not there, or a URL of fsspec with nothing below it.
        only: tasks whose parts are written; all where None.
        splits: ``all``, or ``headline`` for the default split of each task alone.
        url: the page on which the export will be found; doi, publisher: for its metadata; '' where not known.
        draft: whether a data version that may still change is exported, marked as such.
        check: is given the folder before it is put in its place; what it raises leaves nothing behind.

    Raises:
        UsageError: for a draft that was not asked for, and a place that is taken, full or cannot be written.
        MachineFault: where a file of the release is damaged.
    """
    check_status(release.version, draft)
    with target(to, CHECKSUMS) as folder:
        manifest = published_manifest(release) or manifest_of(release)
        write_tables(release, folder)
        configs = write_parts(list(tasks().values()) if only is None else only, release, folder, splits)
        facts = Facts(manifest, tuple(configs), url, doi, publisher)
        _write_documents(facts, folder)
        if check is not None:
            check(folder)
        written = write_checksums(folder)
        size = size_on_disk(folder)
    return Exported(to, len(written) + 1, size, [config.name for config in configs])


def _write_documents(facts: Facts, folder: Path) -> None:
    """Write all that says what the data are, the description that holds checksums last."""
    _write_json(folder / MANIFEST, facts.manifest)
    for name in COPIED:
        shutil.copyfile(shipped(name), folder / Path(name).name)
    texts = {"README.md": card, "DATASHEET.md": datasheet, "RESPONSIBLE-USE.md": statement}
    for name, text in texts.items():
        (folder / name).write_text(text(facts), encoding="utf-8", newline="\n")
    write_citation(facts, folder)
    _write_json(folder / "datacite.json", datacite(facts))
    _write_json(folder / ".zenodo.json", zenodo(facts))
    _write_json(folder / "croissant.json", croissant(facts, checksums_of(folder)))


def write_citation(facts: Facts, folder: Path) -> None:
    """Write how to cite the data."""
    text = yaml.safe_dump(citation_file(facts), sort_keys=False, allow_unicode=True, width=100)
    (folder / "CITATION.cff").write_text(text, encoding="utf-8", newline="\n")


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=None if path.name == MANIFEST else 1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def checksums_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder but the checksums themselves, by name, sorted."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != CHECKSUMS:
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def write_checksums(folder: Path) -> dict[str, str]:
    """Write the checksums of a folder into it, as ``sha256sum -c`` reads them, and return them."""
    found = checksums_of(folder)
    lines = "".join(f"{digest}  {name}\n" for name, digest in found.items())
    (folder / CHECKSUMS).write_text(lines, encoding="utf-8", newline="\n")
    return found


def check_splits(splits: str) -> None:
    """Raises UsageError for splits that cannot be asked for."""
    if splits not in (ALL, HEADLINE):
        raise UsageError(f"splits={splits} does not exist: choose {ALL} or {HEADLINE}.")
