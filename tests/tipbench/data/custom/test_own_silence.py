"""What would change a number without a word is refused, or said: an odd cell, a late onset, a vote twice, a slip."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.loading import prepare
from tipcore.errors import UsageError

PEOPLE = pl.DataFrame(
    {
        "police": ["yes", "no", "yes"] * 6,
        "shelter": ["no", "yes", "yes"] * 6,
        "hotline": ["yes", "yes", "no"] * 6,
    }
)


def lists(folder: Path, people: pl.DataFrame) -> dict[str, Any]:
    people.write_csv(folder / "people.csv")
    return {
        "name": "people", "task": "prevalence", "path": str(folder), "files": "people.csv", "format": "csv",
        "unit": "'all'", "distinct": True, "split": "all",
        "sources": {"case_lists": {"sql": "SELECT *, COUNT(*) AS n FROM people GROUP BY ALL"}},
        "tables": {"populations": {"lists": "3"}, "case_lists": {"region": "'all'", "count": "n", "*": "*"}},
    }  # fmt: skip


def test_one_odd_cell_does_not_drop_a_list(tmp_path: Path) -> None:
    [fold] = prepare("prevalence", own=lists(tmp_path, PEOPLE)).folds
    assert {"police", "shelter", "hotline"} <= set(fold.tables["case_lists"].collect_schema().names())
    odd = PEOPLE.with_columns(
        hotline=pl.when(pl.int_range(pl.len()) == 6).then(pl.lit("NA")).otherwise("hotline")
    )
    said = "is yes or no in 3 of 4 cells of hotline and not in 1 .first: 'NA' in row 2.: correct them"
    with pytest.raises(UsageError, match=said):
        prepare("prevalence", own=lists(tmp_path, odd))
    text = PEOPLE.with_columns(remark=pl.lit("seen at night"))
    [fold] = prepare("prevalence", own=lists(tmp_path, text)).folds
    assert "remark" not in fold.tables["case_lists"].collect_schema().names()


def chats(folder: Path, onset: int) -> dict[str, Any]:
    units = pl.DataFrame({"chat": [f"c{i}" for i in range(40)]}).with_row_index("n")
    units.with_columns(bad=pl.col("n") % 2, onset=pl.when(pl.col("n") % 2 == 1).then(onset)).write_csv(
        folder / "chats.csv"
    )
    units.join(pl.DataFrame({"at": [1, 2, 3]}), how="cross").with_columns(act=pl.lit("greet")).write_csv(
        folder / "rows.csv"
    )
    return {
        "name": "chats", "task": "recruitment_onset", "path": str(folder), "files": "chats.csv", "format": "csv",
        "unit": "chat", "label": "bad", "onset": "onset", "sources": {"messages": "rows.csv"},
        "tables": {
            "conversations": {"starter": "n"},
            "messages": {"conversation": "chat", "sequence": "at", "act": "act"},
        },
    }  # fmt: skip


def test_an_onset_after_the_end_of_its_stream_is_refused(tmp_path: Path) -> None:
    prepare("recruitment_onset", own=chats(tmp_path, 3))
    with pytest.raises(
        UsageError, match=r"onsets are after the last step of their conversation .*onset 4 of 3 steps"
    ):
        prepare("recruitment_onset", own=chats(tmp_path, 4))


def votes(folder: Path, cast: pl.DataFrame) -> dict[str, Any]:
    cast.write_csv(folder / "votes.csv")
    items = pl.DataFrame({"item": [f"i{n}" for n in range(8)], "bad": [n % 2 for n in range(8)]})
    items.write_csv(folder / "items.csv")
    return {
        "name": "votes", "task": "flag_aggregation", "path": str(folder), "files": "items.csv", "format": "csv",
        "unit": "item", "label": "bad", "split": "all", "sources": {"reviews": "votes.csv"},
        "tables": {"queue": {"advert": "item"}, "reviews": {"advert": "item", "reviewer": "who", "vote": "says"}},
    }  # fmt: skip


CAST = pl.DataFrame({"item": [f"i{n}" for n in range(8)], "who": "emu", "says": [1, 0] * 4, "at": 5})
TWICE = pl.concat([CAST.with_columns(says=1 - pl.col("says"), at=pl.lit(9, pl.Int32)), CAST])


def test_a_vote_that_is_cast_twice_is_refused(tmp_path: Path) -> None:
    prepare("flag_aggregation", own=votes(tmp_path, CAST))
    with pytest.raises(
        UsageError, match=r"2 of 9 rows are by a reviewer who votes on the same advert again .*keep one"
    ):
        prepare("flag_aggregation", own=votes(tmp_path, pl.concat([CAST, CAST.head(1)])))


@pytest.mark.parametrize("minute", ["1", "'1'", "at - at"])
def test_a_constant_minute_does_not_hide_a_repeated_vote(minute: str, tmp_path: Path) -> None:
    own = votes(tmp_path, TWICE)
    own["tables"]["reviews"]["minute"] = minute.replace("at", "CAST(at AS INT)")
    with pytest.raises(
        UsageError, match="16 of 16 rows are by a reviewer who votes on the same advert again"
    ):
        prepare("flag_aggregation", own=own)


@pytest.mark.parametrize("truth", [{}, {"label": None, "true_class": "bad"}])
def test_the_last_vote_of_a_reviewer_on_an_advert_counts(truth: dict[str, Any], tmp_path: Path) -> None:
    own = votes(tmp_path, TWICE) | truth
    own["tables"]["reviews"]["minute"] = "at"
    prepared = prepare("flag_aggregation", own=own)
    left = prepared.folds[0].tables["reviews"].collect()
    assert left["minute"].to_list() == [9] * 8
    assert left["vote"].cast(pl.Int64).to_list() == [0, 1] * 4
    [note] = [note for note in prepared.notes if note.startswith("reviews: ")]
    assert "8 of 16 votes are followed by a later one of the same reviewer on the same advert" in note


def test_a_column_that_is_almost_one_that_methods_know_is_said(tmp_path: Path) -> None:
    pl.DataFrame({"key": range(40), "text": ["a b"] * 40, "bad": [0, 1] * 20, "where": "p1"}).write_csv(
        tmp_path / "r.csv"
    )
    own = {
        "name": "mine", "task": "advert_risk", "path": str(tmp_path), "files": "r.csv", "format": "csv",
        "unit": "key", "label": "bad", "tables": {"adverts": {"body": "text", "platfrom": "where", "mood": "where"}},
    }  # fmt: skip
    notes = prepare("advert_risk", own=own).notes
    assert [note for note in notes if "if you mean" in note] == [
        "data.tables.adverts.platfrom of data=mine is a feature of your own; if you mean platform, write it so: "
        "methods know it by that name."
    ]
