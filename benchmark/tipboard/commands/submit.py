r"""``tipbench submit``: pack predictions for the leaderboard, and check them; or check a submission.

arguments:
  [FOLDER...]             runs or files of predictions to pack, or one submission to check: runs are of one release and
                          one method per task, files are TASK/SPLIT/sSEED=FILE

settings, to pack:
  [team=NAME]             a-z, 0-9, _ and single hyphens
  [summary=TEXT]          what the method does, in one line
  [authors=TEXT]          "NAME, AFFILIATION; NAME, AFFILIATION"
  [method=NAME]           name of the method, written as team= (that of the runs)
  [title=TEXT]            name of the method in words (from method=)
  [paper=URL]             https
  [code=URL]              https
  [hardware=TEXT]         hardware that the method ran on (as the runs recorded)
  [package=PACKAGE]       how to install the method: name==version, name @ https://...whl#sha256=..., or
                          name @ git+https://...@commit
  [data=RELEASE]          for files: the release, such as 0.5.0/small (or season=)
  [labels=NAME]           for files: the labels that it was trained on, such as expert
  [access=TIER]           for files: the most private data that it used: public, platform or legal
  [season=FOLDER]         published folder of a season: pack or check an entry for it
  [entry_class=CLASS]     for a season: fold, worlds, outside or system
  [resources=TEXT]        for a season: weights and outside data, as "NAME, LICENCE, DATE; NAME, LICENCE, DATE"
  key=value               with season= and package=: overrides of `tipbench run` that run the method on one task
  overwrite=false         true: replace a submission that was packed before
  check=true              false: pack only
settings, to check:
  [id=TEAM--METHOD]       refuse it if the folder belongs to another team
  replicates=1000         number of replicates of the cluster bootstrap
  sizes=tiny,small        releases that may be made if they are missing

options:
  [--to FOLDER]           pack into this new folder; without it, a submission is checked
  --quiet --json

examples:
  tipbench run baseline=prevalence/chao_lower release=small
  tipbench submit runs/0.5.0/small --to acme--chao team=acme method=chao authors="A. Author, Acme University" \
      summary="Chao's lower bound from lists that overlap."
  tipbench submit acme--chao

Predictions that were made without tipbench, several files or one:
  tipbench submit advert_risk/forward/s0=a.parquet advert_risk/random/s0=b.csv --to acme--mine \
      data=0.5.0/small access=public labels=expert hardware="1 GPU" team=acme method=mine summary="..." authors="..."

For a season, with its published folder: a package that its host runs, or predictions of every world:
  tipbench submit season=spring package=acme==1.0 entry_class=fold task=flag_aggregation \
      baseline.method._target_=acme.Crowd --to acme--crowd ...
  tipbench submit runs/0.5.0/small season=spring entry_class=fold --to acme--chao ...
  tipbench submit advert_risk/w1/s0=a.parquet advert_risk/w2/s0=b.parquet season=spring access=public labels=expert \
      entry_class=system resources="Model 1, MIT, 2026-05-01" --to acme--mine ...
  tipbench submit acme--mine season=spring

A submission is a folder: submission.json, which holds no scores, and one file of predictions for each
task, split and seed. Maintainers score it with the same function that checks it here. For methods that
ship with tipbench, and with package=, submission.json also says how to run them again. An entry of a
season is checked here, but nobody scores it before the close.
"""

import argparse
import re
from pathlib import Path

from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.runs.report import interval, number
from tipbench.runs.results import Result
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.spelling import check_word, count_of

from tipboard.seasons.record import open_public
from tipboard.seasons.units import season_truth
from tipboard.submissions.check import check, release_truth
from tipboard.submissions.messages import Problem, Refused
from tipboard.submissions.pack import Gathered, as_package, gather_files, gather_overrides, gather_runs, pack
from tipboard.submissions.record import RECORD
from tipboard.submissions.terms import WORLD

FILE = re.compile(r"[^=/]+/[^=/]+/[^=/]+=")
"""The beginning of a word that names a file of predictions."""


def call(options: argparse.Namespace) -> None:
    """Pack, then check; or check a folder."""
    if options.overrides and (options.season is None or options.package is None):
        key = options.overrides[0].partition("=")[0]
        check_word(key, options.settings, f'Unknown setting "{key}"')
    if options.season is not None and options.data is not None:
        raise UsageError(f"data={options.data} is not for season=, which has its own data: leave it out.")
    if options.to is not None:
        return _pack(options)
    if len(options.folder) != 1 or options.team is not None:
        raise UsageError(
            "a submission is packed into a new folder: add --to FOLDER; or give the one folder to check."
        )
    return _check(expand_home(options.folder[0]), options.sizes, options, options.id)


