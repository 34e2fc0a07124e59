"""Damage is noticed in whatever is read of a round: one flipped bit in a file is refused by the name of the file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from handed_in import OPEN, OVER, submission
from tipboard.rounds.damage import WRITTEN
from tipboard.rounds.folds import blank_answers, sealed_fold
from tipboard.rounds.host import read_answers
from tipboard.rounds.intake import take_in
from tipboard.rounds.ledger import read_ledger
from tipboard.rounds.predicting import Ask, predict
from tipboard.rounds.scoring import score_round
from tipboard.rounds.source import RegionFolders
from tipboard.rounds.verify import verify
from tipcore.errors import MachineFault, UsageError
from tipdata.release import Release

TASK, FIRST = "route_forecast", "1000000"
POPULAR = {"_target_": "tipbaselines.route_forecast.popular.Popular"}


def flip(path: Path, place: int = 40) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("file", [f"inputs/{FIRST}/stops.parquet", f"units/{TASK}.parquet"])
@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_what_a_participant_reads_is_what_was_published(
    copy: Any, tiny: Release, file: str, damage: Callable[[Path], object]
) -> None:
    damage(copy.public / file)
    for read in (
        lambda: predict(Ask(TASK, POPULAR), copy.public, tiny),
        lambda: blank_answers(TASK, copy.public),
        lambda: sealed_fold(TASK, copy.public, tiny),
    ):
        with pytest.raises(
            MachineFault, match=r"\.parquet (is damaged|cannot be read).*: get the round again\.$"
        ) as said:
            read()
        assert str(copy.public / file) in str(said.value)


def test_every_bit_of_a_published_file_counts(copy: Any) -> None:
    path = copy.public / "units" / f"{TASK}.parquet"
    kept = path.read_bytes()
    for place in range(0, len(kept), max(1, len(kept) // 100)):
        flip(path, place)
        with pytest.raises(MachineFault, match="is damaged"):
            blank_answers(TASK, copy.public)
        path.write_bytes(kept)
    blank_answers(TASK, copy.public)


def test_what_is_not_read_is_left_to_verify(copy: Any, tiny: Release) -> None:
    flip(copy.public / "inputs" / FIRST / "adverts.parquet")
    sealed_fold(TASK, copy.public, tiny)
    with pytest.raises(MachineFault, match=r"adverts\.parquet is damaged"):
        sealed_fold("advert_risk", copy.public, tiny)


def test_digests_that_are_not_those_of_the_round_are_refused(copy: Any, tiny: Release) -> None:
    flip(copy.public / "digests.json")
    with pytest.raises(
        MachineFault, match=r"digests\.json is damaged, since it is not the file that round\.json names"
    ):
        sealed_fold(TASK, copy.public, tiny)


@pytest.mark.parametrize("name", ["answers", "galleries"])
def test_what_the_host_scores_by_is_what_was_written(copy: Any, tmp_path: Path, name: str) -> None:
    file = copy.secret / name / f"{TASK}.parquet"
    flip(file)
    with pytest.raises(
        MachineFault, match=r"is damaged, since it is not .*: restore the host's folder\.$"
    ) as said:
        read_answers(copy.secret, TASK)
    assert str(file) in str(said.value)
    if name == "answers":
        flip(copy.secret / "answers" / "advert_risk.parquet")
        with pytest.raises(MachineFault, match=r"answers/advert_risk\.parquet is damaged"):
            take_in(copy.secret, [submission(copy, tmp_path / "sub")], OPEN)
        assert read_ledger(copy.secret).entries == []


def test_answers_without_digests_as_they_are_published_are_read_or_refused_in_a_sentence(copy: Any) -> None:
    (copy.secret / WRITTEN).unlink()
    read_answers(copy.secret, TASK)
    file = copy.secret / "answers" / f"{TASK}.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(MachineFault, match=r"parquet cannot be read \(.*\): restore the host's folder\.$"):
        read_answers(copy.secret, TASK)


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_damaged_list_of_digests_is_refused_in_a_sentence(copy: Any, content: str) -> None:
    (copy.secret / WRITTEN).write_text(content, encoding="utf-8")
    with pytest.raises(MachineFault, match=r"written\.json cannot be read .*: restore the host's folder\.$"):
        read_answers(copy.secret, TASK)


def test_a_damaged_submission_stops_the_scoring_and_is_not_held_against_its_team(
    copy: Any, tmp_path: Path
) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "sub")], OPEN)
    [kept] = (copy.secret / "submissions" / "1").rglob("*.parquet")
    whole = kept.read_bytes()
    flip(kept)
    with pytest.raises(
        MachineFault, match=r"s0\.parquet is damaged, since it is not .*: restore the host's folder"
    ):
        score_round(copy.secret, OVER)
    assert not (copy.public / "scores.json").exists()
    kept.write_bytes(whole)
    scores, _ = score_round(copy.secret, OVER)
    assert scores.entries[0].note is None


def test_the_host_keeps_the_digest_of_every_file_that_is_scored_by(host: Any) -> None:
    said = json.loads((host.secret / WRITTEN).read_text(encoding="utf-8"))
    there = {
        f"{name}/{path.name}" for name in ("answers", "galleries") for path in (host.secret / name).iterdir()
    }
    assert set(said) == there
    assert not (host.public / WRITTEN).exists()


def test_an_unreadable_answer_of_a_revealed_round_is_a_difference(
    copy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: Any) -> list[str]:
        raise MachineFault("answers/x.parquet cannot be read (what?): restore the host's folder.")

    monkeypatch.setattr("tipboard.rounds.verify.rescored", unreadable)
    monkeypatch.setattr("tipboard.rounds.verify._made_again", lambda *given: [])
    for name in ("answers", "galleries"):
        shutil.copytree(copy.secret / name, copy.public / name)
    revealed = {"name": copy.round.name, "revealed": "2026-07-01", "seed": copy.seed.hex()}
    (copy.public / "revealed.json").write_text(json.dumps(revealed), encoding="utf-8")
    scores = {"name": copy.round.name, "commitment": copy.round.commitment, "entries": []}
    (copy.public / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    found = verify(copy.public, engine="sequential", quiet=True)
    assert found.differences == ["answers/x.parquet cannot be read (what?): restore the host's folder"]


def test_a_table_that_a_round_does_not_publish_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    pl.DataFrame({"advert": [1]}).write_parquet(tmp_path / "0" / "adverts.parquet")
    source = RegionFolders("spring", "0.4.0", tmp_path, range(1), whole=True)
    assert source.scan("adverts").collect().height == 1
    with pytest.raises(UsageError, match=r'^spring has no table advert, .* Did you mean "adverts"\?$'):
        source.scan("advert")
