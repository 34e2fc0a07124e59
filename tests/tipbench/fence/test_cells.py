"""Two cells of one package, one after the other: what the first sends by any of these ways, the second does not get.

There would be nothing to gain either: tasks that share a world share no operation between training and test
(:mod:`tipbench.lanes`). Clocks and the speed of caches cannot be hidden (docs/fence.md).
"""

import os
import re
from collections.abc import Callable

import pytest
from tipbench.data.fold import Prepared
from tipbench.fence.method import FencedMethod

Put = Callable[..., FencedMethod]
MESSAGE = "1011001110001011"


def noted(put: Put, fenced: Prepared, channel: str, message: str | None = None) -> str:
    method = put("Courier", channel=channel, message=message)
    method.fit(fenced.folds[0], 0)
    (note,) = method.notes
    method.close()
    return note


@pytest.mark.parametrize(
    "channel", ["files", "memory", "a process", "cache", "a counter", "counters", "temporary"]
)
def test_nothing_that_a_cell_leaves_is_there_for_the_next(channel: str, put: Put, fenced: Prepared) -> None:
    noted(put, fenced, channel, MESSAGE)
    assert noted(put, fenced, channel).startswith("kept out: ")


def test_what_a_cell_reads_and_touches_changes_no_time_of_a_file(put: Put, fenced: Prepared) -> None:
    before = noted(put, fenced, "times of files")
    noted(put, fenced, "times of files", MESSAGE)
    assert before.startswith("got [(")
    assert noted(put, fenced, "times of files") == before


def test_a_cell_knows_no_seconds_that_earlier_ones_took(put: Put, fenced: Prepared) -> None:
    assert noted(put, fenced, "clocks") == "got 0.0"


def test_nothing_names_the_world(put: Put, fenced: Prepared) -> None:
    """Whoever knows its number can make it."""
    said = noted(put, fenced, "world")
    assert "/fold" in said
    assert not re.findall(r"0\.5\.0/|tiny|\.w\d", said.replace("site-packages/", ""))
    assert os.environ["TIPBENCH_HOME"] not in said


def test_what_two_cells_try_works_without_a_fence() -> None:
    import couriers

    for channel, got in (("memory", MESSAGE), ("cache", "mincore"), ("counters", "vmstat")):
        notes = []
        for message in (MESSAGE, None):
            method = couriers.Courier(channel, message)
            method.fit(None, 0)
            notes += method.notes
        assert got in notes[1], notes
    couriers.shared_memory.SharedMemory(couriers.NAME).unlink()
