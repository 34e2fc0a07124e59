"""A fenced fold says what the fold says, under ids that nobody outside knows."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tipbench.data.fold import Prepared
from tipbench.data.relabelling import relabel
from tipbench.loading import prepare
from tipbench.runs.folds import predict_fold
from tipbench.tasks import tasks
from tipdata.release import Release
from tipdata.stages import all_tables

KEY = bytes(range(32))
FIRST = 1 << 52


@pytest.fixture(scope="module", params=sorted(tasks()))
def pair(request: pytest.FixtureRequest, tiny: Release) -> tuple[Prepared, Prepared]:
    plain = prepare(request.param, release="tiny")
    return plain, relabel(plain, KEY)


def ids_in(frame: pl.DataFrame) -> set[int]:
    found: set[int] = set()
    for column in frame.iter_columns():
        inner = column.explode() if column.dtype == pl.List(pl.Int64) else column
        if inner.dtype == pl.Int64:
            found |= set(inner.drop_nulls())
    return found


def test_no_id_of_the_release_is_left(pair: tuple[Prepared, Prepared]) -> None:
    plain, fenced = pair
    for name, table in fenced.folds[0].tables.items():
        shown = table.collect()
        columns = [
            c.name for c in all_tables()[name].columns if c.name in shown.columns and c.dtype == pl.Int64
        ]
        for column in columns:
            declared = all_tables()[name][column]
            if declared.id_of or (declared.sealed and declared.sealed.way == "label"):
                assert shown[column].drop_nulls().is_between(FIRST, 2 * FIRST).all(), (name, column)
    unit = plain.task.unit
    if plain.folds[0].parts.schema[unit] == pl.Int64:
        assert not set(plain.folds[0].parts[unit]) & set(fenced.folds[0].parts[unit])


def test_whatever_is_not_an_id_is_the_same_rows_in_another_order(pair: tuple[Prepared, Prepared]) -> None:
    plain, fenced = pair
    for name, before in plain.folds[0].tables.items():
        one, other = before.collect(), fenced.folds[0].tables[name].collect()
        assert one.schema == other.schema
        kept = [c for c in one.columns if one.schema[c] not in (pl.Int64, pl.List(pl.Int64))]
        assert_frame_equal(one.select(kept), other.select(kept), check_row_order=False)


def test_parts_and_labels_are_of_the_same_units(pair: tuple[Prepared, Prepared]) -> None:
    plain, fenced = pair
    for name in ("parts", "supervision"):
        one, other = getattr(plain.folds[0], name), getattr(fenced.folds[0], name)
        unit = plain.task.unit
        assert other[unit].is_sorted()
        drop = [c for c in ("label",) if plain.task.kind.linked]
        if not plain.task.forecast:
            key = plain.task.kind.key(unit)
            again = fenced.back(other.rename({unit: key})).rename({key: unit})
            assert_frame_equal(
                one.drop(drop, strict=False), again.drop(drop, strict=False), check_row_order=False
            )
        assert one.height == other.height
        if plain.task.kind.linked and name == "supervision":
            assert (
                one.group_by("label").len()["len"].sort().equals(other.group_by("label").len()["len"].sort())
            )


def test_another_fold_has_other_ids_and_the_same_fold_the_same(tiny: Release) -> None:
    plain = prepare("advert_risk", release="tiny")
    ids = [set(relabel(plain, key).folds[0].parts["advert"]) for key in (KEY, KEY, bytes(32))]
    assert ids[0] == ids[1]
    assert not ids[0] & ids[2]


def test_what_is_copied_stays_copied(tiny: Release) -> None:
    plain = prepare("advert_linkage", release="tiny")
    one, other = (
        p.folds[0].tables["adverts"].select("advert", "contacts", "images").collect()
        for p in (plain, relabel(plain, KEY))
    )
    for column in ("contacts", "images"):
        counts = [
            frame[column].explode().drop_nulls().value_counts()["count"].sort() for frame in (one, other)
        ]
        assert counts[0].equals(counts[1])
        assert not ids_in(one.select(column)) & ids_in(other.select(column))


class LengthOfAct:
    """Scores each step by the act in it, so that a row under a wrong id changes the answer."""

    needs: frozenset[str] = frozenset()
    stochastic = False

    def fit(self, fold, seed): ...

    def begin(self, units): ...

    def step(self, rows):
        length = pl.col("act").cast(pl.String).str.len_chars().fill_null(0).cast(pl.Float64)
        return rows.select("conversation", score=length)


def test_steps_hand_over_the_rows_of_their_units(tiny: Release) -> None:
    plain = prepare("recruitment_onset", release="tiny")
    made = []
    for one in (plain, relabel(plain, KEY)):
        method = LengthOfAct()
        method.fit(one.folds[0], 0)
        made.append(predict_fold(method, one, 0, "length").sort("conversation"))
    assert_frame_equal(made[0], made[1])
    assert made[0].height > 10


def test_an_id_that_the_fold_has_not_stays(tiny: Release) -> None:
    fenced = relabel(prepare("advert_risk", release="tiny"), KEY)
    strange = pl.DataFrame({"advert": [5], "score": [0.5]})
    assert_frame_equal(fenced.back(strange), strange)
