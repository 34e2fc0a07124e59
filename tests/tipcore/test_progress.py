"""Without a terminal, progress is a line now and then; with one, a bar; and quiet work says nothing."""

import pytest
from tipcore import progress as module
from tipcore.engines import run_all
from tipcore.progress import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_pipe_has_a_line_every_ten_seconds_and_none_at_the_end(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress("cells", 1_200, quiet=False) as advance:
        for seconds, more in ((1, 100), (9.5, 900), (11, 50), (12, 50), (30, 50), (50, 50)):
            clock[0] = 100.0 + seconds
            advance(more)
    assert capsys.readouterr().err == (
        "cells: 1,050 of 1,200 done after 11 s\ncells: 1,150 of 1,200 done after 30 s\n"
    )


def test_quiet_work_says_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress("cells", 2, quiet=True) as advance:
        clock[0] = 200.0
        advance(1)
    assert capsys.readouterr().err == ""


def test_items_count_by_their_size(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    def slow(item: int) -> int:
        clock[0] += 20
        return item

    assert run_all(slow, [3, 5, 2], engine="sequential", label="cells", size=lambda item: item) == [3, 5, 2]
    assert capsys.readouterr().err == "cells: 3 of 10 done after 20 s\ncells: 8 of 10 done after 40 s\n"


def test_a_notebook_has_lines_where_a_command_finds_a_terminal_that_cannot_move_its_cursor(
    clock: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv(module.NOTEBOOK, "1")
    with progress("cells", 2, quiet=False) as advance:
        clock[0] = 111.0
        advance(1)
    assert capsys.readouterr().err == "cells: 1 of 2 done after 11 s\n"
