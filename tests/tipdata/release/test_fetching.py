"""Files of a store that are kept, and their turn."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tipdata.release import fetching
from tipdata.release.fetching import AT_ONCE, Kept, in_turn


def test_of_the_files_that_were_fetched_the_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "KEPT_BYTES", 10)
    kept = Kept()
    for name in "abc":
        kept.put((name, ""), b"1234")
        kept.get(("a", ""))
    assert [kept.get((name, "")) for name in "abc"] == [b"1234", None, b"1234"]
    assert kept.get(("a", "written again")) is None


def test_files_come_in_their_turn_while_the_next_are_fetched() -> None:
    together = threading.Barrier(AT_ONCE, timeout=20)

    def fetch(path: str) -> bytes:
        together.wait()
        return path.encode()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        paths = [str(number) for number in range(3 * AT_ONCE)]
        assert list(in_turn(pool, fetch, paths)) == [path.encode() for path in paths]
