from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench.data.id_labels import FIRST, LabelCollision, id_labels, keyed_words, sealing_of
from tipboard.rounds.ids import CODES, Labels, kinds_of
from tipboard.rounds.regions import alike
from tipdata.core.tables import Column, Sealed, Table
from tipdata.core.world import World
from tipdata.release import generate_region

SEED = bytes(range(32))
REGION = 1_000_003


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return generate_region(World("0.4.0", int.from_bytes(SEED, "big")), REGION)


@pytest.fixture(scope="module")
def labels(tables: dict[str, pl.DataFrame]) -> Labels:
    return Labels.of(SEED, REGION, tables["places"])


@given(st.sets(st.integers(0, 2**48 - 1), min_size=1, max_size=50))
def test_a_label_is_no_public_id_and_survives_a_float64(numbers: set[int]) -> None:
    made = id_labels(SEED, "advert", np.array(sorted(numbers), dtype=np.int64))
    assert made.min() >= FIRST > 2**48
    assert (made.astype(np.float64).astype(np.int64) == made).all()
    assert np.unique(made).size == len(numbers)


def test_labels_differ_by_seed_and_by_kind() -> None:
    numbers = np.arange(1000, dtype=np.int64)
    made = [id_labels(SEED, "advert", numbers), id_labels(SEED, "account", numbers)]
    made.append(id_labels(bytes(32), "advert", numbers))
    assert np.unique(np.concatenate(made)).size == 3000


def test_a_kind_that_ends_where_another_begins_is_another_kind() -> None:
    number = np.array([7], dtype=np.int64)
    assert keyed_words(SEED, "id/a", number) != keyed_words(SEED, "id/", number)


def test_two_ids_with_one_label_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tipbench.data.id_labels.keyed_words",
        lambda seed, kind, numbers: np.zeros(numbers.size, dtype=np.uint64),
    )
    with pytest.raises(LabelCollision, match="another seed"):
        id_labels(SEED, "advert", np.arange(2, dtype=np.int64))


def test_every_town_and_jurisdiction_is_relabelled(tables: dict[str, pl.DataFrame]) -> None:
    codes = {"town": tables["places"]["town"], "jurisdiction": tables["places"]["jurisdiction"]}
    found = set()
    for name, frame in tables.items():
        for column in frame.columns:
            inner = frame[column].explode() if isinstance(frame.schema[column], pl.List) else frame[column]
            known = inner.drop_nulls()
            if known.dtype != pl.Int32 or known.is_empty():
                continue
            for kind, listed in codes.items():
                if known.is_in(listed.implode()).all():
                    assert kinds_of(name)[column] == kind, (name, column)
                    found.add((name, column))
    assert {("circuits", "plan"), ("stops", "town"), ("firms", "jurisdiction"), ("trips", "origin")} <= found


def test_a_64_bit_column_of_which_nobody_decided_is_refused_by_name() -> None:
    column = Column("number", pl.Int64(), "public")
    table = Table("extra", ("number",), (column, Column("lists", pl.List(pl.Int64()), "public")))
    for undecided in table.columns:
        with pytest.raises(ValueError, match=rf"extra\.{undecided.name}: say whether this column holds ids"):
            sealing_of(table, undecided)
    assert sealing_of(table, replace(column, id_of="adverts")) == Sealed("label", "advert")
    assert sealing_of(table, replace(column, id_of="adverts", sealed=Sealed("as_is"))) == Sealed("as_is")


def test_references_still_hold(tables: dict[str, pl.DataFrame], labels: Labels) -> None:
    made = {name: labels.relabelled(name, tables[name]) for name in ("adverts", "accounts", "places", "ties")}
    assert made["adverts"]["account"].is_in(made["accounts"]["account"].implode()).all()
    assert made["adverts"]["town"].is_in(made["places"]["town"].implode()).all()
    before = tables["ties"].join(tables["accounts"], left_on="source", right_on="account")["platform"]
    after = made["ties"].join(made["accounts"], left_on="source", right_on="account")["platform"]
    assert sorted(before) == sorted(after)


def test_nulls_stay_and_lists_keep_their_lengths_and_order(
    tables: dict[str, pl.DataFrame], labels: Labels
) -> None:
    adverts = tables["adverts"]
    contacts = labels.labelled("contact string", adverts["contacts"])
    assert contacts.list.len().equals(adverts["contacts"].list.len())
    wallets = labels.labelled("booking wallet", tables["stops"]["wallet"])
    assert wallets.null_count() == tables["stops"]["wallet"].null_count() > 0
    pairs = (
        pl.DataFrame({"old": adverts["contacts"].explode(), "new": contacts.explode()}).drop_nulls().unique()
    )
    assert pairs["old"].n_unique() == pairs["new"].n_unique() == pairs.height


def test_a_booking_names_its_wallet_unless_the_next_stop_is_asked_for(
    tables: dict[str, pl.DataFrame],
) -> None:
    def joined(*tasks: str) -> int:
        labels = Labels.of(SEED, REGION, tables["places"], alike(tasks))
        made = {name: labels.relabelled(name, tables[name]) for name in ("stops", "trips", "wallets")}
        known = made["wallets"]["wallet"].implode()
        return sum(int(made[name]["wallet"].is_in(known).sum()) for name in ("stops", "trips"))

    known = tables["wallets"]["wallet"].implode()
    named = sum(tables[name]["wallet"].is_in(known).sum() for name in ("stops", "trips"))
    assert joined("case_linkage", "recruitment_onset") == named > 0
    assert joined("case_linkage", "route_forecast") == 0


def test_codes_stay_in_the_range_of_their_region(tables: dict[str, pl.DataFrame], labels: Labels) -> None:
    for kind, width in CODES.items():
        _, made = labels.codes[kind]
        assert made.min() >= REGION * width
        assert made.max() < (REGION + 1) * width
        assert np.unique(made).size == made.size == tables["places"][kind].n_unique()


def test_the_true_distribution_of_the_next_town_follows_its_towns(
    tables: dict[str, pl.DataFrame], labels: Labels
) -> None:
    stops = tables["stops"].head(50)
    made = labels.relabelled("stops", stops)
    towns = tables["places"]["town"].sort()
    new = labels.labelled("town", towns)
    key = labels.labelled("stop", stops["stop"])
    for stop, log in zip(key, stops["next_log"], strict=True):
        told = dict(zip(new.sort(), made.filter(pl.col("stop") == stop)["next_log"][0], strict=True))
        assert told == dict(zip(new, log, strict=True))


def test_rows_come_by_their_new_key(tables: dict[str, pl.DataFrame], labels: Labels) -> None:
    assert labels.relabelled("adverts", tables["adverts"])["advert"].is_sorted()
    assert labels.relabelled("adverts", tables["adverts"].reverse()).equals(
        labels.relabelled("adverts", tables["adverts"])
    )


def test_a_full_region_has_all_codes_of_its_range_and_the_next_begins_where_it_ends() -> None:
    places = pl.DataFrame({"town": range(32), "jurisdiction": [town % 4 for town in range(32)]})
    for region in (1_000_000, 1_000_001):
        labels = Labels.of(SEED, region, places)
        for kind, width in (("town", 32), ("jurisdiction", 4)):
            made = labels.labelled(kind, places[kind]).unique().sort().to_list()
            assert made == list(range(width * region, width * (region + 1)))


def test_labels_fill_their_range() -> None:
    made = id_labels(SEED, "advert", np.arange(2_000, dtype=np.int64))
    assert 2**52 <= made.min() < 2**52 + 2**44
    assert 2**53 - 2**44 < made.max() < 2**53
