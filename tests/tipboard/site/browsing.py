"""What tests of the board in a browser share: entries of strangers among made-up results, pages, tables as read."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tipbench.runs.results import Result
from tipboard.board.entries import Entry
from tipboard.board.files import Board, read
from tipboard.site.tables import page_id

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
SEARCH = "#overall input[type=search]"


def with_strangers(results: Path) -> Board:
    """The results of a folder and, of the same numbers, entries of strangers."""
    found = read(results)
    lightgbm = next(entry for entry in found.entries if entry.method == "lightgbm")
    claimed = [
        result.model_copy(update={"verified": False}) for result in lightgbm.of("advert_risk", "forward")
    ]
    public = [
        result.model_copy(update={"access": "public"}) for result in lightgbm.of("account_risk", "forward")
    ]
    return Board(
        found.data,
        [
            *found.entries,
            stranger("north", "stacker", claimed),
            stranger("south", "public_only", public),
            stranger("x" * 40, "y" * 40, claimed),
            stranger(SCRIPT, '"><b>bold</b>&amp;\u202etxt', claimed),
            stranger("east", "best", [scored(one, 0.9) for one in lightgbm.of("account_risk", "forward")]),
        ],
    )


def stranger(team: str, method: str, results: list[Result]) -> Entry:
    """A submission whose texts all are its hostile name."""
    record: Any = SimpleNamespace(
        team=team, method=method, title=f"{team} {method}", summary=f"{method} " * 12,
        authors=[SimpleNamespace(name=team, affiliation=method)], paper="javascript:alert(3)",
        code=f"https://code.example/{'long/' * 30}", hardware=team, pinned=SimpleNamespace(package=team),
    )  # fmt: skip
    return Entry(team, method, results, (), record, results[:1])


def scored(result: Result, score: float) -> Result:
    """A result with another primary score and an interval around it."""
    primary = result.scores[result.primary]
    moved = {"value": score, "low": score - 0.02, "high": score + 0.02}
    return result.model_copy(
        update={"scores": {**result.scores, result.primary: primary.model_copy(update=moved)}}
    )


def kinds(folder: Path, board: Board) -> list[str]:
    """A page of every kind, those of strangers among them."""
    strangers = [f"small/methods/{page_id(entry.id)}.html" for entry in board.entries if entry.record]
    return [
        "index.html", "about.html", "small/tasks/account_risk.html", "small/tasks/route_forecast.html",
        "small/tasks/advert_risk.html", "small/methods/tipbench--lightgbm.html", *strangers,
    ]  # fmt: skip


def column(page: Any, key: str, table: str = "overall") -> list[str]:
    """The cells of a column, as they are shown."""
    return page.evaluate(
        """([table, key]) => {
            const headings = [...document.querySelectorAll(`#${table} thead th`)];
            const at = headings.findIndex((heading) => heading.dataset.key === key);
            return [...document.querySelectorAll(`#${table} tbody tr`)].map((row) => row.cells[at].textContent);
        }""",
        [table, key],
    )


def first_number(text: str) -> float:
    return float(text.split()[0].replace(",", ""))


def scores(page: Any) -> list[float]:
    return [first_number(text) for text in column(page, "score")]


def choose(page: Any, label: str, value: str) -> None:
    page.locator(f'#overall select[data-key="{label}"]').select_option(value)
