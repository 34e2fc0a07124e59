"""An audit finds a table that holds private records, and not one that was drawn like them."""

import numpy as np
import polars as pl
import pytest
from real_records import tables  # pyright: ignore[reportMissingImports]
from tipcore.errors import UsageError
from tipdata.privacy import audit as audit_module
from tipdata.privacy.audit import AuditFinding, audit

COLUMNS = ["age", "town", "income", "spell"]


@pytest.fixture(autouse=True)
def fewer_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_module, "CONDITIONS", 150)


def test_every_attack_finds_copied_records_and_none_finds_more_than_is_there() -> None:
    private, control, made = tables()
    found = audit(made, private, control, COLUMNS)
    assert [one.attack for one in found] == [
        "copies",
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
    assert not any(one.fails(0.05) for one in found)


def test_records_audited_against_themselves_are_found_by_each_attack_with_power() -> None:
    private, control, _ = tables()
    found = audit(private, private, control, COLUMNS)
    linking = next(one for one in found if one.attack.startswith("linking"))
    assert linking.private.value > 0.95
    assert linking.risk.low > 0.9


def copies(found: list[AuditFinding]) -> AuditFinding:
    return next(one for one in found if one.attack == "copies")


@pytest.mark.parametrize("rows", [300, pytest.param(30_000, marks=pytest.mark.slow)])
def test_fifteen_records_copied_are_found_and_none_copied_are_not(rows: int) -> None:
    """In a table of more rows than other attacks search, too."""
    private, control, made = tables()
    honest = made.tail(300).sample(rows, with_replacement=True, seed=1)
    leaks = pl.concat([honest.head(rows - 15), private.head(15)])
    assert not copies(audit(honest, private, control, COLUMNS, ["town"])).fails(0.05)
    found = copies(audit(leaks, private, control, COLUMNS, ["town"]))
    assert (found.private.value, found.control.value) == pytest.approx((0.06, 0.01), abs=0.005)
    assert found.fails(0.05)
    assert found.fails(0.9)  # no limit allows copies
    assert not found._replace(attack="linking two halves").fails(0.05)


@pytest.mark.parametrize("turns", [5, pytest.param(40, marks=pytest.mark.slow)])
def test_rows_of_coarse_columns_that_equal_records_by_chance_fail_no_audit(turns: int) -> None:
    rng = np.random.default_rng(1)
    fails = 0
    for turn in range(turns):
        private, control, made = (
            pl.DataFrame({"a": rng.geometric(0.1, n).astype(str), "b": rng.geometric(0.3, n)})
            for n in (300, 300, 2_000)
        )
        found = copies(audit(made, private, control, ["a", "b"], [], seed=turn))
        assert 0.8 < found.control.value < 1
        assert found.has_power
        fails += found.fails(0.05)
    assert fails <= 1


def test_an_attack_without_power_says_so() -> None:
    rng = np.random.default_rng(0)
    coins = [{c: rng.integers(0, 2, 200).astype(str) for c in "ab"} for _ in range(3)]
    one, other, made = map(pl.DataFrame, coins)
    assert not any(found.has_power for found in audit(made, one, other, ["a", "b"]))


def test_the_same_audit_gives_the_same_numbers() -> None:
    private, control, made = tables()
    found, again = (audit(made, private, control, COLUMNS, ["town"]) for _ in range(2))
    assert found == again


def test_what_cannot_be_audited_is_refused() -> None:
    private, control, made = tables()
    lists = private.with_columns(town=pl.concat_list("town"))
    for frames, columns, secrets, says in (
        ((made, private, control), ["age", "job"], None, "the audited table has no column job"),
        ((made, private.head(99), control), COLUMNS, None, "the private table has 99 rows"),
        ((made, private, control.head(5)), COLUMNS, None, "the control table has 5 rows"),
        ((made, private, control), ["age"], None, "1 columns are audited"),
        ((made, private, control), ["age", "age"], None, "column age is given twice"),
        ((made, private, control), [*COLUMNS, "town"], None, "column town is given twice"),
        ((made, lists, control), COLUMNS, None, "column town holds lists"),
        ((made, private, control), COLUMNS, ["job"], "secret job is none of"),
    ):
        with pytest.raises(UsageError, match=says):
            audit(*frames, columns, secrets)
