"""Publish a release: ``tipbench data export``."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from tipcore.atomic import fill_folder_atomically
from tipcore.errors import UsageError
from tipcore.locations import FULL, Remote, error_text, place_of
from tipdata.core.world import check_status
from tipdata.documents.project_files import project_file
from tipdata.release import Release, published_manifest, size_on_disk
from tipdata.release.manifests import manifest_of
from tipdata.release.release import CHECKSUMS, MANIFEST

from tipbench.publishing.cards import card, datasheet, responsible_use
from tipbench.publishing.data_files import ALL, HEADLINE, write_parts, write_tables
from tipbench.publishing.facts import ExportFacts
from tipbench.publishing.metadata import croissant, metadata
from tipbench.task import Task
from tipbench.tasks import tasks

ADVICE = "give another folder or URL"


@contextmanager
def fill_target(to: str) -> Iterator[Path]:
    """Give a folder to fill; its files are at ``to`` once the block has ended without an error, or else nothing is.

    ``to``: a folder that is not there yet, or a URL with nothing below it. On a disk the folder is filled
    beside its place and renamed. A store cannot rename a folder: there the checksums are uploaded last, and
    an export without them is incomplete. Raises UsageError for a place that is taken, full, or cannot be
    reached or written.
    """
    check_target(to)
    place = place_of(to)
    if isinstance(place, Path):
        with _translate_errors(to), fill_folder_atomically(place, replace=False, advice=ADVICE) as folder:
            yield folder
        return
    where = f"the temporary folder {tempfile.gettempdir()} for {to}"
    with _translate_errors(where), tempfile.TemporaryDirectory(prefix="tipbench-export-") as name:
        yield Path(name)
        _upload(Path(name), place)


def check_target(to: str) -> None:
    """Raise UsageError for a place that is taken or cannot be reached."""
    place = place_of(to)
    if isinstance(place, Remote):
        _check_free(place)
    elif place.exists() or place.is_symlink():
        raise UsageError(f"{place} is there already: {ADVICE}.")


@contextmanager
def _translate_errors(where: str) -> Iterator[None]:
    """Raise UsageError, in one sentence, for an error of a file system."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{where} cannot be written: {error_text(error)}; {ADVICE}.") from None


def _check_free(place: Remote) -> None:
    bucket = place.root.partition("/")[0]  # '' if paths begin at a root, without a bucket
    try:
        missing = bucket and not place.system.exists(bucket)  # a misspelt bucket is not made
        there = not missing and place.system.exists(place.root) and place.system.find(place.root, maxdepth=3)
    except Exception as error:  # each file system has errors of its own
        raise _unwritable(place, error) from None
    if missing:
        raise UsageError(f"{place.url} cannot be written: there is no {bucket}; make it, or correct the URL.")
    if there:
        part = f"holds files and no {CHECKSUMS}, such as an export that was cut off"
        what = "is there already" if any(name.endswith(f"/{CHECKSUMS}") for name in there) else part
        raise UsageError(f"{place.url} {what}: delete it or {ADVICE}.")


def _upload(folder: Path, place: Remote) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    written = []
    try:
        for name in (*sorted(names - {CHECKSUMS}), CHECKSUMS):
            path = place.at(name)
            written.append(path)
            with suppress(FileExistsError):  # an object store has no folders to make
                place.system.makedirs(path.rpartition("/")[0], exist_ok=True)
            place.system.put_file(str(folder / name), path)
    except Exception as error:  # each file system has errors of its own
        for path in reversed(written):
            with suppress(Exception):
                place.system.rm_file(path)
        raise _unwritable(place, error) from None


def _unwritable(place: Remote, error: Exception) -> UsageError:
    room = "make room there, or " if getattr(error, "errno", None) in FULL else ""
    return UsageError(f"{place.url} cannot be written: {error_text(error)}; {room}{ADVICE}.")


class ExportSummary(NamedTuple):
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
) -> ExportSummary:
    """Write a release, ready to read, to a folder or URL, for ``datasets.load_dataset``, the Hugging Face Hub,
    ``mlcroissant``, catalogues, and :func:`tipdata.release.release.open_export`.

    ``to``: a folder that is not there, or a URL of fsspec with nothing below it. ``only``: tasks whose parts
    are written; all if None. ``splits``: ``all``, or ``headline`` for the default split of each task alone.
    ``url``: the page on which the export will be found; ``url``, ``doi`` and ``publisher`` are for its
    metadata, '' where they are not known. ``draft``: whether to export a data version that may still change,
    marked as such. ``check``: called with the folder before it is put in its place; if it raises, nothing is
    left behind.

    Raises UsageError for a draft without ``draft``, and a place that is taken, full or cannot be written;
    MachineFault if a file of the release is damaged.
    """
    check_status(release.version, draft)
    with fill_target(to) as folder:
        manifest = published_manifest(release) or manifest_of(release)
        write_tables(release, folder)
        configs = write_parts(list(tasks().values()) if only is None else only, release, folder, splits)
        facts = ExportFacts(manifest, tuple(configs), url, doi, publisher)
        _write_documents(facts, folder)
        if check is not None:
            check(folder)
        return complete(folder, to, [config.name for config in configs])


def complete(folder: Path, to: str, configs: list[str]) -> ExportSummary:
    """Write the checksums of a folder that is otherwise filled, and return its summary."""
    return ExportSummary(to, len(write_checksums(folder)) + 1, size_on_disk(folder), configs)


def _write_documents(facts: ExportFacts, folder: Path) -> None:
    """Write documents and metadata; the description that holds checksums comes last."""
    _write_json(folder / MANIFEST, facts.manifest)
    shutil.copyfile(project_file("docs/schema.svg"), folder / "schema.svg")
    write_texts(facts, folder, {"README.md": card(facts), "DATASHEET.md": datasheet(facts)})
    found = metadata(facts)
    _write_json(folder / "datacite.json", found["datacite"])
    _write_json(folder / ".zenodo.json", found["zenodo"])
    _write_json(folder / "croissant.json", croissant(facts, checksums_of(folder)))


def write_texts(facts: ExportFacts, folder: Path, texts: dict[str, str]) -> None:
    """Write texts by the names of their files, and what every copy holds: licence, use and citation."""
    cited = yaml.safe_dump(metadata(facts)["citation"], sort_keys=False, allow_unicode=True, width=100)
    shutil.copyfile(project_file("LICENSE-DATA"), folder / "LICENSE-DATA")
    for name, text in {**texts, "RESPONSIBLE-USE.md": responsible_use(facts), "CITATION.cff": cited}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


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
    """Raise UsageError for a choice of splits that does not exist."""
    if splits not in (ALL, HEADLINE):
        raise UsageError(f"splits={splits} does not exist: choose {ALL} or {HEADLINE}.")
