"""Put a folder of files where it was asked for: on this machine, or at any URL that fsspec opens; whole or not at all.

On a disk it is filled beside its place and renamed. An object store knows no renaming: there the checksums are written
last, and what lacks them is no export (:func:`tipdata.release.exported.open_export` says so).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tipcore.atomic import fill_folder_atomically
from tipcore.errors import UsageError
from tipcore.locations import FULL, Remote, error_text, place_of
from tipdata.release.exported import CHECKSUMS

ADVICE = "give another folder or URL"
MARKER_ADVICE = "delete it or give another folder or URL"


@contextmanager
def target(to: str, last: str) -> Iterator[Path]:
    """Give a folder to fill; its files are at ``to`` once the block has ended without an error.

    Args:
        to: a folder that is not there yet, or a URL with nothing below it.
        last: the file that is written last where there is no renaming.

    Raises:
        UsageError: for a place that is taken, full, or cannot be reached or written.
    """
    check_target(to, last)
    place = place_of(to)
    if isinstance(place, Path):
        with _readable_refusal(to), fill_folder_atomically(place, replace=False, advice=ADVICE) as folder:
            yield folder
        return
    with _staged(to) as folder:
        yield folder
        _upload(folder, place, last)


def check_target(to: str, last: str = CHECKSUMS) -> None:
    """Raises UsageError for a place that is taken, or cannot be reached."""
    place = place_of(to)
    if isinstance(place, Remote):
        _check_free(place, last)
    elif place.exists() or place.is_symlink():
        raise UsageError(f"{place} is there already: {ADVICE}.")


@contextmanager
def _staged(to: str) -> Iterator[Path]:
    where = f"the temporary folder {tempfile.gettempdir()} for {to}"
    with _readable_refusal(where), tempfile.TemporaryDirectory(prefix="tipbench-export-") as folder:
        yield Path(folder)


@contextmanager
def _readable_refusal(where: str) -> Iterator[None]:
    """Say in a sentence what a file system says, also where it is wrapped by the library that writes."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{where} cannot be written: {error_text(error)}; {ADVICE}.") from None


def _check_free(place: Remote, last: str) -> None:
    bucket = place.root.partition("/")[0]  # '' where paths begin at a root, and nobody names a bucket
    try:
        if bucket and not place.system.exists(
            bucket
        ):  # to make it would turn a slip of the pen into a bucket
            raise UsageError(
                f"{place.url} cannot be written: there is no {bucket}; make it, or correct the URL."
            )
        there = place.system.exists(place.root) and place.system.find(place.root, maxdepth=3)
    except UsageError:
        raise
    except Exception as error:  # each file system has errors of its own
        raise _unwritable(place, error) from None
    if there:
        whole = any(name.endswith(f"/{last}") for name in there)
        what = (
            "is there already" if whole else f"holds files and no {last}, such as an export that was cut off"
        )
        raise UsageError(f"{place.url} {what}: {MARKER_ADVICE}.")


def _upload(folder: Path, place: Remote, last: str) -> None:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = [name for name in names if name != last] + [last]
    written = []
    try:
        for name in names:
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
