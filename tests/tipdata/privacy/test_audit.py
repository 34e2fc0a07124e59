"""An audit finds a table that holds private records, and not one that was drawn like them."""

import numpy as np
import polars as pl
import pytest
from real_records import tables  # pyright: ignore[reportMissingImports]
from tipcore.errors import UsageError
from tipdata.privacy import audit as audit_module
from tipdata.privacy.audit import audit

COLUMNS = ["age", "town", "income", "spell"]


@pytest.fixture(autouse=True)
def fewer_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_module, "CONDITIONS", 150)


def test_every_attack_finds_copied_records_and_none_finds_more_than_is_there() -> None:
    private, control, made = tables()
    found = audit(made, private, control, COLUMNS)
    assert [one.attack for one in found] == [
        "singling out, one column",
        "singling out, 3 columns",
        "linking two halves",
        *(f"inferring {name}" for name in COLUMNS),
    ]
    by_name = {one.attack: one for one in found}
    for name in ("linking two halves", "inferring income"):
        assert by_name[name].has_power
        assert by_name[name].risk.low > 0.05
    assert by_name["singling out, one column"].has_power
    assert by_name["singling out, one column"].risk.value > 0.03
    for one in found:
        assert one.risk.low <= one.risk.value <= one.risk.high
    # A third of the records was copied: nobody can link more of them.
    assert by_name["linking two halves"].risk.value < 0.45


def test_a_table_that_was_drawn_like_them_gives_nothing_away_though_its_leaky_control_does() -> None:
    private, control, _ = tables()
    rng = np.random.default_rng(3)
    fresh = pl.concat([private, control]).with_columns(
        *(pl.col(c) * (1 + 0.4 * pl.Series(rng.random(600) - 0.5)) for c in ("age", "income", "spell")),
        town=pl.Series(rng.permutation(pl.concat([private, control])["town"].to_list())),
    )
    honest = fresh.sample(400, seed=1)
    found = [one for one in audit(honest, private, control, COLUMNS) if one.has_power]
    assert len(found) >= 4
    assert all(one.risk.low <= 0.05 for one in found)


def test_records_audited_against_themselves_are_found_by_each_attack_with_power() -> None:
    private, control, _ = tables()
    found = audit(private, private, control, COLUMNS)
    linking = next(one for one in found if one.attack.startswith("linking"))
    assert linking.private.value > 0.95
    assert linking.risk.low > 0.9


def test_an_attack_without_power_says_so() -> None:
    rng = np.random.default_rng(0)
    one, other, made = (
        pl.DataFrame({c: rng.integers(0, 2, 200).astype(str) for c in "ab"}) for _ in range(3)
    )
    assert not any(found.has_power for found in audit(made, one, other, ["a", "b"]))


def test_the_same_audit_gives_the_same_numbers() -> None:
    private, control, made = tables()
    assert audit(made, private, control, COLUMNS, ["town"]) == audit(
        made, private, control, COLUMNS, ["town"]
    )


def test_what_cannot_be_audited_is_refused() -> None:
    private, control, made = tables()
    for frames, columns, secrets, says in (
        ((made, private, control), ["age", "job"], None, "the audited table has no column job"),
        ((made, private.head(99), control), COLUMNS, None, "the private table has 99 rows"),
        ((made, private, control.head(5)), COLUMNS, None, "the control table has 5 rows"),
        ((made, private, control), ["age"], None, "1 columns are audited"),
        ((made, private, control), COLUMNS, ["job"], "secret job is none of"),
    ):
        with pytest.raises(UsageError, match=says):
            audit(*frames, columns, secrets)
