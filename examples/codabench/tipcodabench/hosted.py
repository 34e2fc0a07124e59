"""Scoring a submission where the host runs it: ``input/ref`` and ``input/res`` -> ``output/scores.json``.

The same functions read the answers, check the predictions, score and round as in ``tipbench seal score``. Files of
participants are read in a process of their own (:mod:`tipboard.submissions.guard`). Nothing is said that depends on the
truth, save the scores, and those only in ``scores.json``; a submission that is refused gets none, which is how the
host learns that it failed (the worker ignores exit codes).
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import warnings
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
from polars.exceptions import PanicException
from tipbench.kinds.answers import Answers
from tipbench.kinds.refusals import check_predictions
from tipbench.tasks import task_of
from tipboard.rounds.components import evaluator
from tipboard.rounds.host import read_answers
from tipboard.rounds.record import Round, read_round
from tipboard.rounds.scores import rounded
from tipboard.rounds.submissions import FILE, SPLIT, AnswersOf, check_steps, score_predictions
from tipboard.submissions.check import SCORING_FAILS, not_finite, of_predictions
from tipboard.submissions.files import Limits, Unreadable, limits_of, read_regular
from tipboard.submissions.folder import look, open_folder_of
from tipboard.submissions.guard import FoundFile, read_guarded
from tipboard.submissions.messages import Problem, quote
from tipboard.submissions.record import RECORD
from tipboard.submissions.terms import form_of
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.operating_system import Folder
from tipcore.table_files import read_parquet

from tipcodabench.columns import row

SCORES, REFERENCE, RESULT = "scores.json", "ref", "res"
SEED = 0
"""A board has one number a task, so one method seed is handed in."""

NOT_OURS = (RECORD, "metadata")
"""Names that may lie beside the tasks: what an author says of the method, and what the worker says of its run."""


def run(given: Path, output: Path) -> int:
    """Score ``given/res`` against ``given/ref``; 0, or 1 after one sentence on standard error."""
    try:
        scored, of = score(given / REFERENCE, given / RESULT, output)
    except UsageError as error:
        return _refused(" ".join(str(error).split()))
    except (Exception, PanicException) as error:
        # A traceback would show more of this program's data than anybody may see.
        return _refused(f"the scoring program failed ({type(error).__name__}): tell the organisers.")
    sys.stdout.write(f"{scored} of {of} tasks scored\n")
    return 0


def _refused(said: str) -> int:
    sys.stderr.write(f"refused: {said}\n")
    return 1


def score(reference: Path, result: Path, output: Path) -> tuple[int, int]:
    """Write ``scores.json``; the number of tasks that were handed in, and that of the round's.

    Raises UsageError for a submission that is not as it should be, and for another evaluator than the round's.
    """
    described = read_round(reference)
    _check_evaluator(described)
    limits = limits_of(described.size)
    with open_folder_of(result) as folder, tempfile.TemporaryDirectory() as workdir:
        files = _handed_in(folder, described, limits)
        answers_of = cache(partial(read_answers, reference))
        clean = _read(folder, files, answers_of, limits, Path(workdir))
        scored = {one.task: _scored(answers_of(one.task), one, clean[one.file], described) for one in files}
    values = row(described.tasks, scored)
    write_file_atomically(output / SCORES, json.dumps(values, indent=1, allow_nan=False) + "\n")
    return len(scored), len(described.tasks)


def _check_evaluator(described: Round) -> None:
    if evaluator() != described.components.evaluator:
        raise UsageError("this program is not the evaluator of the round: tell the organisers.")


def _handed_in(folder: Folder, described: Round, limits: Limits) -> list[FoundFile]:
    found = look(folder)
    problems = [problem for problem in found.problems if problem.where not in NOT_OURS]
    if problems:
        raise UsageError(_first(problems))
    if not found.files:
        raise UsageError(f"there are no predictions in it: put them at <task>/{SPLIT}/s{SEED}.parquet.")
    return [_given(folder, name, described, limits) for name in sorted(found.files)]


def _first(problems: Sequence[Problem]) -> str:
    more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
    return f"{str(problems[0]).rstrip('.')}{more}."


def _given(folder: Folder, name: str, described: Round, limits: Limits) -> FoundFile:
    matched = FILE.fullmatch(name)
    task = name.partition("/")[0]
    if task not in described.tasks:
        raise UsageError(
            f"{quote(name)}: {quote(task)} is not a task of the round: it has {', '.join(described.tasks)}."
        )
    if matched is None or int(matched[2]) != SEED:
        raise UsageError(
            f"{quote(name)}: predictions of {task} are at {task}/{SPLIT}/s{SEED}.parquet, and nothing else."
        )
    try:
        content = read_regular(folder, name, limits.file_bytes)
    except Unreadable as reason:
        raise UsageError(f"{name}: {reason}.") from None
    return FoundFile(task, name, f"sha256:{hashlib.sha256(content).hexdigest()}")


def _read(
    folder: Folder, files: Sequence[FoundFile], answers_of: AnswersOf, limits: Limits, workdir: Path
) -> dict[str, Path]:
    """Clean copies of the files, by name. Raises UsageError for a file that is none."""
    forms = {one.task: form_of(task_of(one.task), answers_of(one.task).frame.height) for one in files}
    guarded = read_guarded(folder, files, forms, limits, workdir)
    if guarded.problems:
        raise UsageError(_first([Problem(file, said) for file, said in sorted(guarded.problems.items())]))
    return guarded.clean


def _scored(answers: Answers, one: FoundFile, clean: Path, described: Round) -> dict[str, float | None]:
    """Return metric -> value, rounded. Raises UsageError for predictions that are malformed, or give no finite
    scores."""
    task, predictions = task_of(one.task), read_parquet(clean)
    try:
        check_steps(task, check_predictions(answers, predictions), described)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            evaluation = score_predictions(task, answers, predictions)
    except UsageError as error:
        raise UsageError(str(of_predictions(one.file, error))) from None
    except SCORING_FAILS as error:
        raise UsageError(f"{one.file}: {not_finite(error)}") from None
    return {name: metric.value for name, metric in rounded(evaluation, described.rules.decimals).items()}
