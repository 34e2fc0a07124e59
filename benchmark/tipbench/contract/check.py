"""Go through the promises in their order and stop at the first that is broken."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from tipcore.errors import UsageError

from tipbench.contract.difference import ROUNDING, difference, key_columns
from tipbench.contract.promises import PROMISES, Promise
from tipbench.contract.trial import Broken, Trial
from tipbench.evaluation.evaluation import check_predictions, primary_score
from tipbench.runs.streamed.forecasts import asked

KEYS = (bytes(32), bytes(range(32)))
"""Two keys of ids; any others would do."""


@dataclass(frozen=True)
class Verdict:
    """The promises that were kept, and the first that was not with a sentence about it, or None and ''."""

    kept: tuple[Promise, ...]
    broken: Promise | None = None
    says: str = ""


def check(trial: Trial, tell: Callable[[Promise], None] = lambda promise: None) -> Verdict:
    """Check every promise that the method's task asks for; ``tell`` is called with each that is kept."""
    kept: list[Promise] = []
    for promise in PROMISES:
        if not promise.applies(trial.task):
            continue
        try:
            promise.holds(trial)
        except (Broken, UsageError) as error:
            return Verdict(tuple(kept), promise, str(error))
        kept.append(promise)
        tell(promise)
    return Verdict(tuple(kept))


@dataclass(frozen=True)
class KeyComparison:
    """How a method's predictions with seed 0 depend on the ids of the fold, which follow from a key.

    ``metric``: the task's primary metric. ``scores``: its value under each of the two keys, None where it has none.
    ``differs``: how the predictions differ, in words; '' where they are equal but for rounding. ``stochastic``: of the
    method, whose draws may fall on other rows under another key.
    """

    metric: str
    scores: tuple[float | None, float | None]
    differs: str
    stochastic: bool

    def __str__(self) -> str:
        if not self.differs:
            return "the predictions are the same under two keys of ids"
        first, second = ("no score" if score is None else f"{score:.4f}" for score in self.scores)
        chance = "; the method is stochastic" if self.stochastic else ""
        return f"under two keys of ids {self.metric} is {first} and {second}: {self.differs}{chance}"


def compare_keys(trial: Trial) -> KeyComparison:
    """Run the method with seed 0 under two keys of ids, and compare its predictions.

    Ids are names: a tie that is broken by them, or a sum in their order, makes a score depend on the key. Raises Broken
    for whatever the method raises.
    """
    task = trial.task
    made: list[pl.DataFrame] = []
    scores = []
    for key in KEYS:
        keyed = trial.under_key(key)
        predictions = keyed.prepared.back(keyed.run().predictions)
        answers = trial.prepared.answers_to(predictions)
        if task.forecast is not None:
            predictions = asked(answers, predictions)
        checked = check_predictions(answers, predictions)
        scores.append(primary_score(task, answers, checked, replicates=0, checked=True).value)
        made.append(task.kind.comparable(task.unit, checked))
    differs = difference(made[0], made[1], key_columns(task.unit, made[0]), ROUNDING)
    return KeyComparison(task.primary, (scores[0], scores[1]), differs, trial.make().stochastic)
