"""What a new round publishes and keeps, and which orders are refused."""

import json
import os
import stat
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from tipbench.data.id_labels import LabelCollision
from tipbench.tasks import tasks
from tipboard.rounds import make_round, new
from tipboard.rounds.components import components, differences, wheel_digest
from tipboard.rounds.make_round import file_digest, files_of
from tipboard.rounds.new import RoundOrder, new_round
from tipboard.rounds.prefixes import lengths_of
from tipboard.rounds.record import (
    SCHEMA,
    Digests,
    Round,
    Rules,
    Wheel,
    commitment_of,
    json_schema,
    read_round,
)
from tipboard.rounds.regions import published_columns
from tipcore.errors import UsageError
from tipdata.core.world import fingerprint
from tipdata.stages import all_tables

OPENS = new.datetime.fromisoformat("2026-06-01T12:00:00+00:00")


def order(place: Path, **changes: Any) -> RoundOrder:
    asked = {"name": "spring", "size": "tiny", "closes": "2026-06-30", "tasks": ("prevalence",)}
    asked |= {"secret": place / "secret", "public": place / "public"}
    return RoundOrder(**{**asked, **changes})


def refused(made: RoundOrder) -> str:
    with pytest.raises(UsageError) as said:
        new_round(made, OPENS, engine="sequential", quiet=True)
    assert "\n" not in str(said.value)
    return str(said.value)


# The record


def test_the_published_schema_is_that_of_the_model() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema()


