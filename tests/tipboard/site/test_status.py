"""Who ran a method, and what follows for ranks and mean ranks."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from tipbench.runs.results import Result
from tipboard.board.columns import COLUMNS
from tipboard.board.entries import Entry, reference_entries
from tipboard.board.files import Board, reference_only
from tipboard.board.standings import Line, standings
from tipboard.site.overview import covering
from tipboard.site.sizes import size_of

OWN = {"baseline": {"method": {"_target_": "my_methods.Better"}}}
SHIPPED = {"baseline": {"method": {"_target_": "tipbaselines.advert_risk.prior.Prior"}}}
TASKS = ("advert_risk", "account_risk")


def lines(*entries: Entry) -> dict[str, Line]:
    [shown] = standings(Board("0.4.0/tiny", list(entries)))
    return {line["name"]: line for line in shown}


def text(key: str, line: Line) -> str:
    return next(column.text(line) for column in COLUMNS if column.name == key)


def test_own_runs_are_run_here_and_no_reference_methods(result: Callable, site: Callable) -> None:
    found = reference_entries(
        [result("advert_risk/prior", config=SHIPPED), result("advert_risk/better", config=OWN)], []
    )
    assert [(entry.id, entry.is_reference) for entry in found] == [
        ("tipbench--prior", True), ("own--better", False)
    ]  # fmt: skip
    assert {line["status"] for line in lines(*found).values()} == {"run here"}
    made = site(*found)
    page = (made / "tiny/methods/own--better.html").read_text(encoding="utf-8")
    assert '<p class="status">run here</p>' in page
    assert "tipbench does not ship it" in page
    assert "reproduced</p>" not in page
    assert reference_only(Board("0.4.0/tiny", found)).entries == found


def test_a_submission_has_no_rank_and_takes_none_from_others(
    result: Callable, board: Callable, submission: Callable
) -> None:
    names = ("m0", "m1", "m2")
    results = [
        result(f"advert_risk/{name}", score=score) for name, score in zip(names, (0.9, 0.5, 0.3), strict=True)
    ]
    ranked = board(*results, draws={name: np.full(9, 0.5) for name in names}).entries
    sent = [
        submission([result(f"advert_risk/{name}", score=score, verified=verified)], method=name)
        for name, score, verified in (("good", 0.6, False), ("best", 0.95, True), ("poor", 0.1, True))
    ]
    found, alone = lines(*ranked, *sent), lines(*ranked)
    assert list(found) == [*alone, "north / best", "north / good", "north / poor"]
    assert {name: found[name] for name in alone} == alone
    assert [(line["rank"], line["rank_low"], text("rank", line)) for line in list(found.values())[3:]] == [
        (None, None, "-")
    ] * 3


@pytest.fixture
def covered(result: Callable, submission: Callable) -> Callable[[], list[dict[str, Any]]]:
    """Coverage of a shipped method, a self-reported one, a reproduced one, and one that is half of each."""

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
        return [
            {**record, "kind": row["kind"]} for record, row in zip(table.records, table.rows, strict=True)
        ]

    return make


def test_mean_ranks_count_what_was_run_here(covered: Callable) -> None:
    found = {record["method"]: record for record in covered()}
    assert list(found) == ["lightgbm", "again", "claim", "half"]
    assert {
        name: (record["tasks"], record["mean_rank"], record["kind"]) for name, record in found.items()
    } == {
        "lightgbm": (2, 1, ""),
        "again": (0, None, "reproduced"),
        "claim": (0, None, "claimed"),
        "half": (0, None, "claimed"),
    }
    assert found["again"]["ranks"] == "account_risk (not ranked), advert_risk (not ranked)"
    assert found["half"]["status"] == "self-reported, reproduced"
