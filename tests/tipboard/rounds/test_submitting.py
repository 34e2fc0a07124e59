"""Submissions to a round: what is taken in, how often and when, what is void, and what is shown at the close."""

import hashlib
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from handed_in import FILE, LAST, OPEN, OVER, altered, fails, packed, rewrite, submission
from tipboard.rounds import scores as module
from tipboard.rounds.audit import audit
from tipboard.rounds.host import read_answers
from tipboard.rounds.intake import MOST_REASON, take_in, void_entry
from tipboard.rounds.ledger import Ledger, read_ledger, same_team, write_ledger
from tipboard.rounds.reveal import reveal
from tipboard.rounds.scores import Scores
from tipboard.rounds.scoring import score_round
from tipboard.rounds.submissions import published_truth, read_submission
from tipboard.submissions.check import check
from tipboard.submissions.messages import Refused
from tipcore.errors import UsageError


def refused(host: Any, folder: Path, now: datetime = OPEN, team: str | None = None) -> str:
    before = read_ledger(host.secret)
    with pytest.raises((UsageError, Refused)) as said:
        take_in(host.secret, [folder], now, team)
    assert read_ledger(host.secret) == before
    return str(said.value)


def test_a_team_has_three_submissions_whatever_its_spelling(copy: Any, tmp_path: Path) -> None:
    spelt = ("Team A", " team  a", "TEAM A")
    for turn, team in enumerate(spelt, 1):
        _, (done,) = take_in(copy.secret, [submission(copy, tmp_path / f"s{turn}", turn)], OPEN, team)
        assert done.turn == turn
    assert "3 of 3" in refused(copy, submission(copy, tmp_path / "s4", 4), team="Team A")
    _, (other,) = take_in(copy.secret, [submission(copy, tmp_path / "b", 9, "team-b")], OPEN)
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


def test_a_submission_is_taken_in_until_the_last_second_and_not_before_the_first_day(
    copy: Any, tmp_path: Path
) -> None:
    one = submission(copy, tmp_path / "b", 2)
    assert "opens on 2026-06-01: set the clock" in refused(copy, one, datetime(2026, 5, 31, tzinfo=UTC))
    take_in(copy.secret, [submission(copy, tmp_path / "a", 1)], LAST)
    with pytest.raises(UsageError, match="open until the end of 2026-06-30"):
        score_round(copy.secret, LAST)
    assert not (copy.public / "scores.json").exists()
    assert "closed on 2026-06-30" in refused(copy, one, OVER)


def test_all_submissions_are_shown_with_three_decimals_and_the_last_counts(copy: Any, tmp_path: Path) -> None:
    for seed in (1, 2):
        take_in(copy.secret, [submission(copy, tmp_path / f"a{seed}", seed)], OPEN)
    shutil.rmtree(tmp_path / "a1")  # the host has copies
    shown, path = score_round(copy.secret, OVER)
    assert path == copy.public / "scores.json"
    assert Scores.model_validate_json(path.read_bytes()) == shown
    assert [entry.counts for entry in shown.entries] == [[], ["advert_risk"]]
    assert shown.commitment == copy.round.commitment
    metrics = shown.entries[0].scores["advert_risk"]["s0"]
    assert set(metrics) >= {"average_precision", "auroc", "harm_gap"}
    for one in metrics.values():
        for value in (one.value, one.low, one.high):
            assert value is None or value == round(value, 3)
    auroc = metrics["auroc"].value
    assert auroc is not None
    assert abs(auroc - 0.5) < 0.1


def test_a_round_that_is_scored_takes_nothing_and_one_that_is_revealed_is_retired(
    copy: Any, tmp_path: Path
) -> None:
    """Even where the clock is set back."""
    other = submission(copy, tmp_path / "b", 2)
    with pytest.raises(UsageError, match="nothing to score"):
        score_round(copy.secret, OVER)
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    with pytest.raises(UsageError, match="not scored"):
        reveal(copy.secret, OVER)
    score_round(copy.secret, OVER)
    assert "was scored on 2026-07-01" in refused(copy, other, OPEN)
    reveal(copy.secret, OVER)
    for late in (lambda: score_round(copy.secret, OVER), lambda: void_entry(copy.secret, 1, "late", OPEN)):
        with pytest.raises(UsageError, match="retired"):
            late()
    assert "retired" in refused(copy, other, LAST)


def test_answers_that_the_host_lost_are_to_be_restored(copy: Any) -> None:
    path = copy.secret / "answers" / "advert_risk.parquet"
    path.unlink()
    with pytest.raises(
        UsageError, match=r"answers/advert_risk\.parquet is missing: restore the host's folder"
    ):
        read_answers(copy.secret, "advert_risk")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("round/autumn-2026", "it is round/autumn-2026 and this is round/spring-2026"),
        ("0.4.0/tiny", "a sealed round has sealed"),
    ],
)
def test_a_submission_to_something_else_does_not_count(
    copy: Any, tmp_path: Path, data: str, said: str
) -> None:
    folder = submission(copy, tmp_path / "sub")
    rewrite(folder / "submission.json", data=data)
    assert said in refused(copy, folder)


def test_a_task_that_the_round_does_not_have_is_refused(copy: Any, tmp_path: Path) -> None:
    described = copy.round.model_copy(update={"tasks": ["advert_risk"]})
    folder = submission(copy, tmp_path / "s", task="supplier_risk")
    with pytest.raises(Refused, match="supplier_risk is not a task of the round: it has advert_risk"):
        read_submission(folder, described, lambda task: read_answers(copy.secret, task), tmp_path)


