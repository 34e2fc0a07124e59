"""What a method promises, in the order in which it is checked: from its shape to what only several runs show.

Each promise is a function of a :class:`tipbench.contract.trial.Trial`. The first line of its docstring is the
promise, and the rest explains it; both are what ``docs/contract.md`` says. It raises
:class:`tipbench.contract.trial.Broken`, or UsageError, with one sentence. :func:`check` stops at the first that is
broken.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import getdoc

import polars as pl
from tipcore.errors import UsageError

from tipbench.contract.other_process import run_elsewhere
from tipbench.contract.trial import Broken, Trial, TrialRun
from tipbench.data.access import access_level, check_needs
from tipbench.data.disguise import disguise
from tipbench.data.fold import Fold, detach
from tipbench.data.further_worlds import count_worlds
from tipbench.data.relabelling import relabel
from tipbench.evaluation.evaluation import primary_score
from tipbench.kinds.answers import Answers
from tipbench.kinds.refusals import check_predictions
from tipbench.method import BATCHES, check_shape, class_of, find_missing, works_in_batches
from tipbench.runs.folds import predict_by_regions
from tipbench.task import Task

ROW_KEYS = ("query", "view", "candidate")
"""Columns that, with the unit, identify a row of predictions."""
ROUNDING = 1e-9
"""What the order of rows may change in a number: sums in another order round otherwise."""


def describe_difference(
    unit: str, first: pl.DataFrame, second: pl.DataFrame, *, tolerance: float = ROUNDING
) -> str:
    """Return how predictions of units differ, as "12 of 340 predictions differ (advert 17: ...)"; '' where they do not.

    ``tolerance``: the most that two floats may differ by.
    """
    if first.schema != second.schema:
        shown = (", ".join(f"{name} {dtype}" for name, dtype in of.schema.items()) for of in (first, second))
        return f"the columns are {' and '.join(shown)}"
    keys = [name for name in (unit, *ROW_KEYS) if name in first.columns]
    first, second = first.sort(keys), second.sort(keys)
    if not first.select(keys).equals(second.select(keys)):
        only = first.join(second, on=keys, how="anti").height
        return f"{only:,} of {first.height:,} rows have a {' and '.join(keys)} that the other {second.height:,} lack"
    differs = pl.DataFrame(
        {name: _find_unequal(first[name], second[name], tolerance) for name in first.columns}
    )
    rows = differs.select(pl.any_horizontal(pl.all())).to_series()
    if not rows.any():
        return ""
    at = int(rows.arg_max() or 0)
    column = next(name for name in first.columns if differs[name][at])
    where = ", ".join(f"{key} {first[key][at]}" for key in keys)
    return (
        f"{rows.sum():,} of {first.height:,} predictions differ "
        f"(at {where}, {column} is {first[column][at]} and {second[column][at]})"
    )


def _find_unequal(first: pl.Series, second: pl.Series, tolerance: float) -> pl.Series:
    same = first.eq_missing(second)
    if first.dtype.is_float():
        same = same | ((first - second).abs() <= tolerance).fill_null(False)
    return ~same


@dataclass(frozen=True)
class Promise:
    """A promise: the function that looks whether it holds, and the tasks that ask for it."""

    holds: Callable[[Trial], None]
    applies: Callable[[Task], bool] = lambda task: True

    @property
    def title(self) -> str:
        return (getdoc(self.holds) or "").splitlines()[0]

    @property
    def explanation(self) -> str:
        return " ".join((getdoc(self.holds) or "").splitlines()[1:]).strip()


def has_the_shape(trial: Trial) -> None:
    """Have `needs`, `stochastic`, `fit`, and `predict` or `begin` and `step`.

    `needs` is a frozenset of columns as `table.column`, `stochastic` is True or False. A task that hands its test over
    step by step wants `begin` and `step`, any other wants `predict`. `entry_class`, where it is there, is "fold",
    "worlds", "outside" or "system"; the last two list `resources`.
    """
    method = trial.make()
    if lacks := find_missing(method):
        raise Broken(f"it has no {' and no '.join(lacks)}: add {'it' if len(lacks) == 1 else 'them'}.")
    check_shape(trial.task, method, trial.name)
    are_columns = (isinstance(need, str) and need.count(".") == 1 for need in method.needs)
    if not isinstance(method.needs, frozenset) or not all(are_columns):
        raise Broken(f"needs is {method.needs!r}: make it a frozenset such as frozenset({{'adverts.body'}}).")
    if not isinstance(method.stochastic, bool):
        raise Broken(f"stochastic is {method.stochastic!r}: make it True or False.")
    if (batches := getattr(method, "batches", BATCHES)) != BATCHES:
        raise Broken(f'batches is {batches!r}: make it "{BATCHES}", or leave it out.')
    class_of(method)


def needs_what_is_shown(trial: Trial) -> None:
    """Need only columns that exist and that the task shows at this access.

    Hidden truth, and columns that labels are made of, are shown to no method that is ranked.
    """
    level = access_level(trial.task, trial.access)
    check_needs(trial.task, trial.make().needs, level, trial.oracle)


def fits_and_predicts(trial: Trial) -> None:
    """Fit and predict without an error.

    On two regions of `tiny`: a fold with few units, few positives, and parts that may be small.
    """
    trial.run()


def leaves_its_fold_alone(trial: Trial) -> None:
    """Write nothing to the fold.

    Tables, units and labels are shared with the methods that are run next. What is learnt belongs in `self`.
    """
    for run in _run_two_seeds(trial):
        if run.written:
            raise Broken(f"{run.written[0]}: keep what is learnt in self, and change copies only.")


def predicts_what_is_asked(trial: Trial) -> None:
    """Predict every unit once, in the columns and dtypes of the task's kind, with finite numbers.

    Exactly what `tipbench score` asks of a file of predictions.
    """
    for run in _run_two_seeds(trial):
        answers, predictions = _check_scored(trial, run.predictions)
        units, key = answers.frame[answers.unit], trial.task.kind.key(answers.unit)
        missing = units.filter(~units.is_in(predictions[key].implode()))
        if len(missing):
            raise Broken(
                f"{len(missing):,} of {len(units):,} queries have no candidate (first: {answers.unit} {missing[0]}): "
                "name the most likely ones for each."
            )


def _check_scored(trial: Trial, predictions: pl.DataFrame) -> tuple[Answers, pl.DataFrame]:
    """Return the answers to predictions, and the predictions checked as they are for a score."""
    answers = trial.prepared.answers_to(predictions)
    if trial.task.forecast is not None:
        predictions = answers.keep_answered(predictions)
    return answers, check_predictions(answers, predictions)


def scores_are_probabilities(trial: Trial) -> None:
    """Give scores between 0 and 1, where the task reads them as probabilities.

    A score of 0.2 then means: one in five of such units is positive.
    """
    for run in _run_two_seeds(trial):
        scores = run.predictions["score"]
        outside = scores.filter(~scores.is_between(0, 1))
        if len(outside):
            raise Broken(
                f"{len(outside):,} of {len(scores):,} scores are not between 0 and 1 (first: {outside[0]}): "
                "give probabilities, as predict_proba does."
            )


def repeats_itself(trial: Trial) -> None:
    """Give the same predictions for the same seed, from two new objects.

    Every generator is made of the seed that `fit` is given.
    """
    if _is_deterministic(trial) or not _describe_run_difference(
        trial, trial.run(state=0), trial.run(state=1)
    ):
        return
    if what := _describe_run_difference(trial, trial.run(state=0), trial.run_again(trial.make(), state=0)):
        raise Broken(f"of two runs with seed 0, {what}: draw from numpy.random.default_rng(seed).")


def draws_from_its_seed(trial: Trial) -> None:
    """Draw only from the seed given to `fit`, never from a global generator.

    `random.random()`, `numpy.random.rand()` and `torch.rand()` depend on what ran before.
    """
    if not _is_deterministic(trial) and (
        what := _describe_run_difference(trial, trial.run(state=0), trial.run(state=1))
    ):
        raise Broken(
            f"it draws from a global generator of random, numpy or torch: once that starts elsewhere, {what}; "
            "draw from numpy.random.default_rng(seed), with the seed given to fit."
        )


def declares_chance(trial: Trial) -> None:
    """Give the same predictions for every seed where `stochastic` is False.

    Such a method is run with one seed only.
    """
    if trial.make().stochastic or _is_deterministic(trial):
        return
    if what := _describe_run_difference(trial, trial.run(), trial.run(seed=1)):
        raise Broken(f"between seed 0 and seed 1, {what}: set stochastic = True.")


def keeps_no_state(trial: Trial) -> None:
    """Keep nothing from one `fit` to the next.

    Fitted with seed 0 and then with seed 1, an object predicts what a new one predicts with seed 1.
    """
    used = trial.run_again(trial.run().method, seed=1)
    if what := _describe_run_difference(trial, _run_fresh(trial), used):
        raise Broken(f"between a new object and one that was fitted before, {what}: start over in fit.")


def ignores_the_order_of_rows(trial: Trial) -> None:
    """Predict the same whatever the order of the rows of tables, units and labels.

    The order carries no information. Numbers may differ by rounding.
    """
    mixed = trial.run_again(trial.make(), fold=_shuffle(trial.fold))
    if what := _describe_run_difference(trial, trial.run(), mixed, ROUNDING):
        raise Broken(f"with the same rows in another order, {what}: sort by a key where the order matters.")


def is_the_same_elsewhere(trial: Trial) -> None:
    """Predict the same in another process.

    A set of text has another order there, since every process hashes text differently. Numbers may differ by rounding.
    """
    if what := _describe_run_difference(trial, trial.run(), run_elsewhere(trial), ROUNDING):
        raise Broken(f"in another process, {what}: sort what comes out of a set or of hash().")


def predicts_by_regions(trial: Trial) -> None:
    """Predict the same by batches of regions as at once, where `batches = "regions"` says so.

    Such a method is asked for 64 regions at a time, so that its memory does not grow with their number. Numbers may
    differ by rounding.
    """
    run = _run_fresh(trial)
    if not works_in_batches(run.method):
        return
    parts = replace(run, given=predict_by_regions(run.method, trial.fold, most=1))
    if what := _describe_run_difference(trial, run, parts, ROUNDING):
        raise Broken(
            f"asked for one region at a time, {what}: leave batches out, or use nothing of another region."
        )


def sees_no_later_row(trial: Trial) -> None:
    """At each step, use only the rows handed over so far in this pass.

    A test is handed over step by step. `begin` starts a new pass: keep only what `fit` learnt.
    """
    stream = trial.stream
    if stream is None:
        return
    whole, half, test = _run_fresh(trial), max(1, len(stream.test) // 2), stream.test
    edges = test.edges[: half + 1]
    first = replace(test, rows=detach(test.rows.head(int(edges[-1]))), edges=edges)
    shorter = replace(stream, test=first)
    given, refused = trial.hand_over(whole.method, trial.fold, shorter)
    again = TrialRun(whole.method, given, refused=refused)
    both = (_predictions_until(run, again, half) for run in (whole, again))
    if what := describe_difference(trial.task.unit, *both):
        raise Broken(
            f"where the test ends after step {half}, {what}: let begin forget all but what fit learnt."
        )


def _run_two_seeds(trial: Trial) -> tuple[TrialRun, TrialRun]:
    """Return the run with seed 0 and one with seed 1, which other promises look at too."""
    return trial.run(), trial.run(seed=1, state=0 if trial.make().stochastic else 1)


def _is_deterministic(trial: Trial) -> bool:
    """Return whether one run shows that neither seed nor global generators matter, for a method that says so of the
    seed."""
    return not trial.make().stochastic and not _describe_run_difference(
        trial, trial.run(), trial.run(seed=1, state=1)
    )


def _run_fresh(trial: Trial) -> TrialRun:
    """Return the run of a new object with seed 1."""
    return trial.run(seed=1, state=1 if _is_deterministic(trial) else 0)


def _predictions_until(run: TrialRun, shorter: TrialRun, step: int) -> pl.DataFrame:
    """Return the predictions that were made up to a step: alarms until then, or forecasts that the shorter run has
    too."""
    predictions = run.predictions
    if "step" in predictions.columns:
        return predictions.with_columns(pl.when(pl.col("step") <= step).then("step"))
    return predictions.join(shorter.predictions.select("query").unique(), on="query", how="semi")


def _describe_run_difference(trial: Trial, first: TrialRun, second: TrialRun, tolerance: float = 0.0) -> str:
    """Return how the predictions of two runs differ, in words."""
    both = (trial.task.kind.comparable(trial.task.unit, run.predictions) for run in (first, second))
    return describe_difference(trial.task.unit, *both, tolerance=tolerance)


def _shuffle(fold: Fold) -> Fold:
    def mixed(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1, shuffle=True, seed=3)

    tables = {name: mixed(table.collect()).lazy() for name, table in fold.tables.items()}
    worlds = tuple(map(_shuffle, fold.worlds))
    parts, supervision = mixed(fold.parts), mixed(fold.supervision)
    return replace(fold, tables=tables, parts=parts, supervision=supervision, worlds=worlds)


PROMISES = (
    Promise(has_the_shape),
    Promise(needs_what_is_shown),
    Promise(fits_and_predicts),
    Promise(leaves_its_fold_alone),
    Promise(predicts_what_is_asked),
    Promise(scores_are_probabilities, lambda task: task.probabilities),
    Promise(repeats_itself),
    Promise(draws_from_its_seed),
    Promise(declares_chance),
    Promise(keeps_no_state),
    Promise(ignores_the_order_of_rows),
    Promise(is_the_same_elsewhere),
    Promise(predicts_by_regions, lambda task: not task.stream),
    Promise(sees_no_later_row, lambda task: bool(task.stream)),
)
"""Every promise. To add one, write its function above and name it here."""


TWO_KEYS = (bytes(32), bytes(range(32)))
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
    task = trial.task
    copies = [trial.on(relabel(trial.prepared, key)) for key in TWO_KEYS]
    scores, made = zip(*(_score(trial, copy) for copy in copies), strict=True)
    differs = describe_difference(task.unit, *made)
    return KeyComparison(task.primary, (scores[0], scores[1]), differs, trial.make().stochastic)


def _score(trial: Trial, other: Trial) -> tuple[float | None, pl.DataFrame]:
    """Return the primary metric of a run with seed 0 on a copy of a trial's fold, and what is compared of it."""
    task = trial.task
    answers, checked = _check_scored(trial, other.prepared.back(other.run().predictions))
    score = primary_score(task, answers, checked, replicates=0, checked=True).value
    return score, task.kind.comparable(task.unit, checked)


def compare_words(trial: Trial) -> str | None:
    """Return the scores (seed 0) of a method of the class *fold* on its fold and with made-up words and codes, or that
    it fails there, in words; None for other classes.

    In a season a *fold* entry that loses by such words is moved to the class *worlds*.
    """
    if class_of(trial.make(), count_worlds(trial.train)) != "fold":
        return None
    metric, made = trial.task.primary, []
    for other in (trial, trial.on(disguise(trial.prepared, TWO_KEYS[1]))):
        try:
            score, _ = _score(trial, other)
        except (Broken, UsageError) as error:
            return f"with made-up words and codes {error} A season moves such an entry to the class worlds."
        made.append("no score" if score is None else f"{score:.4f}")
    return f"{metric} is {made[0]}, and {made[1]} with made-up words and codes"
