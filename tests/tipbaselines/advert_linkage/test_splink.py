"""Splink: who is linked on records and on adverts, and that it is quiet, repeatable and safe on little data."""

import logging
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hand_made import make_fold, predict
from tipbaselines.advert_linkage.records import record_fields
from tipbaselines.advert_linkage.splink import Splink, _train

WORDS = [
    f"{a}{b}"
    for a in ("ka", "lo", "mi", "ru", "te", "so")
    for b in ("ban", "del", "fir", "gom", "hus", "jat")
]


def linked(adverts: pl.DataFrame, seed: int = 0) -> pl.DataFrame:
    return predict(Splink(), make_fold("advert_linkage", adverts), seed)


def people(count: int = 150) -> pl.DataFrame:
    """Two records a person, the second with one letter of the surname changed; advert % count is the person."""
    rng = np.random.default_rng(5)
    field = {n: rng.choice(WORDS, count) for n in ("given_name", "suburb")}
    surname = [f"{a}{b}" for a, b in zip(rng.choice(WORDS, count), rng.choice(WORDS, count), strict=True)]
    born = [str(day) for day in rng.integers(19_000_000, 20_000_000, count)]
    once = pl.DataFrame({**field, "surname": surname, "date_of_birth": born})
    again = once.with_columns(pl.col("surname").str.slice(0, 4) + "x" + pl.col("surname").str.slice(5))
    both = pl.concat([once, again]).with_row_index("advert").with_columns(pl.col("advert").cast(pl.Int64))
    return both.with_columns(pl.col("surname").alias("title"), pl.col("suburb").alias("body"))


def adverts(operators: int = 40, each: int = 4) -> pl.DataFrame:
    """Operators with a contact, a town and a text of their own; ``advert // each`` is the operator."""
    rng = np.random.default_rng(7)
    rows = []
    for operator in range(operators):
        text = rng.choice(WORDS, 20)
        for _ in range(each):
            varied = text.copy()
            varied[rng.integers(20)] = rng.choice(WORDS)
            town, contact = operator % 7, 100 + operator
            rows.append((len(rows), " ".join(varied), [contact], town, "massage", "en", 5000 + operator))
    schema = ["advert", "body", "contacts", "town", "category", "language", "price"]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.lit("x").alias("title"))


def cluster_of(predictions: pl.DataFrame) -> Sequence[int]:
    return predictions.sort("advert")["cluster"].to_list()


def test_misspelt_records_of_a_person_are_linked_and_those_of_two_are_not():
    cluster = cluster_of(linked(people()))
    together = np.mean([cluster[i] == cluster[i + 150] for i in range(150)])
    assert together > 0.95
    assert len(set(cluster)) > 0.95 * 150


def test_adverts_of_one_operator_are_linked_and_those_of_two_are_not():
    cluster = np.array(cluster_of(linked(adverts()))).reshape(40, 4)
    assert (cluster == cluster[:, :1]).mean() > 0.95
    assert len(np.unique(cluster)) >= 38


def test_every_advert_comes_back_once_whatever_the_order_of_rows(capfd: pytest.CaptureFixture[str]):
    """And nothing is written, and logging is left as it was."""
    before = logging.getLogger("splink").level, list(logging.getLogger("splink").handlers)
    frame = adverts(operators=20)
    found = linked(frame)
    assert found["advert"].to_list() == list(range(80))
    assert found.equals(linked(frame.sample(fraction=1.0, shuffle=True, seed=3)))
    assert capfd.readouterr() == ("", "")
    assert (logging.getLogger("splink").level, list(logging.getLogger("splink").handlers)) == before


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_handful_of_unlike_adverts_are_singletons(rows: int):
    frame = adverts(operators=rows, each=1)
    assert len(set(cluster_of(linked(frame)))) == rows


def test_adverts_without_text_or_contact_are_singletons():
    empty = pl.DataFrame({"advert": [900, 901], "body": ["", None]})
    frame = pl.concat([adverts(), empty], how="diagonal_relaxed")
    cluster = cluster_of(linked(frame))
    assert cluster[-2:] == [900, 901]


class _Failing:
    """Stands for a linker whose round of expectation maximisation ends in an error."""

    def __init__(self, error: Exception) -> None:
        self.training, self._error = self, error

    def estimate_parameters_using_expectation_maximisation(self, *_: object, **__: object) -> None:
        raise self._error


def test_a_round_that_underflows_is_left_out_and_any_other_error_is_raised():
    underflow = ValueError("m_probability value 1e-301 is below the minimum allowed value of 1e-300")
    _train(_Failing(underflow), None, 1)
    with pytest.raises(ValueError, match="no such column"):
        _train(_Failing(ValueError("no such column")), None, 1)


def test_only_columns_that_adverts_lack_make_plain_records():
    assert record_fields(people()) == ["given_name", "suburb", "surname", "date_of_birth"]
    assert record_fields(adverts()) == []
