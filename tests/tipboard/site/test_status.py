"""Who ran a method, and what follows for its place."""

from collections.abc import Callable

import numpy as np
from tipboard.board.entries import Entry, reference_entries
from tipboard.board.files import Board, reference_only
from tipboard.board.standings import Line, standings

OWN = {"baseline": {"method": {"_target_": "my_methods.Better"}}}
SHIPPED = {"baseline": {"method": {"_target_": "tipbaselines.advert_risk.prior.Prior"}}}


def lines(*entries: Entry) -> dict[str, Line]:
    [shown] = standings(Board("0.5.0/tiny", list(entries)))
    return {line["name"]: line for line in shown}


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
    assert reference_only(Board("0.5.0/tiny", found)).entries == found


def test_submissions_stand_after_what_was_run_here_and_change_nothing_there(
    result: Callable, board: Callable, submission: Callable
) -> None:
    names = ("m0", "m1", "m2")
    results = [
        result(f"advert_risk/{name}", score=score) for name, score in zip(names, (0.9, 0.5, 0.3), strict=True)
    ]
    here = board(*results, draws={name: np.full(9, 0.5) for name in names}).entries
    sent = [
        submission([result(f"advert_risk/{name}", score=score, verified=verified)], method=name)
        for name, score, verified in (("good", 0.6, False), ("best", 0.95, True), ("poor", 0.1, True))
    ]
    found, alone = lines(*here, *sent), lines(*here)
    assert list(found) == [*alone, "north / best", "north / good", "north / poor"]
    assert {name: found[name] for name in alone} == alone
    assert [(line["is_best"], line["against"]) for line in list(found.values())[3:]] == [(False, None)] * 3
