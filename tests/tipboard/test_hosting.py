"""What is for hosts alone says in one sentence what it needs, before it looks at anything."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tipboard.board.acceptance import accept
from tipboard.seasons.record import open_secret
from tipboard.submissions.packages import install
from tipboard.submissions.storage import Packages
from tipcore import operating_system
from tipcore.errors import UsageError

NOWHERE = Path("nowhere")
CALLS: dict[str, Callable[[], object]] = {
    "Accepting a submission": lambda: accept(NOWHERE, NOWHERE),
    "Running a submission": lambda: install("a==1", Packages(), NOWHERE),
    "Hosting a season": lambda: open_secret(NOWHERE),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_system_that_cannot_confine_hosts_nothing(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operating_system, "CONFINES", False)
    with pytest.raises(UsageError, match=f"^{what} needs a POSIX system: [^.]*\\.$"):
        CALLS[what]()
