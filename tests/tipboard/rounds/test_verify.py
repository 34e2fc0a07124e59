"""A round's folder against itself, and after the reveal against its seed."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from handed_in import rewrite
from tipboard.rounds import verify as verifying
from tipboard.rounds.host import open_secret
from tipboard.rounds.record import Revealed
from tipboard.rounds.reveal import reveal
from tipboard.rounds.verify import Verified, verify
from tipcore.errors import UsageError

OPEN, OVER = datetime(2026, 6, 30, 23, 59, tzinfo=UTC), datetime(2026, 7, 1, 0, 0, tzinfo=UTC)


def checked(folder: Path) -> Verified:
    return verify(folder, engine="sequential", quiet=True)


def test_a_round_as_published_has_no_difference(host: Any) -> None:
    found = checked(host.public)
    assert not found.revealed
    assert not found.differences
    assert found.files == 2 * len(host.round.columns) + len(host.round.tasks)


def test_a_changed_missing_or_added_file_is_named(copy: Any) -> None:
    inputs = copy.public / "inputs" / "1000000"
    changed = inputs / "adverts.parquet"
    pl.read_parquet(changed).with_columns(pl.col("minute") + 1).write_parquet(changed)
    (inputs / "flags.parquet").unlink()
    (copy.public / "hint.txt").write_text("x", encoding="utf-8")
    assert checked(copy.public).differences == [
        "inputs/1000000/flags.parquet: is missing",
        "hint.txt: does not belong to the round",
        "inputs/1000000/adverts.parquet: differs from the published file",
    ]


def test_digests_of_another_round_are_seen_and_nothing_is_held_against_them(copy: Any) -> None:
    rewrite(copy.public / "digests.json", units={})
    found = checked(copy.public)
    assert found.differences == ["digests.json is not the file that round.json names"]
    assert (found.revealed, found.files) == (False, 0)


def rewrite_digests(copy: Any, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what a round says of its files, and let it name the changed one."""
    digests = json.loads((copy.public / "digests.json").read_text(encoding="utf-8"))
    change(digests)
    text = json.dumps(digests)
    (copy.public / "digests.json").write_text(text, encoding="utf-8")
    rewrite(copy.public / "round.json", digests=hashlib.sha256(text.encode()).hexdigest())


def test_a_column_or_a_unit_that_is_not_what_its_digest_says_is_named(copy: Any) -> None:
    """The files are as published: only what is said of their columns is not so."""

    def change(digests: dict[str, Any]) -> None:
        columns = digests["columns"]["1000000"]["adverts"]
        columns["minute"], columns["writer"] = "0" * 64, "0" * 64
        del columns["platform"]
        digests["columns"]["1000001"]["people"] = {"person": "0" * 64}
        digests["units"]["advert_risk"] = "0" * 64
        digests["units"]["nothing"] = "0" * 64

    rewrite_digests(copy, change)
    adverts = "inputs/1000000/adverts.parquet: column"
    assert checked(copy.public).differences == [
        f"{adverts} platform was not published",
        f"{adverts} writer was not published",
        f"{adverts} minute differs from its digest",
        "inputs/1000001/people.parquet: does not belong to the round",
        "units/advert_risk.parquet: the units differ from their digest",
        "units/nothing.parquet: does not belong to the round",
    ]


def test_a_round_whose_digests_are_gone_is_to_be_got_again(copy: Any) -> None:
    (copy.public / "digests.json").unlink()
    said = r"digests\.json cannot be read: No such file or directory; get the round again\.$"
    with pytest.raises(UsageError, match=said):
        checked(copy.public)


