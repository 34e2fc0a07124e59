"""Methods of intervention_effect on panels whose effect is known, and the weights and intervals that they rest on."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hand_made import predict as run
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbaselines.intervention_effect.before_after import BeforeAfter
from tipbaselines.intervention_effect.difference_in_differences import DifferenceInDifferences
from tipbaselines.intervention_effect.effects import (
    MOST_PLACEBOS,
    Course,
    EffectForecast,
    EffectMethod,
    Market,
    interval,
    placebo_spread,
)
from tipbaselines.intervention_effect.oracle import Oracle
from tipbaselines.intervention_effect.structural_time_series import StructuralTimeSeries
from tipbaselines.intervention_effect.synthetic_control import SyntheticControl, simplex_weights
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipcore.errors import UsageError
from tipdata.core.draw import Stream
from tipdata.release import Release

PERIODS, BEFORE, WINDOW = 40, 30, slice(32, 40)


def course(effect: float = 0.0, counts: bool = True, controls: int = 8) -> Course:
    """A series that goes as the mean of its first two controls, but for a change (a log ratio for counts)."""
    loads = Stream(0, "loads").uniform(np.arange(controls))[:, None] * 2
    steps = Stream(0, "steps").quantile(np.arange(2 * PERIODS), "normal").reshape(2, PERIODS) / 4e6
    factor, other = np.cumsum(steps, axis=1)
    beside = (
        1000 * np.exp(loads * factor + loads[::-1] * other) if counts else 50 + 5 * (loads * factor + other)
    )
    own = beside[:2].mean(axis=0).copy()
    own[BEFORE:] = own[BEFORE:] * np.exp(effect) if counts else own[BEFORE:] + effect
    return Course(own, beside, BEFORE, counts)


def effect_of(made: Course, forecast: EffectForecast | None) -> float:
    assert forecast is not None
    seen = made.own[WINDOW].sum()
    return float(np.log(seen / forecast.total)) if made.counts else (seen - forecast.total) / 8


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize(("method", "near"), [(SyntheticControl(), 0.03), (StructuralTimeSeries(2), 0.15)])
def test_the_effect_on_a_mean_of_controls_is_found(method: EffectMethod, near: float, counts: bool) -> None:
    made = course(-0.7, counts)
    assert effect_of(made, method.forecast(made, WINDOW)) == pytest.approx(-0.7, abs=near)


def test_differences_in_differences_are_exact_where_all_move_alike() -> None:
    move = np.exp(np.cumsum(Stream(0, "move").quantile(np.arange(PERIODS), "normal") / 1e7))
    beside = np.array([[10.0], [200.0], [3000.0]]) * move
    own = 77.0 * move
    own[BEFORE:] *= np.exp(0.4)
    made = Course(own, beside, BEFORE, True)
    forecast = DifferenceInDifferences().forecast(made, WINDOW)
    assert effect_of(made, forecast) == pytest.approx(0.4)
    assert forecast is not None
    assert forecast.spread == pytest.approx(0, abs=1e-9)


def test_before_and_after_takes_a_trend_for_an_effect() -> None:
    own = 100 * np.exp(0.02 * np.arange(PERIODS))
    made = Course(own, np.zeros((0, PERIODS)), BEFORE, True)
    assert effect_of(made, BeforeAfter().forecast(made, WINDOW)) == pytest.approx(0.2, abs=1e-9)


def test_without_a_control_there_is_no_estimate_that_needs_one() -> None:
    bare = Course(course().own, np.zeros((0, PERIODS)), BEFORE, True)
    assert DifferenceInDifferences().forecast(bare, WINDOW) is None
    assert SyntheticControl().forecast(bare, WINDOW) is None
    assert StructuralTimeSeries(4).forecast(bare, WINDOW) is not None


def test_few_controls_give_an_estimate_without_an_interval() -> None:
    made = course(controls=2)
    forecast = SyntheticControl().forecast(made, WINDOW)
    assert forecast is not None
    assert np.isnan(forecast.spread)
    assert interval(0.3, forecast.spread, forecast.degrees) == (0.3, None, None)


def test_placebos_are_as_wrong_as_their_forecasts() -> None:
    made = course()
    spread, count = placebo_spread(made, WINDOW, lambda placebo: float(placebo.own[WINDOW].sum() * np.e))
    assert (spread, count) == (pytest.approx(1.0), 8.0)


def test_of_many_controls_some_are_placebos_spread_over_all() -> None:
    controls = 3 * MOST_PLACEBOS
    beside = np.ones((controls, PERIODS)) * np.arange(1, controls + 1)[:, None]
    made = Course(beside[0], beside, BEFORE, True)
    asked: list[float] = []

    def total(placebo: Course) -> float:
        asked.append(placebo.own[0])
        return float(placebo.own[WINDOW].sum())

    assert placebo_spread(made, WINDOW, total) == (0, MOST_PLACEBOS)
    assert len(set(asked)) == MOST_PLACEBOS
    assert (asked[0], asked[-1]) == (1, controls)
    assert np.diff(asked).max() <= 4


def test_an_interval_is_students() -> None:
    """t of .975 with 10 degrees of freedom is 2.2281 (any table)."""
    assert interval(1.0, 0.5, 10.0) == pytest.approx((1.0, 1 - 1.11407, 1 + 1.11407), abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12), st.floats(1e-3, 1e6))
def test_weights_are_on_the_simplex_and_no_vertex_or_mean_fits_better(
    seed: int, many: int, scale: float
) -> None:
    drawn = Stream(seed, "panel").quantile(np.arange(15 * (many + 1)), "normal").reshape(15, many + 1) / 1e6
    controls, own = scale * (5 + drawn[:, :many]), scale * (5 + drawn[:, many])
    weights = simplex_weights(controls, own)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1)
    least = np.square(own - controls @ weights).sum()
    for other in (*np.eye(many), np.full(many, 1 / many), 0.9 * weights + 0.1 / many):
        assert least <= np.square(own - controls @ other).sum() * (1 + 1e-6)


def test_a_series_that_is_one_of_its_controls_gets_that_one() -> None:
    controls = Stream(0, "same").uniform(np.arange(40)).reshape(10, 4)
    assert simplex_weights(controls, controls[:, 2]).tolist() == [0, 0, 1, 0]


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("intervention_effect", release=tiny)


@pytest.mark.parametrize(
    "method", [BeforeAfter, DifferenceInDifferences, SyntheticControl, StructuralTimeSeries]
)
def test_most_effects_of_a_release_are_estimated_within_reason(method: type, prepared: Prepared) -> None:
    made = run(method(), prepared.folds[0])
    joined = prepared.answers.frame.join(made, on="effect")
    assert joined["estimate"].null_count() == 0
    apart = joined.select((pl.col("estimate") - pl.col("truth")).abs(), "quantity")
    assert apart.filter(quantity="log_effect")["estimate"].median() < 0.3  # type: ignore[operator]
    assert apart.filter(quantity="share")["estimate"].median() < 0.05  # type: ignore[operator]
    assert (joined["lower"] <= joined["upper"]).all()


def test_the_oracle_predicts_what_the_answers_hold(tiny: Release, prepared: Prepared) -> None:
    shown = prepare("intervention_effect", release=tiny, oracle=True).folds[0]
    joined = prepared.answers.frame.join(run(Oracle(), shown), on="effect")
    assert joined["estimate"].to_numpy() == pytest.approx(joined["oracle_estimate"].to_numpy(), abs=1e-9)


def test_controls_have_no_intervention_of_the_kind_until_the_last_day(prepared: Prepared) -> None:
    fold = prepared.folds[0]
    market = Market.of(fold)
    closures = fold.tables["interventions"].filter(kind="closure").collect()
    effect = fold.to_predict().filter(outcome="adverts").collect().row(0, named=True)
    later = closures.filter(pl.col("day") > effect["day"] + 181)["region"].n_unique()
    never = len(market.regions) - closures["region"].n_unique()
    found = market.course(effect)
    assert found is not None
    assert len(found.controls) == later + never
    assert found.window(effect).stop - found.window(effect).start in (4, 22)


def test_weeks_are_aligned_with_the_intervention(prepared: Prepared) -> None:
    fold = prepared.folds[0]
    effect = fold.to_predict().filter(outcome="adverts").collect().row(0, named=True)
    found = Market.of(fold).course(effect)
    assert found is not None
    total = fold.tables["market"].filter(region=effect["region"]).group_by("day").agg(pl.col("adverts").sum())
    week = total.filter(pl.col("day").is_between(effect["day"], effect["day"] + 6)).collect()["adverts"].sum()
    assert found.own[found.before] == week


STEPS, START = 100, 71


def panel(
    folder: Path, controls: dict[str, np.ndarray], treated: dict[str, np.ndarray], **market: str
) -> Prepared:
    """A user's panel by name; the treated are changed from step 71 on, to the end. ``market``: further columns."""
    series = [
        pl.DataFrame({"place": name, "step": np.arange(1, STEPS + 1), "sales": values, "trade": 1.0})
        for name, values in (controls | treated).items()
    ]
    pl.concat(series).write_csv(folder / "series.csv")
    pl.DataFrame({"place": list(treated)}).write_csv(folder / "treated.csv")
    days = {"day": str(START), "first_day": str(START), "last_day": str(STEPS)}
    tables = {
        "effects": {"region": "place", "outcome": "'sales'", "scale": "'level'", **days},
        "market": {"region": "place", "day": "step", "sales": "sales", **market},
    }
    own = {
        "name": "panel", "task": "intervention_effect", "path": str(folder), "files": "treated.csv", "format": "csv",
        "unit": "place", "tables": tables, "sources": {"market": "series.csv"},
    }  # fmt: skip
    return prepare("intervention_effect", own=own)


