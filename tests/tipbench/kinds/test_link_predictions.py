"""Links that are not what their kind asks for are refused in one sentence with counts."""

import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.kinds.links import with_links
from tipbench.kinds.predictions import check_predictions
from tipcore.errors import UsageError

GALLERY = pl.DataFrame(
    {
        "region": [0] * 12 + [1],
        "view": ["accounts"] * 12 + ["wallets"],
        "candidate": [*range(12), 5],
        "cluster": [7, 7, *[None] * 10, 8],
        "group": ["trafficking"] * 2 + ["resident"] * 10 + ["business"],
    },
    schema_overrides={"region": pl.Int32},
)
SEEDS = pl.DataFrame(
    {"advert": [1, 2], "region": [0, 1], "cluster": [7, 8], "given": [0, None]},
    schema_overrides={"region": pl.Int32},
)
ANSWERS = Answers(kinds.LINKS, "advert", with_links(SEEDS, GALLERY), gallery=GALLERY)
GOOD = pl.DataFrame(
    {
        "query": [2, 1, 1],
        "view": ["wallets", "accounts", "accounts"],
        "candidate": [5, 3, 1],
        "score": [0.5, 0.1, 0.9],
    }
)


def test_lists_come_back_by_seed_view_and_score() -> None:
    assert check_predictions(ANSWERS, GOOD)["candidate"].to_list() == [1, 3, 5]


def test_what_a_seed_names_is_no_link_of_it() -> None:
    assert ANSWERS.frame["links"].to_list() == [1, 1]
    alone = with_links(SEEDS, GALLERY.filter(pl.col("candidate") != 1))
    assert alone["links"].to_list() == [0, 1]
    assert Answers(kinds.LINKS, "advert", alone, gallery=GALLERY).scored()["advert"].to_list() == [2]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (GOOD.drop("view"), "no column view"),
        (GOOD.with_columns(query=pl.lit(9, pl.Int64)), "1 of 1 query keys are not among the 2 seeds"),
        (GOOD.with_columns(view=pl.lit("firms")), "3 of 3 name a candidate that its view does not have"),
        (
            GOOD.with_columns(candidate=pl.lit(5, pl.Int64), query=pl.lit(2, pl.Int64)),
            "does not have in the query's region",
        ),
        (GOOD.with_columns(score=pl.lit(float("nan"))), "NaN"),
        (GOOD.cast({"candidate": pl.String}), "candidate is String"),
        (pl.concat([GOOD, GOOD.head(1)]), "2 of 4 rows repeat a query, view and candidate"),
        (
            pl.DataFrame({"query": [1] * 11, "view": "accounts", "candidate": range(11), "score": 0.5}),
            "1 lists of a query and view have more than 10 candidates",
        ),
    ],
)
def test_malformed_links_are_refused(wrong: pl.DataFrame, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_predictions(ANSWERS, wrong)


def test_a_truth_without_a_gallery_is_none() -> None:
    with pytest.raises(UsageError, match="nothing can be linked"):
        Answers(kinds.LINKS, "advert", with_links(SEEDS, GALLERY))
    with pytest.raises(UsageError, match="the gallery has no group"):
        Answers(kinds.LINKS, "advert", with_links(SEEDS, GALLERY), gallery=GALLERY.drop("group"))
