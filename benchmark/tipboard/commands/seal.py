"""``tipbench seal``: make, enter, score, reveal and verify sealed rounds."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tipbench.commands.options import (
    add_config_dir,
    add_draft,
    add_import_path,
    add_json,
    add_overrides,
    add_quiet,
    composer_of,
    parser_of,
)
from tipbench.config.settings import Settings
from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.runs.report import interval, number
from tipbench.tasks import tasks
from tipdata.core.errors import CheckFailed, UsageError
from tipdata.release import open_release

from tipboard.rounds.new import RoundOrder, new_round
from tipboard.rounds.predicting import Ask, predict, write_predictions
from tipboard.rounds.reveal import reveal
from tipboard.rounds.scoring import score_round, take_in
from tipboard.rounds.verify import verify

ABOUT = {
    "new": "draw a secret seed, make a round, and commit to it",
    "predict": "fit a method on an open release and predict a round's units",
    "score": "take submissions in; after the close, score all of them",
    "reveal": "after the close: publish seed and answers, and retire the round",
    "verify": "hold a round against its digests and, once revealed, its seed; exit 1 names what differs",
}

EXAMPLES = """\
examples, for the host:
  tipbench seal new spring-2027 --size small --closes 2027-03-01 --secret ~/secret/spring-2027 --to spring-2027
  tipbench seal score ~/secret/spring-2027 their-submission
  tipbench seal score ~/secret/spring-2027                   after the close: scores.json
  tipbench seal reveal ~/secret/spring-2027 --to spring-2027
examples, for everyone:
  tipbench seal verify spring-2027
  tipbench seal predict spring-2027 baseline=advert_risk/tfidf_logreg release=small \\
      --to scores.parquet
  tipbench submit pack --predictions advert_risk/sealed/s0=scores.parquet --round spring-2027 --to ours ...

A round is open until the end of the closing day (UTC). A team may hand in three submissions; all are
shown at the close, with three decimals, and of each task its last one counts. Which columns a team looked at is
declared and cannot be checked. See docs/seal.md."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for action, about in ABOUT.items():
        one = parser_of(actions, action, about, EXAMPLES)
        DECLARED[action](one)
        add_quiet(one)
        add_json(one)
        one.set_defaults(call=call)


def _declare_new(one: argparse.ArgumentParser) -> None:
    one.add_argument("name", metavar="NAME", help="of the round: small letters, digits, hyphens")
    one.add_argument("overrides", nargs="*", metavar="TASK", help="tasks of the round (all)")
    one.add_argument("--size", default="small", help="tiny, small or full (small)")
    one.add_argument("--closes", required=True, metavar="DAY", help="last day of submissions, UTC")
    one.add_argument("--secret", required=True, metavar="FOLDER", help="new folder for the host's eyes only")
    one.add_argument("--to", required=True, metavar="FOLDER", help="new folder to publish")
    one.add_argument("--version", metavar="DATA", help="version of the data (the newest released)")
    add_draft(one)
    _add_engine(one)


def _declare_predict(one: argparse.ArgumentParser) -> None:
    one.add_argument("round", metavar="ROUND", help="folder of the round as published")
    add_overrides(
        one, "baseline=, release=, split=, labels=, access=, seed= of one cell, as of `tipbench run`"
    )
    one.add_argument("--to", required=True, metavar="FILE", help="the .parquet file to write")
    add_config_dir(one)


def _declare_score(one: argparse.ArgumentParser) -> None:
    one.add_argument("secret", metavar="SECRET", help="the host's folder of the round")
    one.add_argument(
        "overrides", nargs="*", metavar="SUBMISSION", help="folders to take in, before the close"
    )
    one.add_argument("--team", help="who hands them in (as their submission.json says)")
    one.add_argument("--to", metavar="FOLDER", help="the published folder (where it was published)")


def _declare_reveal(one: argparse.ArgumentParser) -> None:
    one.add_argument("secret", metavar="SECRET", help="the host's folder of the round")
    one.add_argument("--to", metavar="FOLDER", help="the published folder (where it was published)")


def _declare_verify(one: argparse.ArgumentParser) -> None:
    one.add_argument("round", metavar="ROUND", help="folder of the round as published")
    _add_engine(one)


def _add_engine(one: argparse.ArgumentParser) -> None:
    one.add_argument("--workers", type=int, metavar="N", help="processes (one a core)")


DECLARED = {
    "new": _declare_new,
    "predict": _declare_predict,
    "score": _declare_score,
    "reveal": _declare_reveal,
    "verify": _declare_verify,
}


def call(options: argparse.Namespace) -> int:
    """Do it."""
    return ACTIONS[options.action](options)


def _new(options: argparse.Namespace) -> int:
    order = RoundOrder(
        name=options.name,
        size=options.size,
        closes=options.closes,
        secret=Path(options.secret),
        public=Path(options.to),
        tasks=tuple(options.overrides),
        version=options.version,
        draft=options.draft,
    )
    made = new_round(order, _now(), workers=options.workers, quiet=options.quiet)
    mark = " (draft)" if made.draft else ""
    _say(
        {"round": made.model_dump(mode="json"), "to": options.to, "secret": options.secret},
        f"round {made.name}{mark}: {made.regions} regions, {len(made.tasks)} tasks, "
        f"open until {made.closes} is over (UTC)\n"
        f"publish {options.to}, and its commitment where nobody can change it: {made.commitment}\n"
        f"keep {options.secret} to yourself, and a copy of it",
        options,
    )
    return 0


