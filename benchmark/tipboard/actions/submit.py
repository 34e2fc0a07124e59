"""``tipbench submit``: pack predictions for the leaderboard, and check them."""

import argparse
import re
from pathlib import Path

from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.runs.report import interval, number
from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipboard.rounds.record import read_round
from tipboard.rounds.submissions import published_truth
from tipboard.submissions.check import Checked, ScoredFile, TruthOf, check, release_truth
from tipboard.submissions.messages import Problem, Refused
from tipboard.submissions.pack import Authorship, Gathered, gather_files, gather_runs, pack
from tipboard.submissions.record import RECORD


def call_pack(options: argparse.Namespace) -> int:
    """Pack, then check."""
    to = expand_home(options.to)
    authors = [_author(text) for text in options.author]
    told = ("team", "summary", "method", "title", "paper", "code", "hardware", "package")
    about = Authorship(authors=authors, **{name: getattr(options, name) for name in told})
    gathered = _gathered(options)
    record = pack(gathered, about, to, options.overwrite)
    if gathered.oracles:
        notice(f"runs of oracles, which are never ranked, left out: {gathered.oracles:,}", options.quiet)
    notice(f"packed {len(record.predictions):,} files of {record.id} in {to}", options.quiet)
    if record.pinned is None:
        notice(
            "Your entry will be listed as self-reported. Add --package so that maintainers can reproduce it.",
            options.quiet,
        )
    if not options.no_check:
        sizes = [record.size, options.sizes] if record.size else [options.sizes]
        return _check(to, ",".join(sizes), options)
    if options.json:
        emit_json({"submission": record.id, "folder": str(to), "files": len(record.predictions)})
    return 0


def call_check(options: argparse.Namespace) -> int:
    """Check a folder."""
    return _check(expand_home(options.folder), options.sizes, options, options.id)


def _author(text: str) -> tuple[str, str | None]:
    name, _, affiliation = text.partition(",")
    return name.strip(), affiliation.strip() or None


def _gathered(options: argparse.Namespace) -> Gathered:
    if bool(options.runs) == bool(options.predictions):
        raise UsageError("There is nothing to pack: give either run folders or --predictions.")
    if options.runs:
        return gather_runs([expand_home(run) for run in options.runs])
    data, version = options.data, None
    if options.round is not None:
        described = read_round(expand_home(options.round))
        data, version = f"round/{described.name}", described.data
    for name, value in (("data", data), ("labels", options.labels), ("access", options.access)):
        if value is None:
            raise UsageError(f"--predictions needs --{name}: see `tipbench submit pack --help`.")
    return gather_files(_files(options), data, options.labels, options.access, version)


def _files(options: argparse.Namespace) -> list[tuple[str, str, int, str]]:
    """Return task, split, seed and path of each file that was named."""
    if options.task is not None or options.split is not None:
        if options.task is None or options.split is None or len(options.predictions) > 1:
            raise UsageError("--task and --split go together, and with a single file of --predictions.")
        return [(options.task, options.split, options.seed, options.predictions[0])]
    found = []
    for word in options.predictions:
        place, equals, path = word.partition("=")
        named = re.fullmatch(r"([a-z0-9_]+)/([a-z0-9_]+)/s([0-9]{1,10})", place)
        if not equals or named is None:
            raise UsageError(
                f"--predictions {word}: write TASK/SPLIT/sSEED=FILE, such as advert_risk/forward/s0=a.parquet."
            )
        found.append((named[1], named[2], int(named[3]), path))
    return found


def _check(folder: Path, sizes: str, options: argparse.Namespace, wanted: str | None = None) -> int:
    if options.replicates < 0:
        raise UsageError(f"--replicates {options.replicates} is not a number of replicates: give 0 or more.")
    try:
        truth = _truth(sizes, options)
        checked = check(folder, truth=truth, replicates=options.replicates, quiet=options.quiet)
        if wanted is not None and checked.record.id != wanted:
            said = f"it is of {checked.record.id} and not of {wanted}; rename one of them."
            raise Refused(folder, [Problem(RECORD, said)])
    except Refused as refused:
        if options.json:
            emit_json({"accepted": False, "problems": refused.problems})
        raise
    _emit(checked, options)
    return 0


def _truth(sizes: str, options: argparse.Namespace) -> TruthOf:
    if options.round is None:
        return release_truth(tuple(dict.fromkeys(sizes.split(","))), options.quiet)

    return published_truth(expand_home(options.round))


def _emit(checked: Checked, options: argparse.Namespace) -> None:
    record = checked.record
    if options.json:
        files = [one.result.model_dump(mode="json") for one in checked.scored]
        emit_json({"accepted": True, "submission": record.id, "data": record.data, "files": files})
        return
    numbers = ("seed", "value", "95% interval", "warnings")
    headings = ("task", "split", "seed", "metric", "value", "95% interval", "warnings")
    emit_table([Column(name, name in numbers) for name in headings], [_row(one) for one in checked.scored])
    for one in checked.scored:
        for said in one.result.warnings:
            notice(f"{one.entry.file}: {said}", options.quiet)
    emit(f"accepted: {record.id} on {record.data}, {len(checked.scored):,} files")


def _row(one: ScoredFile) -> list[str]:
    result = one.result
    score = result.scores[result.primary]
    between = interval(score.low, score.high, score.note)
    warned = str(len(result.warnings)) if result.warnings else ""
    return [result.task, result.split, str(result.seed), result.primary, number(score.value), between, warned]
