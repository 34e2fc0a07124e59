"""``tipbench seal``: make, enter, score, reveal and verify sealed rounds."""

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tipbench.actions.typed import composer_of
from tipbench.config.settings import Settings
from tipbench.console import Column, emit, emit_json, emit_result, emit_table, notice
from tipbench.fence.method import MethodError
from tipbench.runs.methods import limits_of
from tipbench.runs.report import interval, number
from tipbench.tasks import task_of
from tipcore.engines import Engine
from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import expand_home
from tipdata.release import open_release

from tipboard.rounds.chain import link_hash
from tipboard.rounds.intake import take_in, void_entry
from tipboard.rounds.new import RoundOrder, new_round
from tipboard.rounds.predicting import Ask, predict, write_predictions
from tipboard.rounds.reveal import reveal
from tipboard.rounds.scoring import score_round
from tipboard.rounds.verify import verify


def call_new(options: argparse.Namespace) -> int:
    """Make a round."""
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
    made = new_round(order, _now(), Engine(workers=options.workers), options.quiet)
    mark = " (draft)" if made.draft else ""
    emit_result(
        {"round": made.model_dump(mode="json"), "to": options.to, "secret": options.secret},
        f"round {made.name}{mark}: {made.regions} regions, {len(made.tasks)} tasks, "
        f"open until {made.closes} is over (UTC)\n"
        f"publish {options.to}, and its commitment where nobody can change it: {made.commitment}\n"
        f"keep {options.secret} to yourself, and a copy of it",
        options,
    )
    return 0


def call_predict(options: argparse.Namespace) -> int:
    """Predict the units of a round by a method."""
    if "=" in options.round:
        raise UsageError(f"{options.round} is not a folder of a round: give it before the overrides.")
    said = any(word.startswith("fence=") for word in options.overrides)
    settings = composer_of(options, [*options.overrides, *([] if said else ["fence=on"])]).settings()
    release = _release_of(settings, options.quiet)

    ask = Ask(
        task=settings.task.name if settings.task else "",
        method=settings.baseline.method,
        split=settings.split.name,
        labels=settings.labels,
        access=settings.access,
        seed=settings.seed,
        fence=limits_of(settings),
    )
    try:
        made, sealed = predict(ask, Path(options.round), release)
    except MethodError as error:
        notice(error.trace)
        raise UsageError(f"{settings.baseline.name} failed on round {options.round}: {error}.") from None
    write_predictions(expand_home(options.to), made)
    for said in sealed.notes:
        notice(f"note: {said}", options.quiet)
    emit_result(
        {
            "task": ask.task,
            "rows": made.height,
            "file": options.to,
            "split": sealed.split,
            "access": sealed.access,
            "fence": settings.fence,
        },
        f"{made.height:,} predictions of {ask.task} for round {sealed.round.name} in {options.to} "
        f"(learnt from {release.name}, split {sealed.split}, access {sealed.access})",
        options,
    )
    return 0


def _release_of(settings: Settings, quiet: bool) -> Any:
    """Return the open release of checked settings. Raises UsageError for what a round cannot take."""
    if settings.baseline.method.get("_target_") is None or settings.task is None:
        raise UsageError("There is nothing to run: add baseline=TASK/METHOD (see `tipbench list baselines`).")
    if settings.release is None:
        raise UsageError(
            "Training data for a round must be a release: leave data= out and give release=SIZE."
        )
    if settings.grid.baselines is not None:
        raise UsageError("a round takes one method at a time: leave the experiment out.")
    release = settings.release
    return open_release(release.version, release.size, settings.engine, quiet, release.world)


def call_score(options: argparse.Namespace) -> int:
    """Take submissions in or, without any, score those that were."""
    now = _now()
    secret = expand_home(options.secret)
    if options.overrides:
        return _take_in(options, secret, now)

    scores, file = score_round(secret, now, expand_home(options.to) if options.to else None, options.quiet)
    if options.json:
        emit_json(scores.model_dump(mode="json"))
        return 0
    lines = []
    for entry in scores.entries:
        if entry.note is not None:
            notice(f"submission {entry.number} of {entry.team} has no scores: {entry.note}", options.quiet)
        for task, seeds in entry.scores.items():
            primary = task_of(task).primary
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
    folders = [expand_home(word) for word in options.overrides]
    for folder in folders:
        described, done = take_in(secret, [folder], now, options.team)
        for one in done:
            most = described.rules.submissions
            emit_result(
                {
                    "folder": str(one.folder),
                    "team": one.team,
                    "submission": one.turn,
                    "of": most,
                    "receipt": one.receipt,
                },
                f"{one.folder}: taken in as submission {one.turn} of {most} by {one.team}; "
                f"scores are shown after the close on {described.closes}\n"
                f"receipt for the team, and head of the chain until the next: {one.receipt}",
                options,
            )
    return 0


def call_void(options: argparse.Namespace) -> int:
    """Let a submission count for nothing, with a reason that everyone reads."""
    void = void_entry(expand_home(options.secret), options.number, options.reason, _now())
    head = link_hash(void)
    emit_result(
        {"submission": void.number, "void": void.reason, "at": void.at.isoformat(), "head": head},
        f"submission {void.number} is void: {void.reason}; run `tipbench seal score` (again) to show it\n"
        f"head of the chain until the next: {head}",
        options,
    )
    return 0


def call_reveal(options: argparse.Namespace) -> int:
    """Publish the seed and the answers."""
    to = expand_home(options.to) if options.to else None
    described, folder = reveal(expand_home(options.secret), _now(), to)
    emit_result(
        {"round": described.name, "to": str(folder)},
        f"round {described.name} is revealed and retired: everyone can now run `tipbench seal verify {folder}`",
        options,
    )
    return 0


def call_verify(options: argparse.Namespace) -> int:
    """Verify a round. Raises CheckFailed where it differs from what was published."""
    found = verify(
        expand_home(options.round),
        Engine(workers=options.workers),
        quiet=options.quiet,
        receipts=options.receipt or (),
    )
    state = "revealed" if found.revealed else "sealed"
    if options.json:
        emit_json(
            {
                "round": found.round.name,
                "state": state,
                "files": found.files,
                "differences": found.differences,
                "notes": found.notes,
                "receipts": found.receipts,
            }
        )
    elif found.differences:
        emit("\n".join(f"differs: {said}" for said in found.differences))
    else:
        what = (
            "the seed matches the commitment, every published column, the units and the answers"
            if found.revealed
            else "every file and column is as published; what the seed gives can be checked once it is revealed"
        )
        emit(f"round {found.round.name} ({state}): {what}")
    if found.receipts and not options.json:
        emit("\n".join(found.receipts))
    for said in found.notes:
        notice(f"note: {said}", options.quiet)
    if found.differences:
        raise CheckFailed(f"round {found.round.name} differs in {len(found.differences):,} places.")
    return 0


def _now() -> datetime:
    return datetime.now(UTC)