def test_a_round_validates_against_its_schema(host: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.validate(json.loads((host.public / "round.json").read_text(encoding="utf-8")), json_schema())


def test_the_commitment_binds_every_term_and_the_seed(host: Any) -> None:
    described: Round = host.round
    assert commitment_of(host.seed, described) == described.commitment
    assert commitment_of(bytes(32), described) != described.commitment
    for change in (
        {"closes": date(2026, 7, 1)},
        {"tasks": described.tasks[:-1]},
        {"prefixes": {}},
        {"data": "0.2.0"},
        {"name": "other"},
        {"wheel": Wheel(version="0.0.1", digest="0" * 64)},
        {"components": described.components.model_copy(update={"generator": "0" * 64})},
        {"rules": described.rules.model_copy(update={"submissions": 4})},
    ):
        assert commitment_of(host.seed, described.model_copy(update=change)) != described.commitment


def test_a_round_names_its_components(host: Any) -> None:
    committed = host.round.components
    assert committed.generator == fingerprint(host.round.data)
    assert committed.evaluator.endswith(wheel_digest())
    assert set(committed.dependencies) == {"python", "numpy", "polars", "pyarrow"}
    assert differences(committed, components(host.round.data)) == []
    other = committed.model_copy(update={"generator": "0" * 64, "dependencies": {"numpy": "1.0"}})
    said = differences(other, committed)
    assert len(said) == 2
    assert said[1].startswith("numpy is ")


def test_a_team_has_three_submissions_and_sees_three_decimals_at_the_close(host: Any) -> None:
    assert host.round.rules == Rules(
        submissions=3, decimals=3, shown="at close", ranked="last", access="declared"
    )


@pytest.mark.parametrize(
    ("term", "least"), [(("regions",), 1), (("rules", "submissions"), 1), (("rules", "decimals"), 0)]
)
def test_a_round_has_a_region_and_lets_a_team_hand_something_in(
    host: Any, term: tuple[str, ...], least: int
) -> None:
    for number in (least, least - 1):
        told = host.round.model_dump(mode="json")
        *above, last = term
        (told[above[0]] if above else told)[last] = number
        if number == least:
            Round.model_validate(told)
        else:
            with pytest.raises(ValidationError, match=f"greater than or equal to {least}"):
                Round.model_validate(told)


# What is there


def test_every_published_file_has_its_digest_and_every_column_its_own(host: Any) -> None:
    digests = Digests.model_validate_json((host.public / "digests.json").read_bytes())
    files = {path.relative_to(host.public).as_posix(): path for path in files_of(host.public)}
    assert digests.files.keys() == files.keys() - {"round.json", "digests.json"}
    assert all(file_digest(files[name]) == digest for name, digest in digests.files.items())
    for tables in digests.columns.values():
        assert {name: list(columns) for name, columns in tables.items()} == host.round.columns


def test_the_bytes_of_a_published_file_follow_from_its_rows_and_tell_no_statistics(tmp_path: Path) -> None:
    frame = pl.DataFrame({"advert": [3, 1, 2]})
    for name in ("a.parquet", "b.parquet"):
        make_round.write(tmp_path / name, frame)
    assert file_digest(tmp_path / "a.parquet") == file_digest(tmp_path / "b.parquet")
    column = pq.read_metadata(tmp_path / "a.parquet").row_group(0).column(0)
    assert (column.is_stats_set, column.compression) == (False, "ZSTD")


def test_two_units_of_a_task_with_one_label_make_the_round_refuse_itself() -> None:
    make_round._check_distinct("advert_risk", pl.DataFrame({"advert": [1, 2]}))
    with pytest.raises(LabelCollision, match="two units of advert_risk share a label: make the round again"):
        make_round._check_distinct("advert_risk", pl.DataFrame({"advert": [1, 2, 1]}))


def test_only_what_a_task_of_the_round_reads_is_published(host: Any) -> None:
    for table, columns in published_columns(["advert_authorship"], "0.4.0").items():
        assert table == "adverts"
        assert set(columns) == set(tasks()["advert_authorship"].tables["adverts"])
    for table, columns in host.round.columns.items():
        tiers = {c.name: c.tier for c in all_tables()[table].columns}
        assert {tiers[column] for column in columns} <= {"public", "platform", "legal"}


def test_regions_are_numbered_beyond_those_of_releases(host: Any) -> None:
    assert host.round.region_numbers.start == 1_000_000
    assert host.table("adverts")["region"].n_unique() == host.round.regions == 2


def test_the_secret_is_for_its_owner_alone(host: Any) -> None:
    assert stat.S_IMODE(host.secret.stat().st_mode) == 0o700
    assert stat.S_IMODE((host.secret / "seed.hex").stat().st_mode) == 0o600
    assert not any(path.name.startswith(".") for path in host.secret.parent.iterdir())
    assert not (host.secret / "generated").exists()


def test_every_streamed_task_has_a_length() -> None:
    assert all(task.sealed_length > 0 for task in tasks().values() if task.stream)
    assert lengths_of(["advert_risk", "route_forecast"]) == {"route_forecast": 8}


def test_an_onset_after_the_prefix_is_no_positive_and_one_soon_after_is_unlabelled(host: Any) -> None:
    answers = pl.read_parquet(host.secret / "answers" / "recruitment_onset.parquet")
    truth = host.whole.scan("conversations", truth=True).select("conversation", onset_whole="onset").collect()
    known = answers.join(truth, on="conversation")
    length = host.round.prefixes["recruitment_onset"]
    onset = pl.col("onset_whole")
    assert known.filter(onset <= length).select(
        (pl.col("label") == 1).all(), pl.col("onset").eq(onset).all()
    ).row(0) == (True, True)
    soon = known.filter((onset > length) & (onset <= length + 5))
    assert soon.height > 0
    assert soon["label"].is_null().all()
    later = known.filter(onset.is_null() | (onset > length + 5))
    assert (later["label"] == 0).all()
    assert later["onset"].is_null().all()


def test_a_quarter_of_the_clusters_is_of_the_valid_part_and_no_cluster_is_of_two(host: Any) -> None:
    answers = pl.read_parquet(host.secret / "answers" / "advert_risk.parquet")
    clusters = answers.select("cluster", "part").unique()
    assert clusters["cluster"].is_unique().all()
    assert 0.2 < (clusters["part"] == "valid").mean() < 0.3  # type: ignore[operator]
    accounts = pl.read_parquet(host.secret / "answers" / "account_risk.parquet").select(
        "cluster", other="part"
    )
    both = clusters.join(accounts.unique(), on="cluster")
    assert (both["part"] != both["other"]).any()  # each task draws its own


# What is refused


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        *(
            ({"name": name}, "cannot name a round")
            for name in ("Spring", "spring 2027", "../spring", "", "a--b", "-a", "é")
        ),
        ({"size": "huge"}, "choose tiny, small, full"),
        *(({"closes": day}, "is not a day") for day in ("2026-13-01", "tomorrow", "01.03.2027", "")),
        ({"closes": "2026-05-31"}, "is over"),
        ({"tasks": ("advert_rusk",)}, "does not exist"),
        ({"tasks": ("prevalence", "prevalence")}, "twice"),
    ],
)
def test_an_order_that_cannot_be_fulfilled_is_refused(
    tmp_path: Path, asked: dict[str, Any], said: str
) -> None:
    assert said in refused(order(tmp_path, **asked))