def estimate_and_notes(prepared: Prepared) -> tuple[pl.DataFrame, list[str]]:
    method = SyntheticControl()
    return run(method, prepared.folds[0]), method.notes


def autoregressive_course(seed: int) -> np.ndarray:
    """An autoregressive course about 100, as in CausalImpact's vignette."""
    noise = np.random.default_rng(seed).normal(size=STEPS)
    made = np.zeros(STEPS)
    for step in range(1, STEPS):
        made[step] = 0.999 * made[step - 1] + noise[step]
    return 100 + made


def with_step(values: np.ndarray, by: float) -> np.ndarray:
    return values + np.where(np.arange(1, STEPS + 1) >= START, by, 0.0)


def test_one_control_gives_no_interval_and_a_note_that_it_does_not_make_up_the_region(tmp_path: Path) -> None:
    """CausalImpact's vignette: the outcome is 1.2 times its only control, and 10 more from step 71 on."""
    control = autoregressive_course(1)
    found, notes = estimate_and_notes(panel(tmp_path, {"x1": control}, {"y": with_step(1.2 * control, 10)}))
    estimate, lower, upper = found.select("estimate", "lower", "upper").row(0)
    assert estimate > 25
    assert lower is upper is None
    apart = 0.2 * control[: START - 1]
    error = np.sqrt(np.mean(apart**2))
    assert notes[0] == (
        f"synthetic control of x1 1.000; error before the intervention {error:.3g} (root mean square)."
    )
    assert f"the series was {apart.mean():.3g} above its synthetic control on average" in notes[1]
    assert f"over half of the estimate of {estimate:.3g}" in notes[1]
    assert notes[2] == "no interval: it needs 3 controls, each forecast from the others, and there is one."


