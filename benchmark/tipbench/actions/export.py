"""``tipbench data export``: write a release for others' tools."""

import argparse
import re
import time
from urllib.parse import urlsplit

from tipcore.errors import UsageError
from tipdata.core.world import check_status
from tipdata.release import Release, size_in_words

from tipbench.actions.data import asked, open_asked
from tipbench.commands.data_actions import FORMATS
from tipbench.console import emit_result
from tipbench.publishing.data_files import ALL
from tipbench.publishing.export import ExportSummary, check_splits, check_target, export_release
from tipbench.publishing.metadata import check_extra, validate
from tipbench.publishing.relational import export_relational
from tipbench.task import Task
from tipbench.tasks import task_of, tasks

DOI = re.compile(r"10\.\d{4,9}/[-._;()/:a-zA-Z0-9]+")


def call(options: argparse.Namespace) -> int:
    """Export the release that was asked for."""
    started = time.perf_counter()
    release, engine, own = asked(options)
    check_status(release.version, options.draft)
    only = _tasks(own.get("tasks", ALL))
    splits = own.get("splits", ALL)
    check_splits(splits)
    _check_metadata(options)
    check_target(options.to)
    release = open_asked(release, engine, options)
    if options.format == FORMATS[0]:
        done = export_release(
            release,
            options.to,
            only=only,
            splits=splits,
            url=options.url,
            doi=options.doi,
            publisher=options.publisher,
            draft=options.draft,
            check=validate if options.validate else None,
        )
    else:
        done = export_relational(release, options.to, only=only, splits=splits)
    _say(options, release, done, time.perf_counter() - started)
    return 0


def _say(options: argparse.Namespace, release: Release, done: ExportSummary, seconds: float) -> None:
    emit_result(
        {
            "release": release.name,
            "to": done.to,
            "files": done.files,
            "bytes": done.bytes,
            "configs": done.configs,
        },
        f"release {release.name}: {done.files:,} files, {size_in_words(done.bytes)}, {len(done.configs)} configs "
        f"of tasks and splits in {done.to} ({seconds:.0f} s)",
        options,
    )


def _tasks(names: str) -> list[Task]:
    """Return the tasks that were named, with commas between. Raises UsageError for one that does not exist."""
    if names == ALL:
        return list(tasks().values())
    return [task_of(name.strip()) for name in names.strip("[]").split(",")]


def _check_metadata(options: argparse.Namespace) -> None:
    if options.doi and not DOI.fullmatch(options.doi):
        raise UsageError(
            f"--doi {options.doi} is not a DOI: write it as 10.1234/example, without an address."
        )
    if options.url and not (
        urlsplit(options.url).scheme in ("http", "https") and urlsplit(options.url).netloc
    ):
        raise UsageError(f"--url {options.url} is not the address of a page: write it with https://.")
    if options.format != FORMATS[0]:
        given = [name for name in ("url", "doi", "publisher", "validate") if getattr(options, name)]
        if given:
            raise UsageError(f"--{given[0]} is for --format {FORMATS[0]}: leave it out.")
    if options.validate:
        check_extra()
