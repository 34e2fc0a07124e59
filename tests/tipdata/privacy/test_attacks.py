"""Attacks agree with anonymeter, find what is planted, and find nothing where there is nothing."""

import math

import numpy as np
import polars as pl
import pytest
from real_records import PARTS, RECORDS, tables  # pyright: ignore[reportMissingImports]
from tipdata.privacy.attacks import (
    CodedRows,
    Condition,
    encode_tables,
    find_copies,
    find_links,
    infer_secrets,
    joint_conditions,
    nearest,
    score_guesses,
    single_conditions,
    single_out,
)
from tipdata.privacy.audit import rate_of, risk_of

COLUMNS = ["age", "town", "income", "spell"]


def places(names: list[str]) -> list[int]:
    return [COLUMNS.index(name) for name in names]


def pair(which: int) -> tuple[CodedRows, CodedRows]:
    """Return the synthetic table and the private records (0) or the control (1), by the ranges of these two."""
    frames = tables()
    made, real = encode_tables([frames[2], frames[which]], COLUMNS)
    return made, real


# What anonymeter 1.1.0 finds on these tables, every record being a target: `python real_records.py` beside it.
LINKED = {1: (96, 3), 3: (103, 15)}
INFERRED = {"income": (122, 44), "town": (133, 50)}
ALONE, SINGLED = 1206, (100, 1)
RISKS = {
    (96, 3): (0.31111927293718433, 0.2570085550944772, 0.3652299907798915),
    (103, 15): (0.3067049222300859, 0.24718943620480407, 0.36622040825536767),
    (122, 44): (0.30241849958443423, 0.22949675571088152, 0.37534024345798694),
    (133, 50): (0.3294687189667646, 0.2539727860891377, 0.4049646518443915),
}


def test_copies_are_equal_in_every_column_and_what_is_missing_equals_what_is_missing() -> None:
    made = pl.DataFrame({"n": [1.0, None, 3.0, 0.0], "c": ["a", "b", None, "d"]})
    asked = pl.DataFrame({"n": [1.0, 1.0, None, None, 3.0, 0.0], "c": ["a", "b", "b", "a", None, "d"]})
    found = find_copies(*encode_tables([made, asked], ["n", "c"]))
    assert found.tolist() == [True, False, True, False, True, True]


@pytest.mark.parametrize("k", [1, 3])
def test_linking_finds_what_anonymeter_finds(k: int) -> None:
    parts = places(PARTS[0]), places(PARTS[1])
    assert tuple(int(find_links(*pair(which), parts, k).sum()) for which in (0, 1)) == LINKED[k]


@pytest.mark.parametrize("secret", ["income", "town"])
def test_inferring_finds_what_anonymeter_finds(secret: str) -> None:
    known = [place for place in range(4) if COLUMNS[place] != secret]
    found = tuple(int(infer_secrets(*pair(which), known, COLUMNS.index(secret)).sum()) for which in (0, 1))
    assert found == INFERRED[secret]


def test_singling_out_by_one_column_finds_what_anonymeter_finds() -> None:
    made, _ = pair(0)
    conditions = single_conditions(made, 100_000, np.random.default_rng(0))
    assert len(conditions) == ALONE
    assert tuple(int(single_out(conditions, pair(which)[1]).sum()) for which in (0, 1)) == SINGLED


@pytest.mark.parametrize("counts", sorted(RISKS))
def test_risk_and_interval_are_those_of_anonymeter(counts: tuple[int, int]) -> None:
    risk = risk_of(rate_of(counts[0], RECORDS), rate_of(counts[1], RECORDS))
    assert tuple(risk) == pytest.approx(RISKS[counts], abs=1e-12)


def test_a_rate_is_wilsons() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, .2553 to .3662 without continuity correction.
    rate = rate_of(81, 263)
    assert (rate.value - rate.error, rate.value + rate.error) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    for wrong in ((1, 0), (-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="are no rate"):
            rate_of(*wrong)


def test_the_risk_is_zero_where_the_control_does_as_well_and_one_where_all_is_found() -> None:
    assert risk_of(rate_of(30, 100), rate_of(30, 100)).value == 0
    assert risk_of(rate_of(10, 100), rate_of(30, 100)) == (0, 0, pytest.approx(0, abs=0.01))
    assert risk_of(rate_of(10**6, 10**6), rate_of(0, 10**6)).value == pytest.approx(1, abs=1e-4)


def test_what_is_missing_is_near_to_what_is_missing_and_far_from_all_else() -> None:
    made = pl.DataFrame({"x": [1.0, None, 3.0], "c": ["a", None, "b"]})
    asked = pl.DataFrame({"x": [None, 2.9, 1.4], "c": [None, "b", "a"]})
    one, other = encode_tables([made, asked], ["x", "c"])
    assert nearest(one, other, [0, 1])[:, 0].tolist() == [1, 2, 0]
    assert nearest(one, other, [0])[:, 0].tolist() == [1, 2, 0]
    assert nearest(one, other, [1])[:, 0].tolist() == [1, 2, 0]


def test_neighbours_do_not_depend_on_how_many_targets_are_looked_at_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, real = pair(0)
    at_once = nearest(made, real, [0, 1, 2], 3)
    monkeypatch.setattr("tipdata.privacy.attacks.CHUNK", 7 * len(made))
    assert (nearest(made, real, [0, 1, 2], 3) == at_once).all()
    assert (nearest(made, real, [0, 1, 2], 1)[:, 0] == at_once[:, 0]).all()


def test_a_guess_of_a_number_may_be_a_twentieth_off_and_of_a_name_not() -> None:
    guess, secret = np.array([100.0, 100.0, -100.0, math.nan]), np.array([104.0, 106.0, -104.0, math.nan])
    assert score_guesses(guess, secret, True).tolist() == [True, False, True, True]
    assert score_guesses(np.array([1.0, 2.0]), np.array([1.0, 2.05]), False).tolist() == [True, False]


def test_every_joint_condition_is_another_and_holds_for_one_synthetic_row() -> None:
    made, _ = pair(0)
    found = joint_conditions(made, 100, 3, np.random.default_rng(1))
    assert len({str(one.parts) for one in found}) == len(found) == 100
    assert single_out(found, made).all()
    assert all(len(one.parts) == 3 for one in found)


def test_a_condition_asks_for_values_bounds_and_what_is_missing() -> None:
    rows = np.array([[1.0, 5.0], [2.0, math.nan], [2.0, 7.0]])
    assert Condition(((0, "==", 2.0), (1, ">=", 6.0))).holds(rows).tolist() == [False, False, True]
    assert Condition(((1, "==", math.nan),)).holds(rows).tolist() == [False, True, False]
    assert Condition(((0, "<=", 1.0),)).holds(rows).tolist() == [True, False, False]