def test_a_folder_that_is_no_round_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a sealed round"):
        checked(tmp_path)
    (tmp_path / "round.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"not a round\.json of this version"):
        checked(tmp_path)


def test_a_round_cannot_be_revealed_before_its_last_day_is_over(copy: Any) -> None:
    with pytest.raises(UsageError, match="open until the end of 2026-06-30"):
        reveal(copy.secret, OPEN)
    assert not (copy.public / "revealed.json").exists()


def test_a_revealed_round_is_made_again_from_its_seed(copy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One reveal and one making again, for what an honest and a dishonest host would publish."""
    _, folder = reveal(copy.secret, OVER)
    assert folder == copy.public
    told = Revealed.model_validate_json((copy.public / "revealed.json").read_bytes())
    assert told.seed == copy.seed.hex()
    made: list[Any] = []
    make = verifying.make_round

    def once(*words: Any, **options: Any) -> Any:
        made[:] = made or [make(*words, **options)]
        return made[0]

    monkeypatch.setattr(verifying, "make_round", once)
    found = checked(copy.public)
    assert found.revealed
    assert found.differences == []
    assert found.notes == []

    answers = copy.public / "answers" / "advert_risk.parquet"
    truth = pl.read_parquet(answers)
    for altered in (1 - pl.col("label"), pl.col("weight") * (1 + 1e-6)):
        truth.with_columns(altered).write_parquet(answers)
        assert checked(copy.public).differences == [
            "answers/advert_risk.parquet: the answers do not match the seed"
        ]
    truth.with_columns(pl.col("weight") * (1 + 1e-12)).write_parquet(answers)  # another processor's rounding
    assert checked(copy.public).differences == []
    truth.write_parquet(answers)

    gallery = copy.public / "galleries" / "route_forecast.parquet"
    towns = pl.read_parquet(gallery)
    towns.head(-1).write_parquet(gallery)
    named = "galleries/route_forecast.parquet: "
    assert checked(copy.public).differences == [f"{named}the answers do not match the seed"]
    gallery.unlink()
    assert checked(copy.public).differences == [f"{named}is missing"]
    towns.write_parquet(gallery)

    other = made[0].columns["1000001"]["adverts"] | {"minute": "0" * 64}
    made[0].columns["1000001"]["adverts"] = other
    named = "inputs/1000001/adverts.parquet: column minute does not match the seed"
    assert checked(copy.public).differences == [named]


def test_a_reveal_that_was_interrupted_is_done_again_and_keeps_its_day(copy: Any) -> None:
    reveal(copy.secret, OVER)
    told = (copy.public / "revealed.json").read_bytes()
    (copy.public / "revealed.json").unlink()
    reveal(copy.secret, OVER + timedelta(days=3))
    assert (copy.public / "revealed.json").read_bytes() == told
    assert Revealed.model_validate_json(told).revealed == OVER.date()


def test_another_seed_than_the_one_committed_to_is_seen_through(copy: Any) -> None:
    reveal(copy.secret, OVER)
    rewrite(copy.public / "revealed.json", seed="1" * 64)
    assert checked(copy.public).differences == [
        "round.json: the seed in revealed.json does not give the commitment"
    ]


def test_terms_that_were_changed_afterwards_are_seen_through(copy: Any) -> None:
    reveal(copy.secret, OVER)
    rewrite(copy.public / "round.json", closes="2026-08-01")
    assert checked(copy.public).differences == [
        "round.json: the seed in revealed.json does not give the commitment"
    ]


def test_a_seed_that_is_missing_or_altered_is_refused(copy: Any) -> None:
    path = copy.secret / "seed.hex"
    path.write_text("1" * 64, encoding="utf-8")
    with pytest.raises(UsageError, match="was altered"):
        open_secret(copy.secret)
    path.write_text("not hex", encoding="utf-8")
    with pytest.raises(UsageError, match="no seed of 32 bytes"):
        open_secret(copy.secret)
    os.remove(path)
    with pytest.raises(UsageError, match=r"seed\.hex is missing"):
        open_secret(copy.secret)
    path.mkdir()
    with pytest.raises(UsageError, match=r"seed\.hex cannot be read: Is a directory\.$"):
        open_secret(copy.secret)
    path.rmdir()
    with pytest.raises(UsageError, match=r"seed\.hex is missing"):
        open_secret(copy.public)


def test_the_folder_of_another_round_is_refused(copy: Any) -> None:
    rewrite(copy.public / "round.json", commitment="2" * 64)
    with pytest.raises(UsageError, match="is not the round of"):
        reveal(copy.secret, OVER, copy.public)
    assert not (copy.public / "revealed.json").exists()


def test_a_task_that_is_not_known_here_is_named(copy: Any) -> None:
    rewrite(copy.public / "round.json", tasks=["advert_rusk"])
    with pytest.raises(UsageError, match="advert_rusk, which this tipbench does not know"):
        checked(copy.public)


def test_a_path_that_leads_out_of_the_round_is_not_followed(copy: Any) -> None:
    rewrite_digests(copy, lambda told: told.update(columns={"../..": {"secret": {"label": "0" * 64}}}))
    assert checked(copy.public).differences == ["inputs/../../secret.parquet: does not belong to the round"]
