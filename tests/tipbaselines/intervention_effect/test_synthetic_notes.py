"""What synthetic control says of itself: its weights, how it went along before, and why an interval is lacking."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tipbaselines.intervention_effect.before_after import BeforeAfter
from tipbaselines.intervention_effect.difference_in_differences import DifferenceInDifferences
from tipbaselines.intervention_effect.structural_time_series import StructuralTimeSeries
from tipbaselines.intervention_effect.synthetic_control import SyntheticControl
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipcore.errors import UsageError
from tipdata.release import Release

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
    own = {
        "name": "panel",
        "task": "intervention_effect",
        "path": str(folder),
        "files": "treated.csv",
        "format": "csv",
        "unit": "place",
        "tables": {
            "effects": {
                **{"region": "place", "outcome": "'sales'", "scale": "'level'"},
                **{"day": str(START), "first_day": str(START), "last_day": str(STEPS)},
            },
            "market": {"region": "place", "day": "step", "sales": "sales", **market},
        },
        "sources": {"market": "series.csv"},
    }
    return prepare("intervention_effect", own=own)


def told(prepared: Prepared) -> tuple[pl.DataFrame, list[str]]:
    method = SyntheticControl()
    method.fit(prepared.folds[0], 0)
    return method.predict(prepared.folds[0]), method.notes


def course(seed: int) -> np.ndarray:
    """An autoregressive course about 100, as in CausalImpact's vignette."""
    noise = np.random.default_rng(seed).normal(size=STEPS)
    made = np.zeros(STEPS)
    for step in range(1, STEPS):
        made[step] = 0.999 * made[step - 1] + noise[step]
    return 100 + made


def changed(values: np.ndarray, by: float) -> np.ndarray:
    return values + np.where(np.arange(1, STEPS + 1) >= START, by, 0.0)


def test_one_control_gives_no_interval_and_says_that_it_does_not_make_up_the_region(tmp_path: Path) -> None:
    """CausalImpact's vignette: the outcome is 1.2 times its only control, and 10 more from step 71 on."""
    control = course(1)
    found, notes = told(panel(tmp_path, {"x1": control}, {"y": changed(1.2 * control, 10)}))
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


def test_a_region_that_its_controls_make_up_is_told_with_their_names_and_no_warning(tmp_path: Path) -> None:
    controls = {f"town {name}": course(seed) for seed, name in enumerate("ABCD")}
    mixed = 0.7 * controls["town A"] + 0.3 * controls["town C"]
    found, notes = told(panel(tmp_path, controls, {"y": changed(mixed, -6)}))
    assert found["estimate"][0] == pytest.approx(-6)
    [said] = notes
    assert said.startswith("synthetic control of town A 0.700, town C 0.300; error before the intervention ")


def test_few_effects_are_told_by_the_users_names(tmp_path: Path) -> None:
    controls = {"east": course(0), "west": course(1)}
    treated = {"north": changed(controls["east"], 5), "south": changed(controls["west"], 5)}
    _, notes = told(panel(tmp_path, controls, treated))
    assert notes[0].startswith("effect north: synthetic control of east 1.000")
    assert notes[1] == (
        "effect north: no interval: it needs 3 controls, each forecast from the others, and there are 2."
    )
    assert notes[2].startswith("effect south: synthetic control of west 1.000")


def test_many_effects_are_summed_up(tiny: Release) -> None:
    _, notes = told(prepare("intervention_effect", release=tiny))
    assert len(notes) <= 3
    assert "synthetic controls, each of " in notes[0]
    assert "error before the intervention" in notes[0]


@pytest.mark.parametrize(
    "method", [BeforeAfter, DifferenceInDifferences, StructuralTimeSeries, SyntheticControl]
)
@pytest.mark.parametrize("more", [{"flags": "trade"}, {"*": "trade"}])
def test_a_covariate_is_refused_by_name(method: type, more: dict[str, str], tmp_path: Path) -> None:
    [name] = more if "flags" in more else ["trade"]
    prepared = panel(tmp_path, {"a": course(1), "b": course(2)}, {"c": course(3)}, **more)
    with pytest.raises(
        UsageError, match=rf"the outcome of no effect \({name}\): no method of intervention_effect"
    ):
        method().predict(prepared.folds[0])
