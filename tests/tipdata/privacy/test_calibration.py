"""A private table informs a world through noisy counts alone, and what is refused spends nothing."""

import json
import math
import re
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from scipy.stats import beta
from tipcore.errors import UsageError
from tipdata.core.parameters import find_fault
from tipdata.core.world import newest_released, parameters, register
from tipdata.privacy import calibration as calibrate_module
from tipdata.privacy.calibration import Calibration, calibrate, fit, ledger_file
from tipdata.privacy.histograms import Measurement, cells_of, sample_units
from tipdata.privacy.request import CALIBRATABLE, CalibrationRequest, parse_epsilon, read_request

pytest.importorskip("opendp", reason="the extra privacy is not installed")

BASE = parameters(newest_released())
ROWS = 4_000
LANGUAGE = {"column": "lang", "values": {"English": "en", "Spanish": "es", "Other": None}}
SPELL = {"column": "last - first", "bounds": [0, 400]}
WOMEN = {"column": "woman", "by": "form"}


def private_table() -> pl.DataFrame:
    """A table whose shares, means and medians are known."""
    n = np.arange(ROWS)
    return pl.DataFrame(
        {
            "case": n // 2,
            "lang": np.array(["English", "English", "Spanish", "Other"])[n % 4],
            "work": np.array(["companionship", "massage"])[n % 2],
            "form": np.array(["labour", "sexual"])[n % 2],
            "woman": np.array(["yes", "no"])[(n % 10 >= 3).astype(int)],
            "price": np.array([240.0, 110.0])[n % 2],
            "first": n % 50,
            "last": n % 50 + 60 + n % 21,
            "weekday": n % 7,
        }
    )


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "home"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "private" / "cases.parquet"
    file.parent.mkdir()
    private_table().write_parquet(file)
    return file


def request(*, unit: object = "row", limit: float = 3.0, **asked: dict) -> CalibrationRequest:
    listed = {name.replace("__", "."): one for name, one in asked.items()}
    return CalibrationRequest.model_validate({"unit": unit, "limit": limit, "parameters": listed})


def run(table: Path, asked: CalibrationRequest, epsilon: float = 1.0, name: str = "mine.yaml") -> Calibration:
    return calibrate(table, asked, epsilon, table.parent.parent / name)


def test_every_parameter_that_can_be_informed_is_one_of_the_world_and_fits_its_kind() -> None:
    assert len(CALIBRATABLE) > 40
    for path, informed in CALIBRATABLE.items():
        there = BASE[path]
        value = there.get("value")
        assert not path.startswith("children.")
        if informed.how in ("weights", "rates", "medians"):
            assert isinstance(value, dict), path
            assert len(value) > 1
        elif informed.how == "listed":
            assert isinstance(value, list), path
            assert not informed.cuts or len(informed.cuts) + 1 == len(value)
        else:
            assert value is None or not isinstance(value, dict | list), path
        assert bool(informed.by) == (informed.how in ("rates", "medians"))


