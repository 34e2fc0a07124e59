"""Every score of a board computed again from its predictions: what differs is named, and nothing else is believed.

Predictions come from the board's store, and from runs for those that are not there (of reference methods only digests
are kept). A fold's answers are made once for all entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tipbench.data.fold import Prepared
from tipbench.evaluation.meaning import score_version
from tipbench.loading import prepare
from tipbench.runs.cost import UNKNOWN_PEAK
from tipbench.runs.records import FormRecall, Scored
from tipbench.runs.results import Result, digest_of, read_result, run_folders
from tipbench.runs.scoring import UNVERIFIED, evaluate_prepared
from tipbench.task import Task
from tipbench.tasks import task_of
from tipcore.atomic import fill_folder_atomically, whole_folders
from tipcore.engines import run_all
from tipcore.errors import UsageError
from tipcore.table_files import read_parquet

from tipboard.board.acceptance import first_of
from tipboard.board.collection import place_of
from tipboard.board.draws import DRAWS, KeptDraws, kept_draws, read_draws, to_bytes
from tipboard.board.files import (
    FRESH,
    REFERENCE,
    REPRODUCED,
    SUBMISSIONS,
    UPLOADED,
    check_submission,
    read,
    read_submission,
    store_results,
)
from tipboard.board.fresh_rescoring import check_absent, opened, write_fresh
from tipboard.board.predictions import PredictionStore, store_of
from tipboard.board.score_differences import Difference, differences_of


class Place(NamedTuple):
    """Where a stored result lies: the folder of a submission's side or of all references, and the file."""

    folder: Path
    path: Path


@dataclass(frozen=True)
class Rescored:
    """What came of it. ``scored``: results scored again; ``without``: those whose predictions are nowhere."""

    scored: int
    without: list[Path]
    differences: list[Difference]


@dataclass(frozen=True)
class Sources:
    """Where predictions are looked for: the store, and files of runs by digest."""

    store: PredictionStore
    runs: Mapping[str, Path] = field(default_factory=dict)

    def get(self, digest: str) -> bytes | None:
        """Return the predictions of a digest, None where they are nowhere. Raises UsageError where they were
        altered."""
        if digest in self.runs:
            content = self.runs[digest].read_bytes()
            if digest_of(content) == digest:
                return content
        return self.store.get(digest) if self.store.has(digest) else None


def rescore(
    results: Path, data: str, runs: Path | None = None, write: bool = False, quiet: bool = False
) -> Rescored:
    """Score everything on a board again.

    Args:
        results: where boards are kept.
        data: the board's release, ``version/size``.
        runs: a folder of runs whose predictions are used as well.
        write: whether what is found takes the place of what is stored.
        quiet: no progress.

    Raises:
        UsageError: where results are of several evaluators or data versions, or not of this evaluator, unless they
            are to be written again; where predictions of a submission are absent or altered, and, unless they are to
            be written again, for results that no board can show (:func:`tipboard.board.files.read`).
    """
    stored = dict(_stored(results / data))
    _refuse_others(results, data, stored, write)
    if not write:
        read(results, data, draft=True)
    _check_reproduced(results / data / SUBMISSIONS)
    sources = Sources(store_of(results), _by_digest(runs))
    folds: dict[tuple[str, str, str], list[tuple[Place, Result]]] = {}
    for place, result in stored.items():
        folds.setdefault((result.data, result.task, result.split), []).append((place, result))
    done = run_all(partial(_rescore_fold, sources), list(folds.values()), label="folds", quiet=quiet)
    found = {place: again for fold in done for place, again in fold}
    without = [place for place in stored if place not in found]
    _refuse_lost([place for place in without if place.folder.name != REFERENCE], sources.store)
    if write:
        _refuse_old(stored, without)
        _write(stored, found)
    differences = [
        one for place, (again, _) in found.items() for one in differences_of(place.path, stored[place], again)
    ]
    return Rescored(len(found), [place.path for place in without], differences)


def _stored(board: Path) -> Iterator[tuple[Place, Result]]:
    """Yield every stored result of references and of all sides of submissions."""
    for folder in _folders(board):
        for path in sorted(folder.rglob("s*.json")):
            yield Place(folder, path), read_result(path)


def _folders(board: Path) -> list[Path]:
    sides = [
        one / side for one in whole_folders(board / SUBMISSIONS) for side in (UPLOADED, REPRODUCED, FRESH)
    ]
    return [folder for folder in (board / REFERENCE, *sides) if folder.is_dir()]


def _check_reproduced(submissions: Path) -> None:
    """Check that what was reproduced is what was written, and that what fresh worlds have not they have not."""
    for folder in dict.fromkeys(one.parent for one in _folders(submissions.parent) if one.name == REPRODUCED):
        entry = read_submission(folder)
        check_submission(folder, entry)
        check_absent(folder, entry)


def _by_digest(runs: Path | None) -> dict[str, Path]:
    """Return files of predictions below a folder of runs."""
    if runs is None:
        return {}
    if not runs.is_dir():
        raise UsageError(f"{runs} is not a folder: give the one that holds runs with their predictions.")
    found = {}
    for folder in run_folders(runs):
        predictions = read_result(folder).predictions
        found[predictions.digest] = folder / predictions.file
    return {digest: path for digest, path in found.items() if path.is_file()}


