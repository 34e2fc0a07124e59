"""Tell a change of code that leaves scores as they are from one that changes what they mean.

``scores.lock.yaml`` names, for each task, the version of its scores and the digest of the code that makes them. When
the code changes, ``python tests/scores/lock.py`` scores made-up predictions (``made_up.py``) and compares them with
``scores.expected.json``, to 1e-12: the last bits of a sum are the processor's, since numpy and its BLAS add up in the
order that is fastest on it. Where all are the same the new digest is recorded and the version stays. Otherwise the
task's ``version`` has to be raised, and ``--reason`` says why.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from made_up import made_up
from pydantic import BaseModel, ConfigDict, TypeAdapter
from tipbench.evaluation.evaluation import evaluate
from tipbench.runs.digests import score_digest
from tipbench.task import Task
from tipbench.tasks import score_version, tasks
from tipcore.errors import UsageError

LOCK = Path(__file__).with_name("scores.lock.yaml")
EXPECTED = Path(__file__).with_name("scores.expected.json")
HEAD = "# What each task's scores mean, and by which code. Written by `python tests/scores/lock.py`.\n"
REPLICATES = 50
ROUNDING = 1e-12
"""What another processor may change in a number, relative to it; metrics are held to the same elsewhere."""

Numbers = dict[str, float | None]
"""Every number of an evaluation, by its place: ``units/scores/auroc/low``."""


class Locked(BaseModel):
    """The meaning of a task's scores: its version, the digest of the code, and why the version was raised."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    digest: str
    reason: str


Lock = dict[str, Locked]


def read_lock(path: Path = LOCK) -> Lock:
    """Return the lock by task; empty where there is none yet."""
    if not path.exists():
        return {}
    return TypeAdapter(Lock).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")) or {})


def read_expected(path: Path = EXPECTED) -> dict[str, Numbers]:
    """Return the numbers that the made-up predictions score, by task."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def numbers_of(task: Task) -> Numbers:
    """Return every number that a task's made-up predictions score."""
    found: Numbers = {}
    for name, (answers, predictions) in made_up(task).items():
        made = evaluate(task, answers, predictions, replicates=REPLICATES)
        for metric, score in made.scores.items():
            parts = {"value": score.value, "low": score.low, "high": score.high}
            found |= {f"{name}/scores/{metric}/{part}": value for part, value in parts.items()}
        for group, metrics in made.groups.items():
            found |= {f"{name}/groups/{group}/{metric}": value for metric, value in metrics.items()}
        found |= {f"{name}/oracle/{metric}": value for metric, value in made.oracle.items()}
    return {place: None if value is None else float(value) for place, value in found.items()}


def is_same(then: float | None, now: float | None) -> bool:
    """Return whether two numbers are the same but for rounding, or are both unknown."""
    return then is now if then is None or now is None else math.isclose(then, now, rel_tol=ROUNDING)


def updated(
    known: Mapping[str, Task], lock: Lock, expected: Mapping[str, Numbers], reason: str | None = None
) -> tuple[Lock, dict[str, Numbers]]:
    """Return the lock and the expected numbers as they are now.

    Args:
        known: every task by name.
        lock, expected: as they were.
        reason: why a version was raised, where one was.

    Raises:
        UsageError: where scores changed and the version did not, or it rose without a reason, or it fell.
    """
    new_lock, new_expected = {}, {}
    for name, task in sorted(known.items()):
        was, version, digest = lock.get(name), score_version(task), score_digest(task)
        new_lock[name], new_expected[name] = was, expected.get(name, {})
        if was is not None and (was.version, was.digest) == (version, digest):
            continue
        numbers = numbers_of(task)
        why = _agreed(name, was, version, expected.get(name, {}), numbers, reason)
        kept = {
            place: value for place, value in new_expected[name].items() if is_same(value, numbers.get(place))
        }
        new_lock[name] = Locked(version=version, digest=digest, reason=why)
        new_expected[name] = numbers | kept
    return {name: one for name, one in new_lock.items() if one is not None}, new_expected


def _agreed(
    task: str, was: Locked | None, version: int, then: Numbers, now: Numbers, reason: str | None
) -> str:
    """Return the reason of the version that stands. Raises UsageError where the change is not declared."""
    if was is None:
        return reason or "the first version"
    if version < was.version:
        raise UsageError(f"{task} has version {version} and had {was.version}: a version never falls.")
    if version > was.version:
        if not reason:
            raise UsageError(f"the version of {task} rose to {version}: give the reason with --reason.")
        return reason
    # What is scored beside it changes no score that was there.
    changed = [place for place, value in then.items() if place not in now or not is_same(value, now[place])]
    if changed:
        first = changed[0]
        raise UsageError(
            f"{len(changed):,} scores of {task} are not what they were ({first} is {now.get(first)!r} and was "
            f"{then[first]!r}): raise the version of the task, and give the reason with --reason."
        )
    return was.reason


def main(words: Sequence[str] | None = None) -> int:
    """Update the lock; exit code 2, and one sentence, where a version has to be raised."""
    parser = argparse.ArgumentParser(prog="python tests/scores/lock.py", description=__doc__)
    parser.add_argument("--reason", help="why the version of a task was raised")
    reason = parser.parse_args(words).reason
    try:
        lock, expected = updated(tasks(), read_lock(), read_expected(), reason)
    except UsageError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    plain = {name: one.model_dump() for name, one in lock.items()}
    LOCK.write_text(HEAD + yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")
    EXPECTED.write_text(json.dumps(expected, indent=0, allow_nan=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