def _pack(options: argparse.Namespace) -> None:
    for key, value in (("team", "NAME"), ("summary", "TEXT"), ("authors", "TEXT")):
        if getattr(options, key) is None:
            raise UsageError(f"a submission needs {key}={value}: see `tipbench submit --help`.")
    to = expand_home(options.to)
    keys = ("team", "summary", "method", "title", "paper", "code", "hardware", "package")
    about = {key: getattr(options, key) for key in keys}
    names = (text.partition(",") for text in options.authors.split(";") if text.strip())
    about["authors"] = [
        {"name": name.strip(), "affiliation": place.strip() or None} for name, _, place in names
    ]
    of_season = {"entry_class": options.entry_class, "resources": _resources(options.resources or "")}
    about |= {key: value for key, value in of_season.items() if value}
    gathered = _gather(options)
    record = pack(gathered, about, to, options.overwrite)
    if gathered.oracles:
        notice(f"runs of oracles, which are never ranked, left out: {gathered.oracles:,}", options.quiet)
    files = len(record.predictions)
    packed = count_of(files, "file") if files else f"package {record.package}"
    notice(f"packed {packed} of {record.id} in {to}", options.quiet)
    if record.pinned is None and record.season is None:
        notice(
            "Your entry will be listed as self-reported. Add package= so that maintainers can reproduce it.",
            options.quiet,
        )
    if options.check:
        sizes = [record.size, options.sizes] if record.size else [options.sizes]
        _check(to, ",".join(sizes), options)
    elif options.json:
        emit_json({"submission": record.id, "folder": str(to), "files": files})


def _resources(text: str) -> list[dict[str, str]]:
    found = []
    for one in filter(None, map(str.strip, text.split(";"))):
        parts = [part.strip() for part in one.rsplit(",", 2)]
        if len(parts) < 3:
            raise UsageError(
                f'resources={one}: write "NAME, LICENCE, DATE", such as "Model 1, MIT, 2026-05-01".'
            )
        found.append(dict(zip(("name", "licence", "date"), parts, strict=True)))
    return found


def _gather(options: argparse.Namespace) -> Gathered:
    files = [word for word in options.folder if FILE.match(word)]
    if bool(files) + bool(options.folder[len(files) :]) + bool(options.overrides) != 1:
        raise UsageError(
            "a submission is packed of runs, of files TASK/SPLIT/sSEED=FILE or of overrides: give one kind."
        )
    season = None if options.season is None else open_public(expand_home(options.season))
    if not files:
        runs = [expand_home(run) for run in options.folder]
        gathered = gather_runs(runs) if runs else gather_overrides(options.overrides)
        return gathered if season is None else as_package(gathered, season.name, season.data)
    data, version = (f"season/{season.name}", season.data) if season is not None else (options.data, None)
    for name, value in (("data", data), ("labels", options.labels), ("access", options.access)):
        if value is None:
            raise UsageError(f"files of predictions need {name}=: see `tipbench submit --help`.")
    return gather_files([_file(word) for word in files], data, options.labels, options.access, version)


def _file(word: str) -> tuple[str, str, int, str]:
    """Return task, split, seed and path of a file that was named."""
    place, _, path = word.partition("=")
    named = re.fullmatch(r"([a-z0-9_]+)/([a-z0-9_]+)/s([0-9]{1,10})", place)
    if named is None:
        raise UsageError(f"{word}: write TASK/SPLIT/sSEED=FILE, such as advert_risk/forward/s0=a.parquet.")
    task, split = task_of(named[1]), named[2]
    if split not in task.splits and not WORLD.fullmatch(split):
        raise UsageError(f"{word}: {task.name} has no split {split}: choose one of {', '.join(task.splits)}.")
    return task.name, split, int(named[3]), path


def _check(folder: Path, sizes: str, options: argparse.Namespace, wanted: str | None = None) -> None:
    if options.replicates < 0:
        raise UsageError(f"replicates={options.replicates} is not a number of replicates: give 0 or more.")
    try:
        truth = (
            release_truth(tuple(dict.fromkeys(sizes.split(","))), options.quiet)
            if options.season is None
            else season_truth(expand_home(options.season))
        )
        checked = check(folder, truth=truth, replicates=options.replicates, quiet=options.quiet)
        if wanted is not None and checked.record.id != wanted:
            note = f"it is of {checked.record.id} and not of {wanted}; rename one of them."
            raise Refused(folder, [Problem(RECORD, note)])
    except Refused as refused:
        if options.json:
            emit_json({"accepted": False, "problems": refused.problems})
        raise
    record = checked.record
    if options.json:
        files = [one.result.model_dump(mode="json") for one in checked.scored]
        return emit_json({"accepted": True, "submission": record.id, "data": record.data, "files": files})
    if checked.scored:
        emit_table(COLUMNS, [_row(one.result) for one in checked.scored])
    for one in checked.scored:
        for note in one.result.warnings:
            notice(f"{one.entry.file}: {note}", options.quiet)
    what = count_of(len(checked.scored), "file") if checked.scored else record.package
    emit(f"accepted: {record.id} on {record.data}, {what}")


COLUMNS = [Column("task"), Column("split"), Column("seed", True), Column("metric")]
COLUMNS += [Column(name, True) for name in ("value", "95% interval", "warnings")]


def _row(result: Result) -> list[str]:
    score = result.scores[result.primary]
    between = interval(score.low, score.high, score.note)
    warned = str(len(result.warnings)) if result.warnings else ""
    return [result.task, result.split, str(result.seed), result.primary, number(score.value), between, warned]