def _refuse_others(results: Path, data: str, stored: Mapping[Place, Result], write: bool) -> None:
    """Data of one release; unless all is to be written again, scores of this evaluator."""
    version = data.partition("/")[0]
    for place, result in stored.items():
        if place.folder.name != FRESH and (result.data, result.versions.data) != (data, version):
            raise UsageError(
                f"{place.path} is of {result.data} on the board of {data}: scores of different data never stand "
                "on one board; remove it."
            )
    others = [place.path for place, one in stored.items() if _is_old(one)]
    if others and not write:
        raise UsageError(
            f"{results}: {len(others):,} of {len(stored):,} results are of another evaluator than this one "
            f"(first: {others[0]}): add --write to score them again."
        )


def _refuse_lost(lost: Sequence[Place], store: PredictionStore) -> None:
    if lost:
        raise UsageError(
            f"predictions of {len(lost):,} results of submissions are not in {store.url} (first: {lost[0].path}): "
            "bring them back, or remove the submission."
        )


def _refuse_old(stored: Mapping[Place, Result], without: Sequence[Place]) -> None:
    """Refuse what this evaluator did not score."""
    old = [place for place in without if _is_old(stored[place])]
    if old:
        raise UsageError(
            f"{len(old):,} reference results are of an earlier evaluator and have no predictions here (first: "
            f"{old[0].path}): run experiment=board again and give its folder with --runs."
        )


def _is_old(result: Result) -> bool:
    """Return whether a result's scores mean something else than scores of its task do now."""
    return result.versions.evaluator != score_version(result.task)


def _rescore_fold(
    sources: Sources, stored: Sequence[tuple[Place, Result]]
) -> list[tuple[Place, tuple[Result, KeptDraws | None]]]:
    """Return results of one world, task and split, scored again where their predictions are found."""
    there = [(place, result, sources.get(result.predictions.digest)) for place, result in stored]
    if all(content is None for _, _, content in there):
        return []
    task, split = task_of(stored[0][1].task), stored[0][1].split
    with opened(stored[0][1].data):
        prepared = prepare(task, release=stored[0][1].data, split=split)
        return list(_rescored(task, prepared, there))


def _rescored(
    task: Task, prepared: Prepared, there: Sequence[tuple[Place, Result, bytes | None]]
) -> Iterator[tuple[Place, tuple[Result, KeptDraws | None]]]:
    """Yield results of one fold, scored again where there are predictions."""
    for place, result, content in there:
        if content is None:
            continue
        predictions = read_parquet(content)
        evaluation = evaluate_prepared(task, prepared, predictions, open_entry=not result.verified)
        again = result.model_copy(
            update={
                "scores": {name: Scored(**asdict(score)) for name, score in evaluation.scores.items()},
                "groups": evaluation.groups,
                "by_form": {name: FormRecall(**asdict(one)) for name, one in evaluation.by_form.items()},
                "oracle": evaluation.oracle,
                "curves": evaluation.curves,
                "warnings": _warnings(result, evaluation.warnings),
                "versions": result.versions.model_copy(update={"evaluator": score_version(task)}),
            }
        )
        on_default = result.split == task.splits[0] and not result.oracle_method
        drawn = kept_draws(result, evaluation) if on_default else None
        yield place, (again, drawn)


def _warnings(result: Result, said: Sequence[str]) -> list[str]:
    """Return what the evaluator says, without doubts about a stream that was enforced, and what was said of the
    cost."""
    doubts = {UNVERIFIED} if result.verified else set()
    return [one for one in said if one not in doubts] + [
        one for one in result.warnings if one == UNKNOWN_PEAK
    ]


def _write(stored: Mapping[Place, Result], found: Mapping[Place, tuple[Result, KeptDraws | None]]) -> None:
    """Write every folder again, with what was found in the place of what was stored."""

    def now_in(folder: Path) -> dict[Place, Result]:
        here = [place for place in stored if place.folder == folder]
        return {place: found[place][0] if place in found else stored[place] for place in here}

    folders = list(dict.fromkeys(place.folder for place in stored))
    for folder in (one for one in folders if one.name != FRESH):
        now = now_in(folder)
        drawn = first_of([kept for place in now if place in found and (kept := found[place][1])])
        again = {(one.task, one.method) for one in drawn}
        kept = [one for one in read_draws(folder / DRAWS) if (one.task, one.method) not in again]
        if folder.name == REFERENCE:
            _write_reference(folder, now, [*kept, *drawn])
        else:
            _write_submission(folder, list(now.values()), [*kept, *drawn])
    for folder in (one.parent / FRESH for one in folders if one.name == REPRODUCED):
        if folder.is_dir():
            write_fresh(folder, sorted(now_in(folder).values(), key=place_of))


def _write_reference(folder: Path, now: Mapping[Place, Result], draws: Sequence[KeptDraws]) -> None:
    with fill_folder_atomically(folder, replace=True) as beside:
        for place, result in now.items():
            path = beside / place.path.relative_to(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(result.to_json(), encoding="utf-8")
        (beside / DRAWS).write_bytes(to_bytes(draws))


def _write_submission(folder: Path, now: Sequence[Result], draws: Sequence[KeptDraws]) -> None:
    with fill_folder_atomically(folder, replace=True) as beside:
        store_results(beside, sorted(now, key=place_of), draws)