@pytest.mark.parametrize("which", ["secret", "public"])
def test_a_folder_that_exists_is_refused_and_left_alone(tmp_path: Path, which: str) -> None:
    (tmp_path / which).mkdir()
    (tmp_path / which / "mine").write_text("x", encoding="utf-8")
    assert "exists" in refused(order(tmp_path))
    assert os.listdir(tmp_path) == [which]
    assert os.listdir(tmp_path / which) == ["mine"]


def test_a_secret_in_what_is_published_is_refused(tmp_path: Path) -> None:
    assert "keep the secret elsewhere" in refused(order(tmp_path, secret=tmp_path / "public" / "secret"))
    assert "keep the secret elsewhere" in refused(order(tmp_path, secret=tmp_path / "public"))
    hidden = tmp_path / "x" / ".." / "public" / "s"
    assert "keep the secret elsewhere" in refused(order(tmp_path, secret=hidden))


def test_publishing_into_the_secret_folder_is_refused(tmp_path: Path) -> None:
    assert "publish elsewhere" in refused(order(tmp_path, public=tmp_path / "secret" / "public"))


def test_a_secret_in_a_git_checkout_is_refused(tmp_path: Path) -> None:
    checkout = tmp_path / "code"
    (checkout / ".git").mkdir(parents=True)
    assert "git checkout" in refused(order(tmp_path, secret=checkout / "deep" / "secret"))


def test_a_round_may_be_published_in_a_git_checkout_and_shares_nothing_with_another(
    tmp_path: Path, host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new, "sizes", lambda: {"tiny": 2})
    checkout = tmp_path / "code"
    (checkout / ".git").mkdir(parents=True)
    asked = order(tmp_path, public=checkout / "public", tasks=("assistance_triage",))
    made = new_round(asked, OPENS, engine="sequential", quiet=True)
    assert read_round(checkout / "public") == made
    assert made.commitment != host.round.commitment
    assert set(made.columns) == {"contacts"}
    units = pl.read_parquet(checkout / "public" / "units" / "assistance_triage.parquet")["contact"]
    assert not units.is_in(host.table("contacts")["contact"].implode()).any()


def test_a_link_to_what_is_published_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    made = order(
        tmp_path, public=tmp_path / "real" / "public", secret=tmp_path / "link" / "public" / "secret"
    )
    assert "keep the secret elsewhere" in refused(made)


def test_nothing_is_left_behind_where_making_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LabelCollision("two ids of the kind advert share a label")

    monkeypatch.setattr(new, "make_round", fail)
    with pytest.raises(LabelCollision):
        new_round(order(tmp_path), OPENS, quiet=True)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert "cannot be written" in refused(order(tmp_path, public=tmp_path / "file" / "public"))
