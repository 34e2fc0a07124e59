"""``tipbench score --help`` says the format of every kind, as the kind declares it."""

from collections.abc import Callable

import pytest
from tipbench.commands.score import formats
from tipbench.kinds import KINDS


def test_the_help_names_the_columns_of_every_kind(tipbench: Callable) -> None:
    code, out, _ = tipbench("score", "--help")
    assert code == 0
    assert formats() in out
    for kind in KINDS.values():
        assert f"  {kind.name} " in out
        assert ", ".join(kind.columns("UNIT")) in out
        assert f"{kind.title}, {kind.rows}" in out


def test_a_column_that_a_kind_changes_is_changed_in_the_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(KINDS["estimates"]), "columns", lambda self, unit: (unit, "guess"))
    assert "UNIT, guess" in formats()