def test_a_region_that_its_controls_make_up_has_a_note_with_their_names_and_no_warning(
    tmp_path: Path,
) -> None:
    controls = {f"town {name}": autoregressive_course(seed) for seed, name in enumerate("ABCD")}
    mixed = 0.7 * controls["town A"] + 0.3 * controls["town C"]
    found, notes = estimate_and_notes(panel(tmp_path, controls, {"y": with_step(mixed, -6)}))
    assert found["estimate"][0] == pytest.approx(-6)
    [said] = notes
    assert said.startswith("synthetic control of town A 0.700, town C 0.300; error before the intervention ")


def test_notes_on_few_effects_use_the_users_names(tmp_path: Path) -> None:
    controls = {"east": autoregressive_course(0), "west": autoregressive_course(1)}
    treated = {"north": with_step(controls["east"], 5), "south": with_step(controls["west"], 5)}
    _, notes = estimate_and_notes(panel(tmp_path, controls, treated))
    assert notes[0].startswith("effect north: synthetic control of east 1.000")
    assert notes[1] == (
        "effect north: no interval: it needs 3 controls, each forecast from the others, and there are 2."
    )
    assert notes[2].startswith("effect south: synthetic control of west 1.000")


def test_many_effects_are_summed_up(tiny: Release) -> None:
    _, notes = estimate_and_notes(prepare("intervention_effect", release=tiny))
    assert len(notes) <= 3
    assert "synthetic controls, each of " in notes[0]
    assert "error before the intervention" in notes[0]


@pytest.mark.parametrize(("more", "name"), [({"flags": "trade"}, "flags"), ({"*": "trade"}, "trade")])
def test_a_covariate_is_refused_by_name(more: dict[str, str], name: str, tmp_path: Path) -> None:
    first, second, third = (autoregressive_course(seed) for seed in (1, 2, 3))
    prepared = panel(tmp_path, {"a": first, "b": second}, {"c": third}, **more)
    says = rf"the outcome of no effect \({name}\): no method of intervention_effect"
    with pytest.raises(UsageError, match=says):
        BeforeAfter().predict(prepared.folds[0])
