"""``tipbench check``: check that a method follows the rules in docs/contract.md.

arguments:
  METHOD                  a baseline as TASK/NAME, or a class as module.Class

settings:
  key=value               task= of a class, access=, labels=, train=, baseline.method.ARGUMENT=, release=VERSION/tiny

options:
  --config-dir --json --quiet

examples:
  tipbench check my_module.MyMethod task=advert_risk
  tipbench check my_module.MyMethod task=advert_risk baseline.method.depth=3
  tipbench check advert_risk/mine --config-dir configs
  tipbench check advert_risk/tfidf_logreg --json

The method is run several times on two regions of release=tiny, in less than a minute for most. The first
promise that is broken is named, with what to do, and the exit code is 1. See docs/contract.md.
"""

import argparse
from dataclasses import asdict

from tipcore.errors import UsageError
from tipcore.extras import require
from tipdata.core.world import newest_released
from tipdata.release import open_release

from tipbench.config.compose import composer_of
from tipbench.config.methods import make
from tipbench.console import emit, emit_json, notice
from tipbench.contract.promises import Promise, Verdict, check, compare_keys, compare_words
from tipbench.contract.trial import Trial
from tipbench.data.further_worlds import count_worlds
from tipbench.exit_codes import FAILED
from tipbench.method import check_worlds
from tipbench.tasks import task_of

OWN_CODE = True
FIXED = ("release", "data", "experiment", "baseline", "split", "seed")
"""What the command decides itself."""


def call(options: argparse.Namespace) -> int:
    """Check the method."""
    trial = _trial(options)

    def tell(promise: Promise) -> None:
        if not options.json and not options.quiet:
            emit(f"kept    {promise.title}")

    verdict = check(trial, tell)
    _say(trial, verdict, options)
    return 0 if verdict.broken is None else FAILED


def _trial(options: argparse.Namespace) -> Trial:
    tiny = [word for word in options.overrides if word.startswith("release=") and word.endswith("/tiny")]
    for word in (one for one in options.overrides if one not in tiny):
        key = word.partition("=")[0].lstrip("+")
        if key.partition(".")[0] in FIXED and not key.startswith("baseline.method."):
            raise UsageError(f"leave {word} out: a method is checked on release=tiny, with seeds 0 and 1.")
    key = "baseline" if "/" in options.method else "baseline.method._target_"
    settings = composer_of(options.config_dir, [f"{key}={options.method}", *options.overrides]).settings()
    if settings.task is None:
        raise UsageError(f"{options.method} needs a task: add task=NAME; see `tipbench list tasks`.")
    if settings.baseline.extra:
        require(settings.baseline.extra, options.method)
    method = settings.baseline.method
    made = make(method)
    if any(str(need).startswith("pairs.") for need in getattr(made, "needs", ())):
        raise UsageError(
            f"{options.method} learns from labelled pairs, which only your own data have: run it on them."
        )
    name, task = str(method["_target_"]), task_of(settings.task.name)
    version = newest_released()
    if tiny and settings.release is not None:
        version = settings.release.version
    if count_worlds(settings.learnt_from):
        check_worlds(made, options.method)
    how = (settings.labels, settings.access, settings.learnt_from)
    return Trial(name, task, lambda: make(method), open_release(version, "tiny"), *how)


def _say(trial: Trial, verdict: Verdict, options: argparse.Namespace) -> None:
    broken = verdict.broken
    compared = broken is None and not trial.oracle
    ids, words = (compare_keys(trial), compare_words(trial)) if compared else (None, None)
    if options.json:
        about = {"method": trial.name, "task": trial.task.name, "kept": [one.title for one in verdict.kept]}
        failure = None if broken is None else {"promise": broken.title, "says": verdict.says}
        emit_json({**about, "broken": failure, "ids": None if ids is None else asdict(ids), "words": words})
    elif broken is not None:
        emit(f"broken  {broken.title}\n        {verdict.says}")
    elif not options.quiet:
        if ids is not None:
            emit(f"ids     {ids}")
        if words is not None:
            emit(f"words   {words}")
        notice(f"{trial.name} keeps the contract: {len(verdict.kept)} promises.")
