"""SECURITY.md: a way out of any barrier that tipbench builds is in its scope."""

from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "SECURITY.md").read_text(encoding="utf-8")
SCOPE = PAGE.partition("## What is in scope")[2].partition("##")[0]


@pytest.mark.parametrize(
    "barrier",
    ["(docs/fence.md)", "course grade", "data calibrate", "[stores]", "tipbench submit", "seal verify"],
)
def test_every_barrier_is_in_scope(barrier: str) -> None:
    assert barrier in SCOPE
    assert "offers no fence" not in PAGE
