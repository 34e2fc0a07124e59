"""What is for hosts alone says in one sentence what it needs, before it looks at anything."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tipboard.board.acceptance import accept
from tipboard.rounds.host import open_secret
from tipboard.rounds.new import RoundOrder, new_round
from tipboard.submissions.packages import install
from tipboard.submissions.storage import Packages
from tipcore import operating_system
from tipcore.errors import UsageError

NOW, NOWHERE = datetime(2026, 1, 1, tzinfo=UTC), Path("nowhere")
CALLS: dict[str, Callable[[], object]] = {
    "Accepting a submission": lambda: accept(NOWHERE, NOWHERE),
    "Reproducing a submission": lambda: install("a==1", Packages(), NOWHERE),
    "Hosting a sealed round": lambda: open_secret(NOWHERE),
    "Hosting a sealed round ": lambda: new_round(
        RoundOrder("a", "tiny", "2027-01-01", NOWHERE, NOWHERE), NOW
    ),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_system_that_cannot_confine_hosts_nothing(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operating_system, "CONFINES", False)
    with pytest.raises(UsageError, match=f"^{what.strip()} needs a POSIX system: [^.]*\\.$"):
        CALLS[what]()
