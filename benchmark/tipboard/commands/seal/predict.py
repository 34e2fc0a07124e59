"""``tipbench seal predict``: fit a method on an open release and predict a round's units.

arguments:
  ROUND                   folder of the round as published

settings:
  key=value               baseline=, release=, split=, labels=, access=, seed= of one cell, as of `tipbench run`

options:
  --to FILE               the .parquet file to write
  --config-dir --quiet --json

examples, for everyone:
  tipbench seal predict spring-2027 baseline=advert_risk/tfidf_logreg release=small --to scores.parquet
  tipbench submit advert_risk/sealed/s0=scores.parquet round=spring-2027 --to ours ...

The method runs behind a fence, which needs Linux; elsewhere add fence=off.
"""

import argparse
from pathlib import Path
from typing import Any

from tipbench.config.compose import composer_of
from tipbench.config.settings import Settings
from tipbench.console import emit_result, notice
from tipbench.fence.method import MethodError
from tipbench.runs.methods import limits_of
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipdata.release import open_release

from tipboard.rounds.predicting import Ask, predict, write_predictions

OWN_CODE = True


def call(options: argparse.Namespace) -> int:
    """Predict the units of a round by a method."""
    is_chosen = any(word.startswith("fence=") for word in options.overrides)
    settings = composer_of(
        options.config_dir, [*options.overrides, *([] if is_chosen else ["fence=on"])]
    ).settings()
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
    for note in sealed.notes:
        notice(f"note: {note}", options.quiet)
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
    """Return the release to learn from. Raises UsageError for settings that do not fit a round."""
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
