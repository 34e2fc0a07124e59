"""What a method promises, in the order in which it is checked: from its shape to what only several runs show.

Each promise is a function of a :class:`tipbench.contract.trial.Trial`. The first line of its docstring is the
promise, and the rest explains it; both are what ``docs/contract.md`` says. It raises
:class:`tipbench.contract.trial.Broken`, or UsageError, with one sentence.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import getdoc

import polars as pl

from tipbench.contract.difference import ROUNDING, difference, key_columns
from tipbench.contract.other_process import run_elsewhere
from tipbench.contract.trial import Broken, Run, Trial
from tipbench.data.fold import Fold, PartSteps, detach
from tipbench.evaluation.evaluation import check_predictions
from tipbench.kinds.answers import Answers
from tipbench.method import BATCHES, check_shape, in_batches, lacking
from tipbench.runs.folds import predict_by_regions
from tipbench.runs.streams import keep_answered_queries
from tipbench.task import Task


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
    step by step wants `begin` and `step`, any other wants `predict`.
    """
    method = trial.make()
    if lacks := lacking(method):
        raise Broken(f"it has no {' and no '.join(lacks)}: add {'it' if len(lacks) == 1 else 'them'}.")
    check_shape(trial.task, method, trial.name)
    if not isinstance(method.needs, frozenset) or not all(_is_column(need) for need in method.needs):
        raise Broken(f"needs is {method.needs!r}: make it a frozenset such as frozenset({{'adverts.body'}}).")
    if not isinstance(method.stochastic, bool):
        raise Broken(f"stochastic is {method.stochastic!r}: make it True or False.")
    if (batches := getattr(method, "batches", BATCHES)) != BATCHES:
        raise Broken(f'batches is {batches!r}: make it "{BATCHES}", or leave it out.')


def _is_column(need: object) -> bool:
    return isinstance(need, str) and need.count(".") == 1


def needs_what_is_shown(trial: Trial) -> None:
    """Need only columns that exist and that the task shows at this access.

    Hidden truth, and columns that labels are made of, are shown to no method that is ranked.
    """
    trial.check_needs(trial.make().needs)


def fits_and_predicts(trial: Trial) -> None:
    """Fit and predict without an error.

    On two regions of `tiny`: a fold with few units, few positives, and parts that may be small.
    """
    trial.run()


def leaves_its_fold_alone(trial: Trial) -> None:
    """Write nothing to the fold.

    Tables, units and labels are shared with the methods that are run next. What is learnt belongs in `self`.
    """
    for run in _of_two_seeds(trial):
        if run.written:
            raise Broken(f"{run.written[0]}: keep what is learnt in self, and change copies only.")


def predicts_what_is_asked(trial: Trial) -> None:
    """Predict every unit once, in the columns and dtypes of the task's kind, with finite numbers.

    Exactly what `tipbench score` asks of a file of predictions.
    """
    for run in _of_two_seeds(trial):
        predictions = run.predictions
        answers = trial.prepared.answers_to(predictions)
        if trial.task.forecast is not None:
            predictions = keep_answered_queries(answers, predictions)
        check_predictions(answers, predictions)
        if trial.task.kind.key(answers.unit) != answers.unit:
            _check_queries(answers, predictions)


def _check_queries(answers: Answers, predictions: pl.DataFrame) -> None:
    units = answers.frame[answers.unit]
    missing = units.filter(~units.is_in(predictions["query"].implode()))
    if len(missing):
        raise Broken(
            f"{len(missing):,} of {len(units):,} queries have no candidate (first: {answers.unit} {missing[0]}): "
            "name the most likely ones for each."
        )


def scores_are_probabilities(trial: Trial) -> None:
    """Give scores between 0 and 1, where the task reads them as probabilities.

    A score of 0.2 then means: one in five of such units is positive.
    """
    for run in _of_two_seeds(trial):
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
    if _is_settled(trial) or not _differ(trial, trial.run(state=0), trial.run(state=1)):
        return
    if what := _differ(trial, trial.run(state=0), trial.run_again(trial.make(), state=0)):
        raise Broken(f"of two runs with seed 0, {what}: draw from numpy.random.default_rng(seed).")


def draws_from_its_seed(trial: Trial) -> None:
    """Draw only from the seed given to `fit`, never from a global generator.

    `random.random()`, `numpy.random.rand()` and `torch.rand()` depend on what ran before.
    """
    if not _is_settled(trial) and (what := _differ(trial, trial.run(state=0), trial.run(state=1))):
        raise Broken(
            f"it draws from a global generator of random, numpy or torch: once that starts elsewhere, {what}; "
            "draw from numpy.random.default_rng(seed), with the seed given to fit."
        )


