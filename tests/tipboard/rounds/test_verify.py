"""A round's folder against itself, and after the reveal against its seed."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipboard.rounds import verify as verifying
from tipboard.rounds.host import open_secret
from tipboard.rounds.record import Revealed
from tipboard.rounds.reveal import reveal
from tipboard.rounds.verify import Verified, verify
from tipdata.core.errors import UsageError

OPEN, OVER = datetime(2026, 6, 30, 23, 59, tzinfo=UTC), datetime(2026, 7, 1, 0, 0, tzinfo=UTC)


def checked(folder: Path) -> Verified:
    return verify(folder, engine="sequential", quiet=True)


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_a_round_as_published_has_no_difference(host: Any) -> None:
    found = checked(host.public)
    assert not found.revealed
    assert not found.differences
    assert found.files == 8 * len(host.round.columns) + len(host.round.tasks)


def test_a_changed_missing_or_added_file_is_named(copy: Any) -> None:
    inputs = copy.public / "inputs" / "1000002"
    changed = inputs / "adverts.parquet"
    pl.read_parquet(changed).with_columns(pl.col("minute") + 1).write_parquet(changed)
    (inputs / "flags.parquet").unlink()
    (copy.public / "hint.txt").write_text("x", encoding="utf-8")
    assert checked(copy.public).differences == [
        "inputs/1000002/flags.parquet: is missing",
        "hint.txt: is not of the round",
        "inputs/1000002/adverts.parquet: is another file than was published",
    ]


def test_digests_of_another_round_are_seen(copy: Any) -> None:
    rewrite(copy.public / "digests.json", units={})
    assert checked(copy.public).differences == ["digests.json is not the file that round.json names"]


def test_a_folder_that_is_no_round_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no sealed round"):
        checked(tmp_path)
    (tmp_path / "round.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"no round\.json of this version"):
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
    truth.with_columns(label=1 - pl.col("label")).write_parquet(answers)
    assert checked(copy.public).differences == [
        "answers/advert_risk.parquet: the answers are not what the seed gives"
    ]
    truth.write_parquet(answers)

    other = made[0].columns["1000001"]["adverts"] | {"minute": "0" * 64}
    made[0].columns["1000001"]["adverts"] = other
    named = "inputs/1000001/adverts.parquet: column minute is not what the seed gives"
    assert checked(copy.public).differences == [named]


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
    digests = json.loads((copy.public / "digests.json").read_text(encoding="utf-8"))
    digests["columns"] = {"../..": {"secret": {"label": "0" * 64}}}
    text = json.dumps(digests)
    (copy.public / "digests.json").write_text(text, encoding="utf-8")
    rewrite(copy.public / "round.json", digests=hashlib.sha256(text.encode()).hexdigest())
    assert checked(copy.public).differences == ["inputs/../../secret.parquet: is not of the round"]