@pytest.mark.parametrize("path", sorted(CALIBRATABLE))
def test_what_is_fitted_of_any_parameter_is_sound(path: str) -> None:
    how, there = CALIBRATABLE[path].how, BASE[path]
    asked: dict[str, Any] = {"column": "c"} | ({"by": "b"} if how in ("rates", "medians") else {})
    names = list(there["value"]) if how in ("weights", "rates", "medians") else []
    values = {"weights": names, "listed": [0, 1, 2], "rate": ["yes", "no"], "rates": ["yes", "no"]}.get(
        how, [30, 50]
    )
    if how in ("mean", "medians"):
        asked["bounds"] = [1, 400]
    rows = 40 * max(len(names), 1) * len(values)
    turn, groups = np.arange(rows), names or [""]
    by = [groups[i // len(values) % len(groups)] for i in turn]
    frame = pl.DataFrame({"c": [values[i % len(values)] for i in turn], "b": by})
    listed: dict[str, Any] = {path: asked}
    cells = cells_of(frame, request(**listed), BASE)[path]
    counts = np.bincount(cells.row, minlength=cells.count).reshape(-1, cells.width)
    entry = fit(path, cells, counts, there, accuracy=1.0, tolerance=0.05).entry
    assert entry is not None
    assert find_fault(entry, own=True) == ""
    assert "calibrated" in find_fault(entry)


def test_fits_are_what_the_table_holds_but_for_noise(table: Path) -> None:
    asked = request(
        limit=10.0,
        operations__languages=LANGUAGE,
        operations__duration_days=SPELL,
        prices__base={"column": "price", "by": "work", "bounds": [20, 20_000]},
        people__women=WOMEN,
        schedule__weekday_weights={"column": "weekday"},
    )
    made = run(table, asked, epsilon=10.0)
    got = {path: entry["value"] for path, entry in made.world.parameters.items()}
    assert got["operations.languages"]["en"] == pytest.approx(6_667, abs=150)
    assert got["operations.languages"]["es"] == pytest.approx(3_333, abs=150)
    assert got["operations.duration_days"] == pytest.approx(70, abs=3)
    assert got["prices.base"]["companionship"] == pytest.approx(240, rel=0.15)
    assert got["prices.base"]["medical broker"] == BASE["prices.base"]["value"]["medical broker"]
    assert got["people.women"]["labour"] == pytest.approx(0.4, abs=0.05)
    assert got["people.women"]["organs"] == BASE["people.women"]["value"]["organs"]
    assert got["schedule.weekday_weights"] == pytest.approx([1_429] * 7, abs=100)


def test_a_calibrated_world_can_be_made_from_its_file(table: Path) -> None:
    made = run(table, request(operations__languages=LANGUAGE))
    assert register(table.parent.parent / "mine.yaml") == made.world


def test_the_world_file_says_what_was_asked_and_spent_and_no_count(table: Path) -> None:
    asked = request(unit={"column": "case", "rows": 2}, operations__languages=LANGUAGE, people__women=WOMEN)
    made = run(table, asked)
    document = yaml.safe_load((table.parent.parent / "mine.yaml").read_text(encoding="utf-8"))
    told = document["calibration"]
    assert told["epsilon"] <= 1.0 + 1e-9
    assert told["epsilon"] == pytest.approx(1.0)
    assert [one["epsilon"] for one in told["parameters"].values()] == pytest.approx([0.5, 0.5])
    # 2 histograms, 2 rows of a case, and a case replaced is one gone and one come.
    assert told["scale"] == pytest.approx(2 * 2 * 2 / 1.0)
    assert told["unit"] == {"column": "case", "rows": 2}
    text = json.dumps(told)
    assert str(ROWS) not in text
    assert str(ROWS // 2) not in text
    assert made.ledger.spent == pytest.approx(1.0)


def test_runs_add_up_and_what_exceeds_the_limit_is_refused(table: Path) -> None:
    asked = request(limit=2.0, operations__languages=LANGUAGE)
    run(table, asked, name="one.yaml")
    run(table, asked, epsilon=0.5, name="two.yaml")
    before = ledger_file(table).read_bytes()
    with pytest.raises(UsageError, match=r"has spent ε 1\.5 of its limit 2, and 0\.6 more exceeds it"):
        run(table, asked, epsilon=0.6, name="three.yaml")
    assert ledger_file(table).read_bytes() == before
    assert [one["epsilon"] for one in json.loads(before)["runs"]] == pytest.approx([1.0, 0.5])
    of_cases = request(limit=2.0, unit={"column": "case", "rows": 2}, operations__languages=LANGUAGE)
    for other, says in (
        (request(limit=3.0, operations__languages=LANGUAGE), "a limit stays as it was"),
        (of_cases, "budgets of two units do not add up"),
    ):
        with pytest.raises(UsageError, match=says):
            run(table, other, epsilon=0.5, name="three.yaml")
    ledger_file(table).write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="has spent is unknown"):
        run(table, asked, epsilon=0.5, name="three.yaml")


ODD = {"values": {"English": "en", "Spanish": "es"}}
LATER = "last - LAG(last) OVER (ORDER BY first)"
REFUSED = [
    ({"operations__languages": {"column": "language"}}, 1.0, "has no column language"),
    ({"operations__languages": {"column": "UPPER(tongue)"}}, 1.0, "has no column tongue"),
    ({"operations__languages": {"column": "lang +"}}, 1.0, "is no SQL expression"),
    (
        {"operations__languages": {"column": "lang + first"}},
        1.0,
        "does not work with the types of its columns",
    ),
    ({"operations__languages": {**LANGUAGE, "where": "lang"}}, 1.0, "is no condition"),
    ({"operations__duration_days": {**SPELL, "column": "last - MIN(first)"}}, 1.0, "uses other rows"),
    ({"operations__languages": {**LANGUAGE, "where": "price > AVG(price)"}}, 1.0, "uses other rows"),
    ({"operations__duration_days": {**SPELL, "column": LATER}}, 1.0, "uses other rows"),
    ({"operations__languages": {**LANGUAGE, **ODD}}, 1.0, "in some row what `column` holds is none of"),
    ({"operations__languages": {"column": "lang", "values": {"English": "eng"}}}, 1.0, "leads to eng"),
    ({"operations__duration_days": {**SPELL, "bounds": [0, 70]}}, 1.0, "is outside of its bounds 0 to 70"),
    ({"operations__duration_days": {**SPELL, "column": "lang"}}, 1.0, "holds what is no number"),
    ({"operations__languages": LANGUAGE}, 1e-300, "OpenDP makes no noise for ε 1e-300"),
    ({"people__women": {**WOMEN, "by": "work"}}, 1.0, "what `by` holds is none of labour"),
    ({"operations__languages": {**LANGUAGE, "where": "year > 3"}}, 1.0, "has no column year"),
    ({"unit": {"column": "person", "rows": 1}, "operations__languages": LANGUAGE}, 1.0, "which `unit` names"),
    ({"operations__languages": LANGUAGE}, 0.01, "the table has too few units (row)"),
]


@pytest.mark.parametrize(("asked", "epsilon", "says"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_spends_nothing_and_writes_nothing(
    table: Path, asked: dict[str, Any], epsilon: float, says: str
) -> None:
    with pytest.raises(UsageError) as told:
        run(table, request(**asked), epsilon)
    assert says in str(told.value)
    assert sorted(p.name for p in table.parent.parent.rglob("*")) == ["cases.parquet", "private"]


SECRET = "Zaubernuss"
"""Stands in a table, and may stand in no message."""
SOME = "CAST(CASE WHEN lang = 'English' THEN name ELSE '1' END AS INTEGER)"
TELLING = [
    {"operations__languages": {"column": "CAST(name AS INTEGER)"}},
    {"operations__languages": {"column": "STRPTIME(name, '%Y')"}},
    {"operations__languages": {"column": SOME}},
    {"operations__languages": {"column": "name"}},
    {"operations__languages": {**LANGUAGE, "where": "CAST(name AS INTEGER) > 3"}},
    {"operations__languages": {**LANGUAGE, "where": "name"}},
    {"operations__duration_days": {"column": "name", "bounds": [0, 1]}},
    {"people__women": {**WOMEN, "by": "CAST(name AS DOUBLE)"}},
    {"people__women": {**WOMEN, "by": "name"}},
]


@pytest.mark.parametrize("asked", TELLING, ids=range(len(TELLING)))
def test_a_refusal_quotes_no_cell_and_counts_no_rows(table: Path, asked: dict) -> None:
    named = private_table().with_columns(name=pl.format(f"{SECRET} {{}}", pl.col("case")))
    said = set()
    for frame in (named, named.with_columns(name=pl.when(pl.col("first") < 9).then("name"))):
        frame.write_parquet(table)
        with pytest.raises(UsageError) as told:
            run(table, request(**asked))
        assert SECRET not in "".join(traceback.format_exception(told.value))
        assert (told.value.__cause__, told.value.__context__) == (None, None)
        said.add(str(told.value))
    assert len(said) == 1  # however many rows are at fault
    assert not ledger_file(table).exists()


def test_rows_without_a_unit_are_refused_uncounted(table: Path) -> None:
    asked = request(unit={"column": "case", "rows": 2}, operations__languages=LANGUAGE)
    private_table().with_columns(case=pl.when(pl.col("case") > 300).then("case")).write_parquet(table)
    with pytest.raises(UsageError, match="some row has no case") as told:
        run(table, asked)
    assert not re.search(r"\d", str(told.value))


def test_an_expression_can_be_written_so_that_no_row_is_refused(table: Path) -> None:
    asked = request(
        operations__languages={"column": "CASE WHEN lang IN ('English', 'Spanish') THEN lang END", **ODD},
        operations__duration_days={"column": "LEAST(GREATEST(last - first, 61), 70)", "bounds": [61, 70]},
        operations__investigation_days={"column": "TRY_CAST(lang AS DOUBLE)", "bounds": [0, 400]},
    )
    assert run(table, asked, epsilon=3.0).ledger.spent == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cases.csv", f'lang,n\n{SECRET},1\n"{SECRET}'.encode()),
        ("cases.csv", f"lang,n\n{SECRET},1\n1,{SECRET},{SECRET}\n".encode()),
        ("cases.csv", f"lang\n{SECRET} é\n".encode("latin-1")),
        ("cases.parquet", f"PAR1{SECRET}PAR1".encode()),
    ],
)
def test_a_damaged_table_is_refused_without_its_content(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    said = f"is not a whole {file.suffix[1:]} file: it is damaged, or not"
    with pytest.raises(UsageError, match=said) as told:
        run(file, request(operations__languages=LANGUAGE))
    assert str(told.value).count(name) == 1
    assert all(part not in str(told.value) for part in (SECRET, "unclosed", "parse"))


def test_a_table_without_names_of_columns_is_refused_without_its_first_record(tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(f"{SECRET},en\n{SECRET} 2,es\n", encoding="utf-8")
    for asked in (
        request(operations__languages=LANGUAGE),
        request(operations__languages={"column": "UPPER(lang)"}),
        request(unit={"column": "case", "rows": 1}, operations__languages=LANGUAGE),
    ):
        with pytest.raises(UsageError) as told:
            run(file, asked)
        assert SECRET not in str(told.value)


def test_a_table_has_one_budget_whatever_it_is_called(table: Path) -> None:
    asked = request(limit=2.0, operations__languages=LANGUAGE)
    run(table, asked, name="one.yaml")
    link = table.parent.parent / "link.parquet"
    link.symlink_to(table)
    with pytest.raises(UsageError, match=r"has spent ε 1 of its limit 2, and 1\.5 more exceeds it"):
        run(link, asked, epsilon=1.5, name="two.yaml")
    assert run(link, asked, epsilon=0.5, name="two.yaml").ledger.spent == pytest.approx(1.5)
    link.unlink()
    link.hardlink_to(table)
    for one in (link, table):
        with pytest.raises(UsageError, match="has a second name"):
            run(one, asked, epsilon=0.5, name="three.yaml")
    assert [one.name for one in table.parent.parent.rglob("*ledger.json")] == [ledger_file(table).name]


def test_too_few_rows_says_how_many_would_do_and_so_many_do(table: Path) -> None:
    asked = request(operations__languages=LANGUAGE)
    private_table().head(100).write_parquet(table)
    said = r"ε 0\.5 over 1 parameters needs \d+ for noise of at most 5%"
    with pytest.raises(UsageError, match=said) as told:
        run(table, asked, 0.5)
    need = int(str(told.value).partition("needs ")[2].partition(" for")[0])
    private_table().head(need - 1).write_parquet(table)
    with pytest.raises(UsageError, match="units"):
        run(table, asked, 0.5)
    private_table().head(need).write_parquet(table)
    assert run(table, asked, 0.5).ledger.spent == pytest.approx(0.5)


def test_a_target_that_is_there_or_cannot_be_written_costs_nothing(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(operations__languages=LANGUAGE)
    there = table.parent.parent / "mine.yaml"
    there.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        run(table, asked)
    assert there.read_text(encoding="utf-8") == "mine"
    assert not ledger_file(table).exists()

    write = calibrate_module.write_file_atomically

    def full(path: Path, *given: Any) -> None:
        if path.name == "other.yaml":
            raise UsageError("no space left on device; nothing was spent")
        write(path, *given)

    monkeypatch.setattr(calibrate_module, "write_file_atomically", full)
    with pytest.raises(UsageError, match="nothing was spent"):
        run(table, asked, name="other.yaml")
    assert json.loads(ledger_file(table).read_text(encoding="utf-8"))["runs"] == []


def test_counts_are_taken_only_once_ε_is_booked(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: Measurement) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Measurement, "counts", killed)
    with pytest.raises(KeyboardInterrupt):
        run(table, request(operations__languages=LANGUAGE))
    (booked,) = json.loads(ledger_file(table).read_text(encoding="utf-8"))["runs"]
    assert booked["epsilon"] == pytest.approx(1.0)
    assert not (table.parent.parent / "mine.yaml").exists()


@pytest.mark.parametrize("said", ["0", "-1", "inf", "nan", "1e9", "1e-300", "0.0009", "one", ""])
def test_an_epsilon_that_promises_nothing_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match="epsilon="):
        parse_epsilon(said)
    assert parse_epsilon("0.5") == 0.5
    assert parse_epsilon("0.001") == 0.001


WRONG = [
    ("row", "limit: 3", "children.spread: {column: x}", "children.spread cannot be calibrated"),
    ("row", "limit: 3", "operations.form: {column: x, by: y}", "takes no `by`"),
    ("row", "limit: 3", "prices.base: {column: x, bounds: [1, 2]}", "takes a column `by`"),
    ("row", "limit: 3", "prices.base: {column: x, by: y}", "takes `bounds`"),
    ("row", "limit: 3", "prices.base: {column: x, by: y, bounds: [0, 2]}", "above 0"),
    ("row", "limit: 3", "operations.duration_days: {column: x, bounds: [3, 2]}", "lower first"),
    ("row", "limit: 99", "operations.form: {column: x}", "limit is wrong"),
    ("row", "", "operations.form: {column: x}", "limit is wrong: field required"),
    ("row", "limit: 3\ntolerance: 1e-320", "operations.form: {column: x}", "tolerance is"),
    ("{column: case, rows: 0}", "limit: 3", "operations.form: {column: x}", "rows is wrong"),
    ("person", "limit: 3", "operations.form: {column: x}", "give row, or {column"),
    ("row", "limit: 3", "", "parameters is wrong"),
    ("row", "limit: 3", "operations.form: {colum: x}", "is wrong"),
]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        *((f"unit: {unit}\n{limit}\nparameters: {{{listed}}}", says) for unit, limit, listed, says in WRONG),
        *(("- 1", "the file is wrong"), ("", "the file is empty")),
    ],
)
def test_a_request_that_asks_what_cannot_be_is_refused(tmp_path: Path, document: str, says: str) -> None:
    file = tmp_path / "ask.yaml"
    file.write_text(document, encoding="utf-8")
    with pytest.raises(UsageError) as told:
        read_request(file)
    assert says in str(told.value)
    assert "ask.yaml" in str(told.value)


def test_of_a_unit_no_more_rows_count_than_the_bound_and_none_depends_on_another_unit() -> None:
    frame = pl.DataFrame({"case": ["a"] * 50 + ["b"] * 2 + ["c"], "n": range(53)})
    asked = request(unit={"column": "case", "rows": 3}, operations__languages={"column": "n"})
    kept, units = sample_units(frame, asked)
    assert units == 3
    assert dict(kept.group_by("case").len().iter_rows()) == {"a": 3, "b": 2, "c": 1}
    firsts = {tuple(sample_units(frame, asked)[0].filter(pl.col("case") == "a")["n"]) for _ in range(5)}
    assert len(firsts) > 1
    with pytest.raises(UsageError, match="its unit is unknown"):
        sample_units(frame.with_columns(case=None), asked)


def test_a_released_world_rests_on_nothing_calibrated() -> None:
    assert all("calibrated" not in (e["sign"], e["magnitude"]) for e in BASE.values())


PATH = "operations.languages"
RUNS = 400
ASKED = CalibrationRequest.model_validate(
    {"unit": "row", "limit": 10, "parameters": {PATH: {"column": "lang"}}}
)


def measurement(canary: str, epsilon: float, rows: int = 200) -> Measurement:
    """Of a table in which one row is a canary: the only one of its language, or like the others."""
    frame = pl.DataFrame({"lang": ["en", "es", "fr", "ru"] * (rows // 4 - 1) + ["en", "es", "fr", canary]})
    return Measurement(cells_of(frame, ASKED, BASE), 1, epsilon)


def told(made: Measurement, runs: int) -> np.ndarray:
    """Return the noisy count of the canary's language in each run, which says more than the world file does."""
    return np.array([made.counts()[PATH][0, list(BASE[PATH]["value"]).index("zh")] for _ in range(runs)])


def lower_epsilon(there: np.ndarray, absent: np.ndarray) -> float:
    """Return the ε that the best threshold proves with 95% confidence (Clopper-Pearson), the threshold being chosen on
    one half of the runs and held against the other."""
    half = len(there) // 2
    threshold = max(range(-60, 61), key=lambda t: (there[:half] >= t).mean() - (absent[:half] >= t).mean())
    hits, false = ((one[half:] >= threshold).sum() for one in (there, absent))
    n = len(there) - half
    least = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    most = beta.ppf(0.975, false + 1, n - false) if false < n else 1.0
    return math.log(max(least, 1e-12) / most)


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_a_canary_is_told_apart_no_better_than_epsilon_allows(epsilon: float) -> None:
    there, absent = (told(measurement(canary, epsilon), RUNS) for canary in ("zh", "ru"))
    assert lower_epsilon(there, absent) <= epsilon
    advantage = max((there >= t).mean() - (absent >= t).mean() for t in range(-60, 61))
    bound = (math.exp(epsilon) - 1) / (math.exp(epsilon) + 1)
    assert advantage <= bound + 3 * math.sqrt(0.5 / RUNS)


def test_noise_of_a_hundredth_of_the_scale_would_be_noticed() -> None:
    there, absent = (told(measurement(canary, 10.0), RUNS) for canary in ("zh", "ru"))
    assert lower_epsilon(there, absent) > 0.5


def test_of_exact_counts_a_canary_can_be_told_by_anybody() -> None:
    found = []
    for canary in ("zh", "ru"):
        made = measurement(canary, 1.0)
        frame = cells_of(pl.DataFrame({"lang": ["en"]}), ASKED, BASE)[PATH]
        entry = fit(PATH, frame, made.exact()[PATH], BASE[PATH], 0.0, 0.05).entry
        assert entry is not None
        found.append(entry["value"]["zh"])
    assert found[0] > found[1]


def test_noise_is_not_repeated_by_any_seed() -> None:
    made = measurement("ru", 0.5)
    np.random.seed(0)  # noqa: NPY002
    first = told(made, 20)
    np.random.seed(0)  # noqa: NPY002
    assert (first != told(made, 20)).any()


def test_epsilon_is_what_the_library_says_and_the_noise_is_of_its_scale() -> None:
    made = measurement("ru", 0.5)
    assert made.epsilon <= 0.5
    assert made.scale == pytest.approx(2 / 0.5)
    noise = told(made, RUNS)
    assert np.abs(noise).mean() == pytest.approx(made.scale, rel=0.25)
    assert (np.abs(noise) > made.accuracy(PATH)).mean() <= 0.05 / 6 + 0.02
