"""Who ran a method, and what follows for ranks and mean ranks."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from tipbench.runs.results import Result
from tipboard.board.board_rows import BoardRow, standings
from tipboard.board.columns import COLUMNS
from tipboard.board.entries import Entry, reference_entries
from tipboard.board.files import Board, reference_only
from tipboard.site.overview import covering
from tipboard.site.sizes import size_of

OWN = {"baseline": {"method": {"_target_": "my_methods.Better"}}}
SHIPPED = {"baseline": {"method": {"_target_": "tipbaselines.advert_risk.prior.Prior"}}}
TASKS = ("advert_risk", "account_risk")


def lines(*entries: Entry) -> dict[str, BoardRow]:
    [shown] = standings(Board("0.4.0/tiny", list(entries)))
    return {line.method: line for line in shown.lines}


def text(key: str, line: BoardRow) -> str:
    return next(column.text(line) for column in COLUMNS if column.key == key)


def test_own_runs_are_run_here_and_no_reference_methods(result: Callable, site: Callable) -> None:
    found = reference_entries(
        [result("advert_risk/prior", config=SHIPPED), result("advert_risk/better", config=OWN)], []
    )
    assert [(entry.id, entry.is_reference) for entry in found] == [
        ("tipbench--prior", True), ("own--better", False)
    ]  # fmt: skip
    assert {line.status for line in lines(*found).values()} == {"run here"}
    made = site(*found)
    page = (made / "tiny/methods/own--better.html").read_text(encoding="utf-8")
    assert '<p class="status">run here</p>' in page
    assert "tipbench does not ship it" in page
    assert "reproduced</p>" not in page
    assert reference_only(Board("0.4.0/tiny", found)).entries == found


def test_a_self_reported_score_has_no_rank_but_where_it_would_stand(
    result: Callable, submission: Callable
) -> None:
    ranked = reference_entries(
        [result(f"advert_risk/m{at}", score=score) for at, score in enumerate((0.9, 0.5, 0.3))], []
    )
    claimed = [
        submission([result(f"advert_risk/{name}", score=score, verified=False)], method=name)
        for name, score in (("good", 0.6), ("same", 0.5), ("poor", 0.1), ("best", 0.95))
    ]
    found = lines(*ranked, *claimed)
    assert [found[f"m{at}"].rank for at in range(3)] == [1, 2, 3]
    would = {name: found[f"north / {name}"].would_rank for name in ("best", "good", "same", "poor")}
    assert would == {"best": 1, "good": 2, "same": 2.5, "poor": 4}
    assert all(found[f"north / {name}"].rank is None for name in would)
    assert text("rank", found["north / poor"]) == "would be 4"


def test_a_score_that_stands_alone_as_self_reported_has_no_rank_at_all(
    result: Callable, submission: Callable
) -> None:
    [line] = lines(submission([result("advert_risk/mine", verified=False)])).values()
    assert (line.rank, line.would_rank, text("rank", line)) == (None, None, "-")


def test_the_interval_of_where_it_would_stand_is_among_the_ranked(
    result: Callable, board: Callable, submission: Callable
) -> None:
    one, other = result("advert_risk/high", score=0.9), result("advert_risk/low", score=0.1)
    claimed = result("advert_risk/low", score=0.1, verified=False)
    draws = {"high": np.full(9, 0.9), "low": np.full(9, 0.1)}
    kept = board(one, other, draws=draws)
    entry = submission([claimed], method="low")
    entry = Entry(entry.team, entry.method, entry.results, kept.entries[1].draws, entry.record)
    found = lines(*kept.entries, entry)
    assert text("rank", found["north / low"]) == "would be 2.5 (2–3)"
    assert text("rank", found["low"]) == "2 (2–2)"


@pytest.fixture
def covered(result: Callable, submission: Callable) -> Callable[[], list[dict[str, Any]]]:
    """Coverage of a method that is ranked twice, a self-reported one that claims more, and one that is half of each."""

    def of(task: str, name: str, score: float, verified: bool) -> Result:
        return result(f"{task}/{name}", score=score, verified=verified)

    def submitted(name: str, score: float, verified: Sequence[bool]) -> Entry:
        results = [of(task, name, score, known) for task, known in zip(TASKS, verified, strict=True)]
        return submission(results, method=name)

    def make() -> list[dict[str, Any]]:
        reference = reference_entries([of(task, "lightgbm", 0.5, True) for task in TASKS], [])
        entries = [*reference, submitted("claim", 0.9, (False, False)), submitted("half", 0.6, (True, False)),
                   submitted("again", 0.4, (True, True))]  # fmt: skip
        table = covering(size_of(Board("0.4.0/tiny", entries)))
        return [{**record, "kind": row.kind} for record, row in zip(table.records, table.rows, strict=True)]

    return make


def test_mean_ranks_count_what_was_run_and_mark_what_is_self_reported(covered: Callable) -> None:
    found = {record["method"]: record for record in covered()}
    assert list(found) == ["lightgbm", "again", "half", "claim"]
    assert {name: record["mean_rank"] for name, record in found.items()} == {
        "lightgbm": 1.5, "again": 2.5, "half": None, "claim": None
    }  # fmt: skip
    assert found["claim"]["kind"] == "claimed"
    assert found["claim"]["status"] == "self-reported"
    assert found["claim"]["ranks"] == (
        "account_risk (self-reported, would be 1), advert_risk (self-reported, would be 1)"
    )
    assert found["half"]["status"] == "self-reported, reproduced"
    assert found["half"]["tasks"] == 1