def test_authors_check_a_submission_against_the_published_units_and_the_host_against_the_answers(
    copy: Any, tmp_path: Path
) -> None:
    folder = submission(copy, tmp_path / "s")
    [one] = check(folder, truth=published_truth(copy.public), quiet=True).scored
    assert one.result.scores["average_precision"].value is None
    assert one.result.scores["average_precision"].note == "sealed: scored at close"
    altered(folder, pl.read_parquet(folder / one.entry.file).head(-1))
    assert "1 missing" in refused(copy, folder)
    shutil.rmtree(copy.secret)
    with pytest.raises(Refused, match="1 missing"):
        check(folder, truth=published_truth(copy.public), quiet=True)


def test_an_alarm_beyond_the_prefix_is_refused(copy: Any, tmp_path: Path) -> None:
    units = pl.read_parquet(copy.public / "units" / "recruitment_onset.parquet")
    late = units.with_columns(step=pl.lit(9, pl.Int32))
    assert "beyond 8" in refused(copy, packed(copy, tmp_path / "late", "recruitment_onset", late))
    last = units.with_columns(step=pl.lit(8, pl.Int32))
    take_in(copy.secret, [packed(copy, tmp_path / "last", "recruitment_onset", last)], OPEN)


def test_the_last_submission_of_each_task_counts(copy: Any, tmp_path: Path) -> None:
    for turn, task in enumerate(("advert_risk", "supplier_risk", "supplier_risk")):
        take_in(copy.secret, [submission(copy, tmp_path / str(turn), turn, task=task)], OPEN)
    shown, _ = score_round(copy.secret, OVER)
    assert [entry.counts for entry in shown.entries] == [["advert_risk"], [], ["supplier_risk"]]


def test_what_could_not_be_scored_at_the_close_is_refused_when_it_is_handed_in(
    copy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "score_predictions", fails)
    said = refused(copy, submission(copy, tmp_path / "s"))
    assert "advert_risk/sealed/s0.parquet: its values give no finite scores (OverflowError)." in said


def test_an_entry_that_cannot_be_scored_stops_no_other(
    copy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn, team in enumerate(("bad", "good"), 1):
        take_in(copy.secret, [submission(copy, tmp_path / team, turn, team)], OPEN)
    score, calls = module.score_predictions, []

    def fails_first(*given: Any) -> Any:
        calls.append(given)
        return fails() if len(calls) == 1 else score(*given)

    monkeypatch.setattr(module, "score_predictions", fails_first)
    shown, _ = score_round(copy.secret, OVER)
    assert [(entry.note, sorted(entry.scores), entry.counts) for entry in shown.entries] == [
        ("could not be scored (OverflowError)", [], []),
        (None, ["advert_risk"], ["advert_risk"]),
    ]
    reveal(copy.secret, OVER)


def test_a_void_entry_says_why_and_the_one_before_it_counts(copy: Any, tmp_path: Path) -> None:
    for turn in (1, 2):
        take_in(copy.secret, [submission(copy, tmp_path / f"a{turn}", turn)], OPEN)
    void_entry(copy.secret, 2, " Withdrawn by its authors. ", OPEN)
    shown, _ = score_round(copy.secret, OVER)
    assert [(entry.note, entry.counts) for entry in shown.entries] == [
        (None, ["advert_risk"]),
        ("void: Withdrawn by its authors.", []),
    ]
    with pytest.raises(UsageError, match="has no submission 3: it has 1 to 2"):
        void_entry(copy.secret, 3, "x", OPEN)


def test_what_was_handed_in_keeps_its_own_digest(copy: Any, tmp_path: Path) -> None:
    folder = submission(copy, tmp_path / "a")
    altered(folder, pl.read_parquet(folder / FILE).reverse())
    take_in(copy.secret, [folder], OPEN)
    given = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    shown, _ = score_round(copy.secret, OVER)
    assert shown.entries[0].files == {FILE: f"sha256:{given}"}


def test_a_ledger_that_was_altered_is_not_scored(copy: Any, tmp_path: Path) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    ledger = read_ledger(copy.secret)
    write_ledger(copy.secret, Ledger(entries=[ledger.entries[0].model_copy(update={"team": "b"})]))
    with pytest.raises(UsageError, match=r"ledger\.json was altered \(submission 1 is not in the chain\)"):
        score_round(copy.secret, OVER)


def test_a_void_after_the_close_says_so(copy: Any, tmp_path: Path) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    score_round(copy.secret, OVER)
    void_entry(copy.secret, 1, "Fraud.", OVER)
    with pytest.raises(UsageError, match=r"scores\.json is not of all that was taken in and voided"):
        reveal(copy.secret, OVER)
    shown, _ = score_round(copy.secret, OVER)
    said = "void on 2026-07-01, after the close, when scores could be known: Fraud."
    assert (shown.entries[0].note, shown.entries[0].scores) == (said, {})
    assert audit(shown, copy.round) == []
    with pytest.raises(UsageError, match="is void already: the reason that was given first stays"):
        void_entry(copy.secret, 1, "Another.", OVER)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("one\ntwo", r"reason= holds the invisible character U\+000A at 4"),
        ("x" * (MOST_REASON + 1), "reason= has 301 characters: give it in at most 300"),
        ("  ", "reason= says nothing"),
    ],
)
def test_a_reason_is_one_short_line(copy: Any, tmp_path: Path, reason: str, said: str) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    with pytest.raises(UsageError, match=said) as refused:
        void_entry(copy.secret, 1, reason, OPEN)
    assert "\n" not in str(refused.value)
    assert len(read_ledger(copy.secret).chain) == 1