def _predict(options: argparse.Namespace) -> int:
    if "=" in options.round:
        raise UsageError(f"{options.round} is no folder of a round: give it before the overrides.")
    add_import_path()
    settings = composer_of(options, options.overrides).settings()
    release = _release_of(settings, options.quiet)

    ask = Ask(
        task=settings.task.name if settings.task else "",
        method=settings.baseline.method,
        split=settings.split.name,
        labels=settings.labels,
        access=settings.access,
        seed=settings.seed,
    )
    made, sealed = predict(ask, Path(options.round), release)
    write_predictions(Path(options.to).expanduser(), made)
    for said in sealed.notes:
        notice(f"note: {said}", options.quiet)
    _say(
        {
            "task": ask.task,
            "rows": made.height,
            "file": options.to,
            "split": sealed.split,
            "access": sealed.access,
        },
        f"{made.height:,} predictions of {ask.task} for round {sealed.round.name} in {options.to} "
        f"(learnt from {release.name}, split {sealed.split}, access {sealed.access})",
        options,
    )
    return 0


def _release_of(settings: Settings, quiet: bool) -> Any:
    """The open release of checked settings. Raises UsageError for what a round cannot take."""
    if settings.baseline.method.get("_target_") is None or settings.task is None:
        raise UsageError(
            "nothing says what to run: add baseline=TASK/METHOD (see `tipbench list baselines`)."
        )
    if settings.release is None:
        raise UsageError("a round is learnt for from a release: leave data= out and give release=SIZE.")
    if settings.grid.baselines is not None:
        raise UsageError("a round is predicted one method at a time: leave the experiment out.")
    engine = settings.engine
    return open_release(settings.release.version, settings.release.size, engine.name, engine.workers, quiet)


def _score(options: argparse.Namespace) -> int:
    now = _now()
    secret = Path(options.secret).expanduser()
    if options.overrides:
        return _take_in(options, secret, now)

    scores, file = score_round(
        secret, now, Path(options.to).expanduser() if options.to else None, options.quiet
    )
    if options.json:
        emit_json(scores.model_dump(mode="json"))
        return 0
    lines = []
    for entry in scores.entries:
        for task, seeds in entry.scores.items():
            primary = tasks()[task].primary
            turn = f"{entry.turn} counts" if task in entry.counts else str(entry.turn)
            for seed, metrics in seeds.items():
                one = metrics[primary]
                who = [entry.team, turn, entry.method, task, seed]
                lines.append([*who, primary, number(one.value), interval(one.low, one.high, one.note)])
    heads = ("team", "submission", "method", "task", "seed", "metric")
    emit_table([*(Column(h) for h in heads), Column("value", True), Column("95% interval", True)], lines)
    notice(f"scores: {file}; access is as the teams declare it", options.quiet)
    return 0


def _take_in(options: argparse.Namespace, secret: Path, now: datetime) -> int:
    folders = [Path(word).expanduser() for word in options.overrides]
    for folder in folders:
        described, done = take_in(secret, [folder], now, options.team)
        for one in done:
            most = described.rules.submissions
            _say(
                {"folder": str(one.folder), "team": one.team, "submission": one.turn, "of": most},
                f"{one.folder}: taken in, {one.turn} of {most} of {one.team}; scores are shown at close on "
                f"{described.closes}",
                options,
            )
    return 0


def _reveal(options: argparse.Namespace) -> int:
    to = Path(options.to).expanduser() if options.to else None
    described, folder = reveal(Path(options.secret).expanduser(), _now(), to)
    _say(
        {"round": described.name, "to": str(folder)},
        f"round {described.name} is revealed and retired: everyone can now run `tipbench seal verify {folder}`",
        options,
    )
    return 0


def _verify(options: argparse.Namespace) -> int:
    found = verify(Path(options.round).expanduser(), workers=options.workers, quiet=options.quiet)
    state = "revealed" if found.revealed else "sealed"
    if options.json:
        emit_json(
            {
                "round": found.round.name,
                "state": state,
                "files": found.files,
                "differences": found.differences,
                "notes": found.notes,
            }
        )
    elif found.differences:
        emit("\n".join(f"differs: {said}" for said in found.differences))
    else:
        what = (
            "the seed gives the commitment, every published column, the units and the answers"
            if found.revealed
            else "every file and column is as published; what the seed gives can be checked once it is revealed"
        )
        emit(f"round {found.round.name} ({state}): {what}")
    for said in found.notes:
        notice(f"note: {said}", options.quiet)
    if found.differences:
        raise CheckFailed(f"round {found.round.name} differs in {len(found.differences):,} places.")
    return 0


def _now() -> datetime:
    return datetime.now(UTC)


def _say(as_json: dict[str, Any], text: str, options: argparse.Namespace) -> None:
    if options.json:
        emit_json(as_json)
    elif not options.quiet:
        emit(text)


ACTIONS = {"new": _new, "predict": _predict, "score": _score, "reveal": _reveal, "verify": _verify}
