"""Submissions: what is taken in, how often, when, and what is shown of it."""

import json
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench.seal.ledger import read_ledger, same_team
from tipbench.seal.reveal import reveal
from tipbench.seal.scoring import Scores, score_round, take_in
from tipdata.errors import UsageError

OPEN, LAST = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)
OVER = datetime(2026, 7, 1, tzinfo=UTC)


def submission(
    host: Any, folder: Path, seed: int = 0, team: str | None = "Team A", task: str = "advert_risk"
) -> Path:
    """A folder of chance scores."""
    units = pl.read_parquet(host.public / "units" / f"{task}.parquet")
    score = np.random.default_rng(seed).random(units.height)
    path = folder / task / "sealed" / "s0.parquet"
    path.parent.mkdir(parents=True)
    units.with_columns(score=pl.Series(score)).write_parquet(path)
    about = {"method": "chance", "access": "public", **({"team": team} if team else {})}
    (folder / "submission.json").write_text(json.dumps(about))
    return folder


def refused(host: Any, folder: Path, now: datetime = OPEN, team: str | None = None) -> str:
    before = read_ledger(host.secret)
    with pytest.raises(UsageError) as said:
        take_in(host.secret, [folder], now, team)
    assert "\n" not in str(said.value)
    assert read_ledger(host.secret) == before
    return str(said.value)


def test_a_team_has_three_submissions_whatever_its_spelling(copy: Any, tmp_path: Path) -> None:
    spelt = ("Team A", " team  a", "TEAM A")
    for turn, team in enumerate(spelt, 1):
        _, (done,) = take_in(copy.secret, [submission(copy, tmp_path / f"s{turn}", turn, team)], OPEN)
        assert done.turn == turn
    assert "3 of 3" in refused(copy, submission(copy, tmp_path / "s4", 4))
    _, (other,) = take_in(copy.secret, [submission(copy, tmp_path / "b", 9, "Team B")], OPEN)
    assert other.turn == 1
    assert len({same_team(team) for team in spelt}) == 1


def test_the_same_files_are_not_counted_twice(copy: Any, tmp_path: Path) -> None:
    one = submission(copy, tmp_path / "one")
    take_in(copy.secret, [one], OPEN)
    assert "nothing was counted" in refused(copy, one)


