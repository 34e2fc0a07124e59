"""``tipbench seal score``: take submissions in; after the close, score all of them, then reveal the round.

arguments:
  SECRET                  the host's folder of the round
  [SUBMISSION...]         folders to take in, before the close

settings:
  [team=NAME]             who hands them in (as their submission.json says)
  [void=N]                let a submission count for nothing: its number in the order taken in, from 1
  [reason=TEXT]           of void=: one line, which everyone reads beside the scores
  reveal=false            true: after the close, publish seed and answers, and retire the round

options:
  [--to FOLDER]           the published folder (where it was published)
  --quiet --json

examples, for the host:
  tipbench seal score ~/secret/spring-2027 their-submission  before the close: takes it in
  tipbench seal score ~/secret/spring-2027                   after the close: scores.json
  tipbench seal score ~/secret/spring-2027 void=4 reason="Withdrawn by its authors."
  tipbench seal score ~/secret/spring-2027 reveal=true --to spring-2027

A team may hand in three submissions; for each task only the last submission counts.
"""

import argparse
from datetime import datetime
from pathlib import Path

from tipbench.console import Column, emit_json, emit_result, emit_table, notice
from tipbench.runs.report import interval, number
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipboard.commands import seal
from tipboard.rounds.chain import link_hash
from tipboard.rounds.intake import take_in, void_entry
from tipboard.rounds.reveal import reveal
from tipboard.rounds.scoring import score_round


def call(options: argparse.Namespace) -> int:
    """Take submissions in or, without any, score those that were; void one, or reveal the round."""
    if (options.void is None) != (options.reason is None):
        raise UsageError('void= and reason= go together: void=4 reason="Withdrawn by its authors."')
    if (options.void is not None) + options.reveal + bool(options.submission) > 1:
        raise UsageError("a submission to take in, void= and reveal=true exclude each other: give one.")
    if options.void is not None:
        return _void(options)
    if options.reveal:
        return _reveal(options)
    now, secret = seal.now(), expand_home(options.secret)
    if options.submission:
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
    folders = [expand_home(word) for word in options.submission]
    for folder in folders:
        described, done = take_in(secret, [folder], now, options.team)
        for one in done:
            most = described.rules.submissions
            found = {"folder": str(one.folder), "team": one.team, "submission": one.turn}
            emit_result(
                {**found, "of": most, "receipt": one.receipt},
                f"{one.folder}: taken in as submission {one.turn} of {most} by {one.team}; "
                f"scores are shown after the close on {described.closes}\n"
                f"receipt for the team, and head of the chain until the next: {one.receipt}",
                options,
            )
    return 0


def _void(options: argparse.Namespace) -> int:
    """Make a submission void, with a public reason."""
    void = void_entry(expand_home(options.secret), options.void, options.reason, seal.now())
    head = link_hash(void)
    emit_result(
        {"submission": void.number, "void": void.reason, "at": void.at.isoformat(), "head": head},
        f"submission {void.number} is void: {void.reason}; run `tipbench seal score` (again) to show it\n"
        f"head of the chain until the next: {head}",
        options,
    )
    return 0


def _reveal(options: argparse.Namespace) -> int:
    """Publish the seed and the answers."""
    to = expand_home(options.to) if options.to else None
    described, folder = reveal(expand_home(options.secret), seal.now(), to)
    emit_result(
        {"round": described.name, "to": str(folder)},
        f"round {described.name} is revealed and retired: everyone can now run `tipbench seal verify {folder}`",
        options,
    )
    return 0
