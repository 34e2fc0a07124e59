"""When imperfect labels come to be known: what happens on the day on which testing begins teaches nobody."""

from dataclasses import dataclass

import polars as pl
from tipbench.data.supervision import delayed, expert, weak

CUT = 474
UNITS = pl.DataFrame(
    {
        "advert": [10, 11, 12, 13, 14, 15],
        "cluster": [0, 1, 2, 3, 4, 0],
        "part": ["train", "train", "valid", "train", "valid", "test"],
        "cut": [CUT] * 6,
    }
)
"""One unit per operation in train and valid; a second of the first operation is tested."""


@dataclass(frozen=True)
class Tables:
    """A source of some tables."""

    tables: dict[str, pl.DataFrame]
    name: str = "made up"
    version: str = "0.5.0"
    regions: int = 1

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        if table == "operations" and not truth:
            raise KeyError("operations are hidden: ask for the truth")
        return self.tables[table].lazy()


def labels(given: pl.DataFrame) -> dict[int, int]:
    return dict(given.select("advert", "label").iter_rows())


def test_an_operation_investigated_on_the_day_of_the_cut_is_not_yet_known() -> None:
    days = pl.Series([CUT - 1, CUT, CUT + 1, None, CUT - 1], dtype=pl.Int32)
    source = Tables({"operations": pl.DataFrame({"operation": range(5), "investigated_day": days})})
    supervise = delayed("advert", lambda _: pl.Series([0, 1, 2, 3]))
    assert labels(supervise(UNITS, source)) == {10: 1, 11: 0, 12: 0, 13: 0, 14: 0}


def test_a_flag_of_the_day_of_the_cut_is_not_yet_known_and_the_first_flag_counts() -> None:
    flags = pl.DataFrame({"advert": [10, 10, 11, 12, 15], "day": [CUT - 1, CUT + 9, CUT, CUT + 1, 0]})
    assert labels(weak("advert")(UNITS, Tables({"flags": flags}))) == {10: 1, 11: 0, 12: 0, 13: 0, 14: 0}


def test_a_mean_score_of_four_is_positive_and_a_unit_without_a_rater_has_no_label() -> None:
    scores = pl.DataFrame({"advert": [10, 10, 11, 11, 12, 15], "score": [5, 3, 4, 3, 6, 6]})
    scores = scores.with_columns(pl.col("score").cast(pl.Int8))
    assert labels(expert("advert")(UNITS, Tables({"annotations": scores}))) == {10: 1, 11: 0, 12: 1}
