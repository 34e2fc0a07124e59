"""``tipbench submit``: pack predictions for the leaderboard, and check them."""

import argparse
import re
from pathlib import Path

from tipbench.commands.options import add_json, add_quiet, parser_of
from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.runs.report import interval, number
from tipdata.core.errors import UsageError

from tipboard.rounds.record import read_round
from tipboard.rounds.submissions import published_truth
from tipboard.submissions.check import Checked, ScoredFile, check
from tipboard.submissions.gather import Gathered, gathered_files, gathered_runs
from tipboard.submissions.pack import About, pack
from tipboard.submissions.problems import Problem, Refused
from tipboard.submissions.record import RECORD
from tipboard.submissions.truth import TruthOf, release_truth

EXAMPLES = """\
examples:
  tipbench run baseline=prevalence/chao_lower release=small
  tipbench submit pack runs/0.3.0/small --to acme--chao --team acme --method chao \\
      --summary "Chao's lower bound from lists that overlap." --author "A. Author, Acme University"
  tipbench submit check acme--chao

Predictions that were made without tipbench, several files or one:
  tipbench submit pack --predictions advert_risk/forward/s0=a.parquet advert_risk/random/s0=b.csv \\
      --data 0.3.0/small --access public --labels expert --hardware "1 GPU" \\
      --to acme--mine --team acme --method mine --summary "..." --author "A. Author"
  tipbench submit pack --predictions a.parquet --task advert_risk --split forward --seed 0 ...

For a sealed round, with its published folder:
  tipbench submit pack --predictions advert_risk/sealed/s0=a.parquet --round spring-2027 \\
      --access public --labels expert --hardware "1 GPU" --to acme--mine --team acme ...

A submission is a folder: submission.json, which holds no scores, and one file of predictions a
task, split and seed. Maintainers score it with the very function that `check` calls. Of runs of
methods that ship with tipbench, or with --package, it says how to run them again."""

PACK = """\
RUN is a run's folder or one that holds runs: of one release, and of one method a task."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    _add_pack(parser_of(actions, "pack", "make a submission of runs, or of files of predictions", EXAMPLES))
    one = parser_of(actions, "check", "would it be accepted, and what does it score?", EXAMPLES)
    one.add_argument("folder", metavar="FOLDER", help="the folder of the submission")
    one.add_argument("--id", metavar="TEAM--METHOD", help="refuse it where it is another's")
    _add_scoring(one)
    one.set_defaults(call=call_check)


def _add_pack(one: argparse.ArgumentParser) -> None:
    one.add_argument("runs", nargs="*", metavar="RUN", help=PACK)
    one.add_argument("--to", required=True, metavar="FOLDER", help="the folder to make")
    one.add_argument("--team", required=True, help="a-z, 0-9, _ and single hyphens")
    one.add_argument("--summary", required=True, help="what the method does, in one line")
    one.add_argument(
        "--author",
        action="append",
        required=True,
        metavar="'NAME, AFFILIATION'",
        help="repeat for every author",
    )
    one.add_argument("--method", help="its name, as --team (that of the runs)")
    one.add_argument("--title", help="its name in words (from --method)")
    one.add_argument("--paper", metavar="URL", help="https")
    one.add_argument("--code", metavar="URL", help="https")
    one.add_argument("--hardware", help="what it ran on (as the runs say)")
    one.add_argument(
        "--package",
        help="how to install it: name==version, name @ https://...whl#sha256=..., name @ git+https://...@commit",
    )
    one.add_argument(
        "--predictions", nargs="+", action="extend", metavar="TASK/SPLIT/sSEED=FILE", help="instead of runs"
    )
    one.add_argument("--data", help="of --predictions: the release, such as 0.3.0/small (or --round)")
    one.add_argument("--labels", help="of --predictions: what was learnt from, such as expert")
    one.add_argument("--access", help="of --predictions: the most private data used: public, platform, legal")
    one.add_argument("--task", help="of a single FILE of --predictions, with --split and --seed")
    one.add_argument("--split")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--overwrite", action="store_true", help="replace a submission that was packed before")
    one.add_argument("--no-check", action="store_true", help="pack only")
    _add_scoring(one)
    one.set_defaults(call=call_pack)


def _add_scoring(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--round", metavar="FOLDER", help="a sealed round as published: keys are checked, nothing is scored"
    )
    one.add_argument("--replicates", type=int, default=1000, help="of the cluster bootstrap (1000)")
    one.add_argument(
        "--sizes",
        default="tiny,small",
        metavar="SIZE,...",
        help="releases that may be made where missing (tiny,small)",
    )
    add_quiet(one)
    add_json(one)


def call_pack(options: argparse.Namespace) -> int:
    """Pack, then check."""
    to = Path(options.to).expanduser()
    authors = [_author(text) for text in options.author]
    told = ("team", "summary", "method", "title", "paper", "code", "hardware", "package")
    about = About(authors=authors, **{name: getattr(options, name) for name in told})
    record = pack(_gathered(options), about, to, options.overwrite)
    notice(f"packed {len(record.predictions):,} files of {record.id} in {to}", options.quiet)
    if record.pinned is None:
        notice("nothing is pinned, so that it cannot be run again: give --package", options.quiet)
    if not options.no_check:
        sizes = [record.size, options.sizes] if record.size else [options.sizes]
        return _check(to, ",".join(sizes), options)
    if options.json:
        emit_json({"submission": record.id, "folder": str(to), "files": len(record.predictions)})
    return 0


def call_check(options: argparse.Namespace) -> int:
    """Check a folder."""
    return _check(Path(options.folder).expanduser(), options.sizes, options, options.id)


def _author(text: str) -> tuple[str, str | None]:
    name, _, affiliation = text.partition(",")
    return name.strip(), affiliation.strip() or None


def _gathered(options: argparse.Namespace) -> Gathered:
    if bool(options.runs) == bool(options.predictions):
        raise UsageError("nothing says what to pack: give either run folders or --predictions.")
    if options.runs:
        return gathered_runs([Path(run).expanduser() for run in options.runs])
    data, version = options.data, None
    if options.round is not None:
        described = read_round(Path(options.round).expanduser())
        data, version = f"round/{described.name}", described.data
    for name, value in (("data", data), ("labels", options.labels), ("access", options.access)):
        if value is None:
            raise UsageError(f"--predictions needs --{name}: see `tipbench submit pack --help`.")
    return gathered_files(_files(options), data, options.labels, options.access, version)


def _files(options: argparse.Namespace) -> list[tuple[str, str, int, str]]:
    """Task, split, seed and path of each file that was named."""
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
        raise UsageError(f"--replicates {options.replicates} is no number of replicates: give 0 or more.")
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

    return published_truth(Path(options.round).expanduser())


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
