"""Go through the promises in their order and stop at the first that is broken."""

from collections.abc import Callable
from dataclasses import dataclass

from tipcore.errors import UsageError

from tipbench.contract.difference import ROUNDING, difference, key_columns
from tipbench.contract.promises import PROMISES, Promise
from tipbench.contract.trial import Broken, Trial
from tipbench.evaluation.evaluation import check_predictions, primary_score
from tipbench.runs.streams import keep_answered_queries

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
    """How a method's predictions (seed 0) change when the ids of the fold are made from another key.

    ``metric``: the task's primary metric. ``scores``: its value under each of the two keys, None where it is undefined.
    ``differs``: a sentence on how the predictions differ; '' where they are equal up to rounding. ``stochastic``:
    whether the method draws at random; under another key its draws may fall on other rows.
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

    Ids are names. A method that breaks ties by id, or adds numbers up in the order of ids, has scores that depend on
    the key. Raises Broken for any error of the method.
    """
    task, made, scores = trial.task, [], []
    for key in KEYS:
        keyed = trial.under_key(key)
        predictions = keyed.prepared.back(keyed.run().predictions)
        answers = trial.prepared.answers_to(predictions)
        if task.forecast is not None:
            predictions = keep_answered_queries(answers, predictions)
        checked = check_predictions(answers, predictions)
        scores.append(primary_score(task, answers, checked, replicates=0, checked=True).value)
        made.append(task.kind.comparable(task.unit, checked))
    differs = difference(made[0], made[1], key_columns(task.unit, made[0]), ROUNDING)
    return KeyComparison(task.primary, (scores[0], scores[1]), differs, trial.make().stochastic)