def test_two_hands_at_once_cannot_both_be_the_third(copy: Any, tmp_path: Path) -> None:
    folders = [submission(copy, tmp_path / f"s{n}", n) for n in range(6)]
    outcomes: list[str] = []

    def hand_in(folder: Path) -> None:
        try:
            take_in(copy.secret, [folder], OPEN)
            outcomes.append("in")
        except UsageError:
            outcomes.append("refused")

    threads = [threading.Thread(target=hand_in, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in"] * 3 + ["refused"] * 3
    assert [entry.turn for entry in read_ledger(copy.secret).entries] == [1, 2, 3]


def test_the_last_second_is_in_time_and_the_next_is_not(copy: Any, tmp_path: Path) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a", 1)], LAST)
    assert "closed on 2026-06-30" in refused(copy, submission(copy, tmp_path / "b", 2), OVER)


def test_no_score_is_shown_before_the_close(copy: Any, tmp_path: Path) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    with pytest.raises(UsageError, match="open until the end of 2026-06-30"):
        score_round(copy.secret, LAST)
    assert not (copy.public / "scores.json").exists()


def test_all_submissions_are_shown_with_three_decimals_and_the_last_counts(copy: Any, tmp_path: Path) -> None:
    for seed in (1, 2):
        take_in(copy.secret, [submission(copy, tmp_path / f"a{seed}", seed)], OPEN)
    shutil.rmtree(tmp_path / "a1")  # the host has copies
    shown, path = score_round(copy.secret, OVER)
    assert path == copy.public / "scores.json"
    assert Scores.model_validate_json(path.read_bytes()) == shown
    assert [entry.counts for entry in shown.entries] == [False, True]
    assert shown.commitment == copy.round.commitment
    metrics = shown.entries[0].scores["advert_risk"]["s0"]
    assert set(metrics) >= {"average_precision", "auroc", "harm_gap", "false_accusations_per_unit"} - {
        "false_accusations_per_unit"
    }
    for one in metrics.values():
        for value in (one.value, one.low, one.high):
            assert value is None or value == round(value, 3)
    auroc = metrics["auroc"].value
    assert auroc is not None
    assert abs(auroc - 0.5) < 0.1


def test_a_revealed_round_takes_nothing_and_scores_nothing(copy: Any, tmp_path: Path) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    with pytest.raises(UsageError, match="not scored"):
        reveal(copy.secret, OVER)
    score_round(copy.secret, OVER)
    reveal(copy.secret, OVER)
    with pytest.raises(UsageError, match="retired"):
        score_round(copy.secret, OVER)
    assert "retired" in refused(copy, submission(copy, tmp_path / "b", 2), LAST)


def test_a_round_without_submissions_has_nothing_to_score(copy: Any) -> None:
    with pytest.raises(UsageError, match="nothing to score"):
        score_round(copy.secret, OVER)


@pytest.mark.parametrize(
    "kind", ["missing", "extra", "nan", "text", "no_file", "link", "stray", "task", "team"]
)
def test_a_malformed_submission_does_not_count(copy: Any, tmp_path: Path, kind: str) -> None:
    folder = submission(copy, tmp_path / "sub", team=None if kind == "team" else "A")
    path = folder / "advert_risk" / "sealed" / "s0.parquet"
    frame = pl.read_parquet(path)
    said = {
        "missing": "missing",
        "extra": "extra",
        "nan": "NaN",
        "text": "no whole parquet file",
        "no_file": "no predictions",
        "link": "is a link",
        "stray": "none of a round's files",
        "task": "no task of the round",
        "team": "names no team",
    }[kind]
    if kind == "missing":
        frame.head(-1).write_parquet(path)
    elif kind == "extra":
        pl.concat([frame, frame.head(1).with_columns(pl.lit(5, pl.Int64).alias("advert"))]).write_parquet(
            path
        )
    elif kind == "nan":
        frame.with_columns(score=pl.lit(float("nan"))).write_parquet(path)
    elif kind == "text":
        path.write_text("advert,score")
    elif kind == "no_file":
        path.unlink()
    elif kind == "link":
        shutil.move(path, tmp_path / "real.parquet")
        path.symlink_to(tmp_path / "real.parquet")
    elif kind == "stray":
        (folder / "model.pkl").write_text("x")
    elif kind == "task":
        shutil.move(folder / "advert_risk", folder / "advert_rusk")
    found = refused(copy, folder)
    assert said in found, found
    if kind == "team":
        assert take_in(copy.secret, [folder], OPEN, "A")[1][0].team == "A"


def test_an_alarm_beyond_the_prefix_is_refused(copy: Any, tmp_path: Path) -> None:
    units = pl.read_parquet(copy.public / "units" / "recruitment_onset.parquet")
    folder = tmp_path / "late"
    path = folder / "recruitment_onset" / "sealed" / "s0.parquet"
    path.parent.mkdir(parents=True)
    (folder / "submission.json").write_text('{"team": "A", "method": "late"}')
    units.with_columns(step=pl.lit(21, pl.Int32)).write_parquet(path)
    assert "beyond 20" in refused(copy, folder)
    units.with_columns(step=pl.lit(20, pl.Int32)).write_parquet(path)
    take_in(copy.secret, [folder], OPEN)


def test_a_folder_that_is_no_submission_is_refused(copy: Any, tmp_path: Path) -> None:
    assert "no submission" in refused(copy, tmp_path / "nowhere")
    (tmp_path / "submission.json").write_text("[]")
    assert "malformed" in refused(copy, tmp_path)
