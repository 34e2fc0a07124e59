"""What a generator leaves behind in columns is found where it was planted, and not where there is nothing."""

import numpy as np
import polars as pl
import pytest
from tipbench.fidelity import statistics
from tipbench.fidelity.own_data import (
    SUBJECTS,
    ComparedNumber,
    classifier_auroc,
    column_shapes,
    split_in_halves,
)


def test_first_digits_of_a_geometric_growth_follow_benford_and_uniform_ones_do_not() -> None:
    growth = pl.DataFrame({"amount": 1.007 ** np.arange(3000)})
    flat = pl.DataFrame({"amount": np.arange(1, 1000, dtype=float)})
    name = "first digits, mean distance from Benford"
    assert statistics.amount_statistics(growth)[name] < 0.005  # type: ignore[operator]
    even = np.abs(1 / 9 - statistics.BENFORD).mean()
    assert statistics.amount_statistics(flat)[name] == pytest.approx(even)


def test_heaping_of_sums_is_counted() -> None:
    told = statistics.amount_statistics(pl.DataFrame({"amount": [100.0, 200.0, 30.0, 7.5, 12.0]}))
    assert told["sums that are multiples of 100"] == pytest.approx(0.4)
    assert told["sums that are multiples of 10"] == pytest.approx(0.6)
    assert told["sums with fractions"] == pytest.approx(0.2)


def test_duplicates_and_a_vocabulary_that_stops_growing_are_seen() -> None:
    rng = np.random.default_rng(0)
    closed = [" ".join(f"w{n}" for n in rng.integers(0, 50, 20)) for _ in range(500)]
    open_ = [" ".join(f"w{'abcdefghij'[n % 10]}{n}" for n in rng.zipf(1.5, 20)) for _ in range(500)]
    few, many = (statistics.text_statistics(pl.DataFrame({"text": texts})) for texts in (closed, open_))
    name = "growth of the vocabulary (Heaps)"
    assert few[name] < 0.1 < 0.3 < many[name]  # type: ignore[operator]
    twice = pl.DataFrame({"text": ["a b", "a b", "c d", "e"]})
    assert statistics.text_statistics(twice)["exact duplicates"] == 0.25


def test_hubs_and_returned_ties_are_seen() -> None:
    star = pl.DataFrame({"source": [0] * 99 + [1], "target": [*range(1, 100), 0]})
    told = statistics.edge_statistics(star)
    assert told["targets per source, Gini"] == pytest.approx(0.49)
    assert told["ties that are returned"] == pytest.approx(0.02)
    assert told["ties repeated"] == 0


def test_a_gini_is_0_of_equals_and_nearly_1_where_one_has_all() -> None:
    assert statistics.gini(np.ones(10)) == pytest.approx(0)
    assert statistics.gini(np.array([0.0] * 99 + [1.0])) == pytest.approx(0.99)


def test_overlap_of_lists_is_of_people() -> None:
    rows = pl.DataFrame({"a": [True, False, True], "b": [False, True, True], "count": [6, 2, 2]})
    told = statistics.list_statistics(rows)
    assert told["people on two lists or more"] == pytest.approx(0.2)
    assert told["share of the largest list"] == pytest.approx(8 / 12)
    assert told["pairs of lists that share nobody"] == 0
    assert told["patterns seen, of those possible"] == 1


def test_clockwork_is_less_bursty_than_chance() -> None:
    rng = np.random.default_rng(1)
    regular = pl.DataFrame({"who": np.repeat([0, 1, 2, 3], 40), "when": np.tile(np.arange(40) * 7, 4)})
    random = pl.DataFrame({"who": np.repeat([0, 1, 2, 3], 40), "when": rng.integers(0, 280, 160)})
    name = "gaps between events, burstiness"
    assert statistics.time_statistics(regular)[name] == pytest.approx(-1)
    assert -0.3 < statistics.time_statistics(random)[name] < 0.3  # type: ignore[operator]


def test_a_classifier_is_at_chance_where_nothing_differs_and_finds_what_does() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(2)
    one, other = (pl.DataFrame({"x": rng.normal(size=400), "y": rng.normal(size=400)}) for _ in range(2))
    assert classifier_auroc(one, other) == pytest.approx(0.5, abs=0.1)
    moved = other.with_columns(y=pl.col("x") + 0.1 * pl.col("y"))  # each column alone is as before
    assert classifier_auroc(one, moved) > 0.8  # type: ignore[operator]
    assert classifier_auroc(one.head(49), other) is None


def test_sdmetrics_says_how_alike_a_column_is() -> None:
    pytest.importorskip("sdmetrics")
    one = pl.DataFrame({"x": np.arange(100)})
    shapes = column_shapes(one, pl.DataFrame({"x": np.arange(50, 150)}))
    assert shapes["x"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("real", "release", "verdict"),
    [
        (0.30, 0.38, "alike"),
        (0.30, 0.45, "apart"),
        (0.09, 0.02, "apart"),
        (0.001, 0.01, "alike"),
        (0.01, 0.04, "apart"),
        (60.0, 85.0, "alike"),
        (60.0, 700.0, "apart"),
        (-1.0, -0.9, "alike"),
        (-1.0, 0.9, "apart"),
        (None, 0.9, "not told"),
    ],
)
def test_alike_is_a_matter_of_distance_and_of_ratio(real: float | None, release: float, verdict: str) -> None:
    assert ComparedNumber("number", real, release, (None, None)).verdict == verdict


def test_halves_keep_an_items_votes_together_and_a_persons_lists() -> None:
    rng = np.random.default_rng(0)
    subjects = {subject.name: subject for subject in SUBJECTS}
    votes = pl.DataFrame({"item": [1, 1, 2, 2, 3, 3, 4, 4], "worker": range(8), "vote": ["a"] * 8})
    first, second = split_in_halves(votes, rng, subjects["votes"])
    assert not set(first["item"]) & set(second["item"])
    assert first.height + second.height == 8
    lists = pl.DataFrame({"a": [True], "b": [False], "count": [1000]})
    parts = split_in_halves(lists, rng, subjects["lists"])
    assert sum(int(part["count"].sum()) for part in parts) == 1000
