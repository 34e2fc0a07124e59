"""The runs that may stand on one board: of one release and one evaluator, each method under one config."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tipbench.evaluation.meaning import score_version
from tipbench.runs.results import Result, read_result, run_folders
from tipcore.errors import UsageError
from tipdata.core.world import check_status

FEW = 3
"""Examples in an error."""


@dataclass(frozen=True)
class Run:
    """A finished run: its folder and its result."""

    folder: Path
    result: Result


def collect(runs: Path, draft: bool = False) -> list[Run]:
    """Return every finished run below a folder, sorted by task, split, method and seed.

    Raises:
        UsageError: where there is none, one cannot be read, they are of several data or evaluators or of another
            evaluator than this one, a method was run twice in one place, or they are of a draft and ``draft`` is false.
    """
    if not runs.is_dir():
        raise UsageError(
            f"{runs} is not a folder: give the one that `tipbench run experiment=board` wrote runs to."
        )
    found = [Run(folder, read_result(folder)) for folder in run_folders(runs)]
    if not found:
        raise UsageError(f"{runs} holds no finished run: run experiment=board first.")
    _refuse_mixed(
        runs, found, "data", lambda result: result.data, "collect one release, such as --runs {}/{}"
    )
    _refuse_no_release(runs, found[0].result)
    check_status(found[0].result.versions.data, draft)
    _refuse_old(runs, found)
    return sorted(_alone(found), key=lambda run: place_of(run.result))


def place_of(result: Result) -> tuple[str, str, str, int]:
    """Return task, split, the method's name without its task, seed: where a result stands on its board."""
    return result.task, result.split, result.method_name, result.seed


class Seeded(Protocol):
    """What was made of one task and split with one seed."""

    @property
    def task(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def seed(self) -> int: ...


Seat = tuple[str, str, int]


def seat_of(one: Seeded) -> Seat:
    """Return task, split, seed: where one of an entry's results stands among them."""
    return one.task, one.split, one.seed


def file_of(seat: Seat) -> str:
    """Return the path of a result below the folder of an entry's results."""
    task, split, seed = seat
    return f"{task}/{split}/s{seed}.json"


def _refuse_mixed(
    runs: Path, found: Sequence[Run], what: str, value: Callable[[Result], str], then: str
) -> None:
    counts = Counter(value(run.result) for run in found)
    if len(counts) == 1:
        return
    [(most, _)] = counts.most_common(1)
    odd = sorted(str(run.folder) for run in found if value(run.result) != most)
    named = ", ".join(odd[:FEW]) + (f" and {len(odd) - FEW:,} more" if len(odd) > FEW else "")
    raise UsageError(
        f"{runs} mixes {what} ({', '.join(sorted(counts))}): {len(odd):,} of {len(found):,} runs are not of {most}: "
        f"{named}; {then.format(runs, most)}."
    )


def _refuse_no_release(runs: Path, first: Result) -> None:
    version, _, size = first.data.partition("/")
    if not size or version != first.versions.data:
        raise UsageError(
            f"{runs} holds runs on {first.data}, which is not a release: collect those of a release."
        )


def _refuse_old(runs: Path, found: Sequence[Run]) -> None:
    """What is stored are scores of what the task's scores mean now, and nothing else."""
    old = [run for run in found if run.result.versions.evaluator != score_version(run.result.task)]
    if old:
        first = old[0].result
        raise UsageError(
            f"{runs}: {len(old):,} of {len(found):,} runs were scored by another evaluator (first: {old[0].folder}, by "
            f"{first.versions.evaluator} where this one is {score_version(first.task)}): run them again; their "
            "predictions are kept and only scored."
        )


def _alone(found: Sequence[Run]) -> Sequence[Run]:
    """Return the runs, after a check that no two are of one place: of one seed, or of two configs."""
    configs: dict[tuple[str, ...], Run] = {}
    seeds: dict[tuple[str | int, ...], Run] = {}
    for run in sorted(found, key=lambda run: str(run.folder)):
        place = place_of(run.result)
        first, same_seed = configs.setdefault(place[:3], run), seeds.setdefault(place, run)
        other = same_seed if first.result.config_hash == run.result.config_hash else first
        if other is not run:
            raise UsageError(
                f"{run.folder} is of the same method and split as {other.folder}: a board shows one of them; move the "
                "other elsewhere."
            )
    return found
