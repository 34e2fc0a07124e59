"""How far an interval reaches that is not there."""

from collections.abc import Callable

import numpy as np
import pytest
from tipboard.board.fresh import ASSUMED, LARGEST_MARGIN, Bounded, fresh_of, supports

DATA = "0.4.0/tiny"


def test_without_an_interval_a_wide_one_is_assumed_and_an_undefined_fresh_score_supports_nothing() -> None:
    bare = Bounded(0.9, None, None, withheld=True)
    edge = 0.9 - np.hypot(ASSUMED, ASSUMED) - LARGEST_MARGIN
    assert supports(bare, Bounded(edge + 1e-9, None, None, withheld=True), lower_is_better=False)
    assert not supports(bare, Bounded(edge - 1e-9, None, None, withheld=True), lower_is_better=False)
    assert not supports(bare, Bounded(None, None, None), lower_is_better=False)


@pytest.mark.parametrize(
    ("replicates", "note", "assumed"),
    [
        (1000, "too few clusters", True),
        (0, "undefined in too many bootstrap replicates", False),
        (1000, None, False),
    ],
)
def test_a_wide_interval_is_assumed_only_where_the_evaluator_withheld_one(
    replicates: int, note: str | None, assumed: bool, result: Callable
) -> None:
    found = [
        result("advert_risk/m", score=score, data=data, config={"replicates": replicates},
               scores={"average_precision": {"value": score, "note": note}})
        for score, data in ((0.4, DATA), (0.1, f"{DATA}.w7"))
    ]  # fmt: skip
    told = fresh_of(found[:1], found[1:], "average_precision")
    assert told is not None
    assert told.score.reach(up=True) == (ASSUMED if assumed else 0.0)
    assert told.supports is assumed
