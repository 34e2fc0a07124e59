"""``tipbench data export``: write a release for others' tools: data, cards, metadata and checksums.

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world=
  tasks=all               names of tasks, with commas
  splits=all              names of splits, with commas; headline: each task's first
  [url=URL]               the page on which the export will be found, for its metadata
  [doi=DOI]               its DOI, such as 10.1234/example
  [publisher=NAME]        who publishes it (the authors)
  validate=false          true: check the metadata by mlcroissant and DataCite's schema first (extra publish)

options:
  --to DIR_OR_URL         a folder that is not there yet, or a URL that fsspec opens, such as s3://BUCKET/NAME
  [--format hub|relbench]
                          hub (default): datasets, the HF Hub, Croissant; relbench: a folder that
                          relbench.load_dataset opens
  --draft --quiet --json

examples:
  tipbench data export release=tiny --to exports/tiny          datasets.load_dataset and the HF Hub read it as it is
  tipbench data export release=tiny validate=true --to exports/tiny
  tipbench data export release=small splits=headline --to s3://BUCKET/tipbench-small
  tipbench data export release=tiny --to exports/relational --format relbench
  tipbench data export release=tiny url=https://example.org/tipbench doi=10.1234/example --to exports/tiny

tipbench.load("advert_risk", release="exports/tiny") reads it back and checks its checksums. docs/publishing.md says
what each file is.
"""

import argparse
import re
import time
from urllib.parse import urlsplit

from tipcore.errors import UsageError
from tipdata.core.world import check_status
from tipdata.release import size_in_words

from tipbench.commands.data._release import chosen_release, open_chosen
from tipbench.console import emit_result
from tipbench.publishing.data_files import ALL
from tipbench.publishing.export import check_splits, check_target, export_release
from tipbench.publishing.metadata import check_extra, validate
from tipbench.publishing.relational import export_relational
from tipbench.tasks import task_of, tasks

HUB = "hub"
DOI = re.compile(r"10\.\d{4,9}/[-._;()/:a-zA-Z0-9]+")


def call(options: argparse.Namespace) -> None:
    """Export the release."""
    started = time.perf_counter()
    release, engine = chosen_release(options)
    check_status(release.version, options.draft)
    names = options.tasks.strip("[]").split(",")
    only = list(tasks().values()) if options.tasks == ALL else [task_of(name.strip()) for name in names]
    splits = options.splits
    check_splits(splits)
    _check_metadata(options)
    check_target(options.to)
    release = open_chosen(release, engine, options)
    if options.format == HUB:
        about = {name: getattr(options, name) or "" for name in ("url", "doi", "publisher")}
        check = validate if options.validate else None
        done = export_release(
            release, options.to, only=only, splits=splits, draft=options.draft, check=check, **about
        )
    else:
        done = export_relational(release, options.to, only=only, splits=splits)
    seconds = time.perf_counter() - started
    about = {"to": done.to, "files": done.files, "bytes": done.bytes, "configs": done.configs}
    emit_result(
        {"release": release.name, **about},
        f"release {release.name}: {done.files:,} files, {size_in_words(done.bytes)}, {len(done.configs)} configs "
        f"of tasks and splits in {done.to} ({seconds:.0f} s)",
        options,
    )


def _check_metadata(options: argparse.Namespace) -> None:
    if options.doi and not DOI.fullmatch(options.doi):
        raise UsageError(f"doi={options.doi} is not a DOI: write it as 10.1234/example, without an address.")
    if options.url and not (
        urlsplit(options.url).scheme in ("http", "https") and urlsplit(options.url).netloc
    ):
        raise UsageError(f"url={options.url} is not the address of a page: write it with https://.")
    if options.format != HUB:
        given = [name for name in ("url", "doi", "publisher", "validate") if getattr(options, name)]
        if given:
            raise UsageError(f"{given[0]}= is for --format {HUB}: leave it out.")
    if options.validate:
        check_extra()