def declares_chance(trial: Trial) -> None:
    """Give the same predictions for every seed where `stochastic` is False.

    Such a method is run with one seed only.
    """
    if trial.make().stochastic or _is_settled(trial):
        return
    if what := _differ(trial, trial.run(), trial.run(seed=1)):
        raise Broken(f"between seed 0 and seed 1, {what}: set stochastic = True.")


def keeps_no_state(trial: Trial) -> None:
    """Keep nothing from one `fit` to the next.

    Fitted with seed 0 and then with seed 1, an object predicts what a new one predicts with seed 1.
    """
    used = trial.run_again(trial.run().method, seed=1)
    if what := _differ(trial, _fresh(trial), used):
        raise Broken(f"between a new object and one that was fitted before, {what}: start over in fit.")


def ignores_the_order_of_rows(trial: Trial) -> None:
    """Predict the same whatever the order of the rows of tables, units and labels.

    The order carries no information. Numbers may differ by rounding.
    """
    mixed = trial.run_again(trial.make(), fold=_shuffled(trial.fold))
    if what := _differ(trial, trial.run(), mixed, ROUNDING):
        raise Broken(f"with the same rows in another order, {what}: sort by a key where the order matters.")


def is_the_same_elsewhere(trial: Trial) -> None:
    """Predict the same in another process.

    A set of text has another order there, since every process hashes text differently. Numbers may differ by rounding.
    """
    if what := _differ(trial, trial.run(), run_elsewhere(trial), ROUNDING):
        raise Broken(f"in another process, {what}: sort what comes out of a set or of hash().")


def predicts_by_regions(trial: Trial) -> None:
    """Predict the same by batches of regions as at once, where `batches = "regions"` says so.

    Such a method is asked for 64 regions at a time, so that its memory does not grow with their number. Numbers may
    differ by rounding.
    """
    run = _fresh(trial)
    if not in_batches(run.method):
        return
    parts = replace(run, given=predict_by_regions(run.method, trial.fold, most=1))
    if what := _differ(trial, run, parts, ROUNDING):
        raise Broken(
            f"asked for one region at a time, {what}: leave batches out, or use nothing of another region."
        )


def sees_no_later_row(trial: Trial) -> None:
    """Say at each step what the steps before it tell, and nothing from an earlier pass.

    A test is handed over step by step. `begin` starts over: only what `fit` learnt is kept.
    """
    stream = trial.stream
    if stream is None:
        return
    whole, half = _fresh(trial), max(1, len(stream.test) // 2)
    shorter = replace(stream, test=_first(stream.test, half))
    given, refused = trial.hand_over(whole.method, trial.fold, shorter)
    again = Run(whole.method, given, refused=refused)
    if what := difference(
        _until(whole, again, half),
        _until(again, again, half),
        key_columns(trial.task.unit, again.predictions),
        ROUNDING,
    ):
        raise Broken(
            f"where the test ends after step {half}, {what}: let begin forget all but what fit learnt."
        )


def _of_two_seeds(trial: Trial) -> tuple[Run, Run]:
    """Return the run with seed 0 and one with seed 1, which other promises look at too."""
    return trial.run(), trial.run(seed=1, state=0 if trial.make().stochastic else 1)


def _is_settled(trial: Trial) -> bool:
    """Return whether one run shows that neither seed nor global generators matter, for a method that says so of the
    seed."""
    return not trial.make().stochastic and not _differ(trial, trial.run(), trial.run(seed=1, state=1))


def _fresh(trial: Trial) -> Run:
    """Return the run of a new object with seed 1."""
    return trial.run(seed=1, state=1 if _is_settled(trial) else 0)


def _first(steps: PartSteps, count: int) -> PartSteps:
    """Return the first steps of a part."""
    edges = steps.edges[: count + 1]
    return replace(steps, rows=detach(steps.rows.head(int(edges[-1]))), edges=edges)


def _until(run: Run, shorter: Run, step: int) -> pl.DataFrame:
    """Return the predictions that were made up to a step: alarms until then, or forecasts that the shorter run has
    too."""
    predictions = run.predictions
    if "step" in predictions.columns:
        return predictions.with_columns(pl.when(pl.col("step") <= step).then("step"))
    return predictions.join(shorter.predictions.select("query").unique(), on="query", how="semi")


def _differ(trial: Trial, first: Run, second: Run, tolerance: float = 0.0) -> str:
    """Return how the predictions of two runs differ, in words."""
    before, after = (trial.task.kind.comparable(trial.task.unit, run.predictions) for run in (first, second))
    return difference(before, after, key_columns(trial.task.unit, first.predictions), tolerance)


def _shuffled(fold: Fold) -> Fold:
    def mixed(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.sample(fraction=1, shuffle=True, seed=3)

    tables = {name: mixed(table.collect()).lazy() for name, table in fold.tables.items()}
    return replace(fold, tables=tables, parts=mixed(fold.parts), supervision=mixed(fold.supervision))


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
