"""Checks of own tables, and own cases: what is refused, and what methods see."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from tipbaselines.case_linkage.contact_joins import ContactJoins
from tipbench.data.custom.checks import (
    check_accounts,
    check_circuits,
    check_contacts,
    check_conversations,
    check_effects,
    check_lists,
    check_payments,
    check_suppliers,
    check_votes,
    is_none_of,
    refuse,
)
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.task import accept_all
from tipbench.tasks import tasks
from tipcore.errors import UsageError

Tables = dict[str, pl.DataFrame]
ROWS = pl.DataFrame({"town": [5, None, 7, 9]})


def refusal(rows: pl.DataFrame, wrong: pl.Expr) -> str | None:
    """The refusal of rows, None where there is none."""
    try:
        refuse("stops", rows, (wrong, "are far away", "drop them"))
    except UsageError as error:
        return str(error)
    return None


def test_a_fault_names_what_how_often_where_first_and_what_to_do() -> None:
    assert refusal(ROWS, pl.col("town") > 6) == "stops: 2 of 4 rows are far away (first: row 3); drop them."
    for right in (ROWS, ROWS[1:2], ROWS[:0]):
        assert refusal(right, pl.col("town") > 9) is None


def test_what_names_nothing_is_none_of_what_is_known() -> None:
    unknown = ROWS.select(is_none_of("town", pl.Series([5, 7, 7]))).to_series()
    assert unknown.to_list() == [False, True, False, True]


def make(table: str, rows: dict[str, list], *others: tuple[str, dict[str, list]]) -> Callable[..., Tables]:
    """Return a function that makes these tables, some columns of the first or whole tables changed."""

    def made(without: str = "", changed: Tables | None = None, **columns: list | None) -> Tables:
        mine = {name: values for name, values in (rows | columns).items() if values is not None}
        tables = {table: pl.DataFrame(mine), **{n: pl.DataFrame(r) for n, r in others}} | (changed or {})
        return {name: frame for name, frame in tables.items() if name != without}

    return made


ties = make("ties", {"source": [1, 2], "target": [2, 3]}, ("accounts", {"account": [1, 2, 3]}))
votes = make(
    "reviews",
    {"advert": [1, 1, 2], "reviewer": ["a", "b", "a"], "vote": ["1", "Harmful", "unsure"]},
    ("queue", {"advert": [1, 2]}),
)
payments = make(
    "payments", {"payer": [1, 2], "payee": [2, 3], "amount": [5.0, 1.0]}, ("wallets", {"wallet": [1, 2, 3]})
)
supplies = make(
    "supplies",
    {"supplier": [1, 2], "buyer": [2, 3]},
    ("firms", {"firm": [1, 2, 3]}),
    ("audits", {"firm": [1, 1]}),
)
contacts = make(
    "contacts", {"contact": [5, 6, 7], "narrative": ["Asks.", "  ", "a"], "strain": [None, 2, None]}
)
lists = make("case_lists", {"region": [0, 0, 0], "a": [1, 0, 1], "b": [0, 1, 1], "count": [30, 20, 4]})
messages = make(
    "messages",
    {
        "conversation": [1, 1, 1, 2],
        "sequence": [1, 2, 3, 1],
        "minute": [10, 12, 12, 40],
        "side": ["first", "second", "first", "first"],
        "act": ["greet", "greet", None, "offer_job"],
    },
    ("conversations", {"conversation": [1, 2]}),
)
stops = make(
    "stops",
    {
        "stop": [1, 2, 3, 4],
        "circuit": [1, 1, 1, 2],
        "sequence": [1, 2, 3, 1],
        "day": [10, 12, 15, 40],
        "town": [5, 6, 5, 7],
    },
    ("circuits", {"circuit": [1, 2]}),
    ("places", {"town": [5, 6, 7]}),
)
EFFECT = {"effect": [0], "region": [1], "outcome": ["value"], "day": [6], "first_day": [6], "last_day": [9]}
MARKET = {"region": [1] * 10 + [2] * 10, "day": [*range(10)] * 2, "value": [1.0] * 20}
effects = make("effects", EFFECT | {"scale": ["level"]}, ("market", MARKET))
market = make("market", MARKET, ("effects", EFFECT | {"scale": ["level"]}))
TWICE = pl.concat([lists()["case_lists"]] * 2)


RIGHT: dict[Callable[[Tables], None], list[Tables]] = {
    check_accounts: [ties(), ties(without="ties")],
    check_votes: [votes(), votes(without="queue"), votes(vote=[1, 0, 1]), votes(without="reviews")],
    check_payments: [payments(), payments(without="wallets"), {}],
    check_suppliers: [supplies(), supplies(without="firms")],
    check_contacts: [contacts()],
    check_lists: [
        lists(),
        {"case_lists": TWICE.with_columns(region=pl.Series([0, 0, 0, 1, 1, 1]))},
        {"case_lists": TWICE.with_columns(sex=pl.Series(["female", "male"]).repeat_by(3).explode())},
    ],
    check_conversations: [messages(), messages(sequence=[1, 3, 9, 4]), messages(without="messages"), {}],
    check_circuits: [
        stops(),
        stops(sequence=[1, 3, 9, 4]),
        stops(day=[10, 10, 10, 1]),
        stops(without="stops"),
        {},
    ],
    check_effects: [effects(), market(region=[1] * 10 + [None] * 10)],
}  # fmt: skip


@pytest.mark.parametrize(("check", "tables"), [(check, one) for check in RIGHT for one in RIGHT[check]])
def test_right_tables_are_accepted(check: Callable[[Tables], None], tables: Tables) -> None:
    check(tables)


FAULTS: dict[Callable[[Tables], None], list[tuple[Tables, str]]] = {
    check_accounts: [
        (ties(target=[2, 9]),
         "ties: 1 of 2 rows have a target that is none of the 3 accounts (first: row 2)"),
        (ties(source=[1, None]), "have a source"),
    ],
    check_votes: [
        (votes(vote=["1", "maybe", "0"]), "1 of 3 votes are none of harmful, clear, unsure, 1, 0 (first: maybe)"),
        (votes(vote=[0, 1, 3]), "1 of 3 votes are none of harmful, clear, unsure, 1, 0 (first: 3)"),
        (votes(vote=["1", None, "0"]),
         "1 of 3 rows are of 1 of 2 reviewers that cast no vote (first: row 2)"),
        (votes(vote=[None, "1", "0"]), "1 of 3 rows have no vote (first: row 1)"),
        (votes(changed={"queue": pl.DataFrame({"advert": [1, 2, 9]})}),
         "queue: 1 of 3 rows have no votes in reviews (first: row 3)"),
    ],
    check_payments: [
        (payments(amount=[0.0, -4.5]),
         "payments: 2 of 2 rows have an amount that is not above 0 (first: row 1)"),
        (payments(amount=[None, 1.0]), "1 of 2 rows have an amount that is not above 0 (first: row 1)"),
        (payments(payee=[2, 9]),
         "payments: 1 of 2 rows have a payee that is none of the 3 wallets (first: row 2)"),
        (payments(payer=[None, 2]), "have a payer"),
    ],
    check_suppliers: [
        (supplies(buyer=[2, 9]),
         "supplies: 1 of 2 rows have a buyer that is none of the 3 firms (first: row 2)"),
        (supplies(supplier=[1, None]), "supplies: 1 of 2 rows have a supplier"),
        (supplies(buyer=[1, 2]), "supplies: 2 of 2 rows have a firm that supplies itself (first: row 1)"),
        (supplies(changed={"complaints": pl.DataFrame({"firm": [7]})}),
         "complaints: 1 of 1 rows have a firm that is none of the 3 firms"),
        (supplies(changed={"audits": pl.DataFrame({"firm": [7]})}), "audits: 1 of 1 rows have a firm"),
    ],
    check_contacts: [
        (contacts(narrative=["Asks.", "  ", None]), "1 of 3 contacts have neither a narrative nor a fact "
         "(first: row 3 of"),
        ({"contacts": pl.DataFrame({"contact": [1], "minute": [3]})}, "neither a narrative nor facts"),
    ],
    check_lists: [
        (lists(count=[30, -2, 4]), "1 of 3 rows have a count that is negative or missing"),
        (lists(count=[None, 2, 4]), "count that is negative or missing (first: row 1)"),
        (lists(b=None), "1 list is mapped"),
        ({"case_lists": TWICE[:4]}, "2 of 4 rows repeat a pattern of lists"),
        (lists(a=[1, 0, 0], b=[0, 1, 0]), "people on no list"),
        (lists(a=[1, 0, 2]), "have a value other than 0 and 1 in a list (first: row 3)"),
        (lists(a=[1, None, 1]), "have a value other than 0 and 1 in a list (first: row 2)"),
    ],
    check_conversations: [
        (messages(minute=[10, 12, 11, 40]),
         "1 of 4 rows are earlier than the one before them (first: row 3)"),
        (messages(sequence=[1, 2, 2, 1]), "2 of 4 rows share their sequence with another"),
        (messages(sequence=[1, None, 3, 1]), "1 of 4 rows have no conversation or no sequence"),
        (messages(act=["greet", "hello", "hi", None]), "2 of 4 rows name no known act (hello, hi)"),
        (messages(side=["first", "me", "first", "first"]), "1 of 4 rows name no known side (me)"),
        (messages(conversation=[1, 1, 1, 7]),
         "conversations: 1 of 2 rows have nothing in messages (first: row 2)"),
        (messages(changed={"conversations": pl.DataFrame({"conversation": [1]})}),
         "messages: 1 of 4 rows are of a conversation that conversations does not have (first: row 4)"),
        (messages(sequence=None), "no column sequence"),
    ],
    check_circuits: [
        (stops(town=[5, 6, 9, None]),
         "stops: 2 of 4 rows are in a town that places does not have (first: row 3)"),
        (stops(day=[10, 9, 15, 40]), "1 of 4 rows are earlier than the one before them (first: row 2)"),
        (stops(circuit=[1, 1, 1, 7]), "circuits: 1 of 2 rows have nothing in stops (first: row 2)"),
        (stops(sequence=[1, 2, 2, 1]),
         "2 of 4 rows share their sequence with another of their circuit (first: row 2)"),
        (stops(sequence=[1, None, 3, 1]), "1 of 4 rows have no circuit or no sequence"),
        (stops(stop=[1, 1, None, 4]), "3 of 4 rows have no key stop of their own"),
        (stops(changed={"circuits": pl.DataFrame({"circuit": [1]})}), "that circuits does not have"),
    ],
    check_effects: [
        (market(day=[*range(10), *range(9), 10]),
         "market: 1 of 20 rows come after a gap in their series (first: row 20)"),
        (market(day=[*range(10), *range(9), 8]), "market: 2 of 20 rows share region and day (first: row 19)"),
        (market(day=[*range(10), *range(9), None]), "market: 1 of 20 rows have no day (first: row 20)"),
        (effects(region=[3]), "are of a region that market does not have"),
        (effects(day=[0]), "begin before their region's series does"),
        (effects(last_day=[10]), "end after their region's series does"),
        (effects(outcome=["other"]), "have an outcome that is not a column of market"),
        (effects(scale=["odds"]), "have no scale"),
        (effects(first_day=[5]), "have days out of order"),
        (effects(without="market"), "map data.tables.market"),
        (effects(day=None), "map data.tables.effects.day"),
        (market(region=None), "map data.tables.market.region"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("check", "tables", "says"), [(check, *one) for check in FAULTS for one in FAULTS[check]]
)
def test_a_fault_is_refused_in_one_sentence(
    check: Callable[[Tables], None], tables: Tables, says: str
) -> None:
    with pytest.raises(UsageError) as error:
        check(tables)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


def test_a_task_accepts_any_table_unless_it_says_otherwise() -> None:
    own = {name: task.check for name, task in tasks().items() if task.check is not accept_all}
    assert own["account_risk"] is check_accounts
    assert own["flag_aggregation"] is check_votes
    assert "advert_risk" not in own
    assert accept_all({"adverts": pl.DataFrame({"advert": [1]})}) is None


PAGE = Path(__file__).parents[4] / "docs" / "tasks" / "case_linkage.md"


@pytest.fixture
def cases(tmp_path: Path) -> dict[str, Any]:
    """The config of the page, and its files: case ci has adverts 3i to 3i + 2, two accounts and, if odd, a wallet."""
    numbers = range(60)
    adverts = {
        "id": [f"ad{i}" for i in numbers],
        "case": [f"c{i // 3}" for i in numbers],
        "posted_by": [f"acc{2 * (i // 3) + (i % 3 == 2)}" for i in numbers],
        "phone": [f"p{i // 3}" for i in numbers],
        "minute": [i * 4320 for i in numbers],
        "town": [i % 5 for i in numbers],
        "part": ["train" if i < 30 else "test" for i in numbers],
    }
    tables = {
        "adverts": adverts,
        "accounts": {"id": [f"acc{i}" for i in range(40)], "case": [f"c{i // 2}" for i in range(40)]},
        "wallets": {
            "id": [f"w{i}" for i in range(20)],
            "case": [f"c{i}" if i % 2 else None for i in range(20)],
            "town": [i % 5 for i in range(20)],
        },
        "payments": {"from_wallet": ["w1"], "to_wallet": ["w2"], "minute": [9], "town": [1]},
    }
    for name, columns in tables.items():
        pl.DataFrame(columns).write_csv(tmp_path / f"{name}.csv")
    text = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    return yaml.safe_load(text) | {"path": str(tmp_path)}


def test_the_config_of_the_page_gives_seeds_links_and_no_truth_to_methods(cases: dict[str, Any]) -> None:
    prepared = prepare("case_linkage", own=cases)
    fold = prepared.folds[0]
    assert all("operation" not in table.collect_schema() for table in fold.tables.values())
    train = fold.labels("train").collect()
    assert train.group_by("view").len().sort("view").rows() == [("accounts", 30), ("wallets", 15)]
    frame = prepared.answers.frame
    assert frame.height == 30
    assert sorted(frame["links"].to_list()) == [1] * 15 + [2] * 15
    method = ContactJoins()
    method.fit(fold, 0)
    scores = evaluate(prepared.task, prepared.answers, method.predict(fold), replicates=0).scores
    assert scores["r_precision_accounts"].value == 1
    assert scores["r_precision_wallets"].value == 0
    assert scores["r_precision_firms"].value is None


def test_cases_that_are_text_are_the_same_in_all_tables(cases: dict[str, Any]) -> None:
    answers = prepare("case_linkage", own=cases).answers
    gallery = answers.gallery
    assert gallery is not None
    of_case = answers.frame.join(gallery.filter(view="wallets"), on=["region", "cluster"])
    named = (
        dict(answers.custom.names.iter_rows()) if answers.custom and answers.custom.names is not None else {}
    )
    for row in of_case.iter_rows(named=True):
        assert int(named[row["advert"]][2:]) // 3 % 2 == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"accounts": {"account": "id"}, "wallets": {"wallet": "id"}},
            "no table says whose case its rows are",
        ),
        (
            {"accounts": {"operation": "case"}},
            "accounts has cases and no key: map data.tables.accounts.account",
        ),
        ({"accounts": {"account": "case", "operation": "case"}}, "have no key account of their own"),
    ],
)
def test_what_says_of_nothing_whose_it_is_is_refused(
    cases: dict[str, Any], wrong: dict[str, Any], says: str
) -> None:
    tables = {**cases["tables"], **wrong}
    with pytest.raises(UsageError, match=says):
        prepare("case_linkage", own=cases | {"tables": tables})
