"""What a host does to a round in its own folder: a ledger that was altered, voids, and a clock that is back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_scoring import submission
from tipboard.rounds.audit import audit
from tipboard.rounds.intake import MOST_REASON, take_in, void_entry
from tipboard.rounds.ledger import Ledger, read_ledger, write_ledger
from tipboard.rounds.reveal import reveal
from tipboard.rounds.scoring import score_round
from tipcore.errors import UsageError

OPEN, OVER = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


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


def test_nothing_is_taken_in_before_a_round_opens(copy: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="opens on 2026-06-01: set the clock"):
        take_in(copy.secret, [submission(copy, tmp_path / "a")], datetime(2026, 5, 31, tzinfo=UTC))
