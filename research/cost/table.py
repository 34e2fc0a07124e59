"""All budgets in one table, beside peers and cost by size: ``python research/cost/table.py [budgets peers sizes]``.

Nothing is measured here that a script beside it does not measure: generation.py, startup.py, scoring.py, large_site.py,
board.py, peers.py (which says how peers are installed) and sizes.py. CPU seconds, one thread; wall where it says so,
which means something on an idle machine only. ``--write`` puts what was measured into measured.json and the tables of
measured.md, both in this folder, and keeps there what was not measured this time. Exit code 1 when a budget does not
hold. All of it takes half an hour; ``--sizes 8 64 128 256 512 640`` an hour more.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import board
import generation
import large_site as site
import peers
import quickstart
import scoring
import sizes
import startup

Result = TypeVar("Result")
HERE = Path(__file__).parent
NUMBERS, PAGE = HERE / "measured.json", HERE / "measured.md"
PARTS = ("budgets", "peers", "sizes")
REGIONS, ENTRIES = 64, 1000


@dataclass(frozen=True)
class Budget:
    """A line of the table; ``value`` None where it was not measured, and then ``unit`` says how it is."""

    what: str
    value: float | None
    unit: str
    bound: float
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether it is kept; None where it was not measured."""
        if self.value is None:
            return None
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What is read."""
        value = self.unit if self.value is None else f"{_number(self.value)} {self.unit}"
        bound = f"{'≥' if self.at_least else '≤'} {self.bound:,g}"
        return self.what, value, bound, {True: "yes", False: "**no**", None: "not measured"}[self.holds]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def alone(measure: Callable[..., Result], *given: Any) -> Result:
    """Return what a measure says in a process of its own, so that its peak of memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, *given).result()


def budgets(runs: Path | None) -> Iterator[Budget]:
    """Yield every budget, the quick ones first."""
    for name, (here,) in startup.measured([startup.HERE], 7).items():
        yield Budget(f"{name}, beyond Python's start", here.cpu, "CPU s", startup.BOUNDS[name][1])
    for what, measure, seconds, mebibytes in scoring.BUDGETS:
        value, peak = alone(scoring.alone, measure)
        if seconds is not None:
            yield Budget(what, value, "CPU s", seconds)
        if mebibytes is not None:
            yield Budget(f"{what}: peak of memory", peak, "MiB", mebibytes)
    made = alone(generation.generated, REGIONS)
    yield Budget("generate and write a region", made.cpu_s, "CPU s", generation.CPU)
    yield Budget(f"peak of a generating worker, {REGIONS} regions", made.peaks[-1], "MiB", generation.PEAK)
    one, two = alone(generation.walls, REGIONS)
    yield Budget(
        "two workers against one, wall, two idle cores", one / two, "times as fast", generation.SPEED_UP, True
    )
    yield Budget(
        "quickstart from nothing, wall",
        quickstart.taken(sys.executable, startup.HERE).wall,
        "s",
        quickstart.BOUND,
    )
    yield from of_site()
    yield of_board(runs)


def of_site() -> Iterator[Budget]:
    """Yield the budgets of the site of a large board."""
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "site"
        built = alone(site.made, ENTRIES, to)
        clicks = site.in_browser(to)
    yield Budget(f"site of {ENTRIES:,} submissions", built.cpu_s, "CPU s", site.TARGET_S)
    yield Budget("its size", built.mb, "MB", site.TARGET_MB)
    for act in site.ACTS:
        missing = "install playwright and Chromium"
        yield Budget(f"{act} its largest table", clicks.get(act), "ms" if clicks else missing, site.TARGET_MS)


def of_board(runs: Path | None) -> Budget:
    """Return the wall time of ``experiment=board`` by when its results were written, all of them in one run."""
    what, bound = "`experiment=board release=small`, two workers, wall", board.MINUTES
    if runs is None:
        return Budget(what, None, "give `--runs RUNS`", bound)
    written = [path.stat().st_mtime for path in board.results(runs)]
    return Budget(what, (max(written) - min(written)) / 60, "minutes", bound)


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tables(numbers: dict[str, Any]) -> dict[str, str]:
    """Return the tables of the page, by part."""
    kept = [Budget(**one) for one in numbers["budgets"]]
    costs = [sizes.Cost(**one) for one in numbers["sizes"]]
    return {
        "budgets": markdown(["what", "measured", "bound", "holds"], [one.cells for one in kept]),
        "peers": markdown(
            ["what", "who", "CPU s", "rows per CPU-s", "MB per CPU-s", "CPU against tipbench", "what it does"],
            [_peer(peers.Line(**one)) for one in numbers["peers"]],
        ),
        "sizes": markdown(
            ["regions", "CPU s", "CPU s a region", "MB on disk", "peak of the worker, MiB"],
            [
                [
                    f"{one.regions:,}", f"{one.cpu_s:,.1f}", f"{one.cpu_s / one.regions:.3f}", f"{one.mb:,.0f}",
                    f"{one.peak_mib:,.0f}",
                ]
                for one in costs
            ],
        ),
    }  # fmt: skip


def told(numbers: dict[str, Any]) -> dict[str, str]:
    """Return the tables of the page with a line on how each was measured."""
    return {
        part: f"{numbers['how'].get(part, '')}\n\n{table}".lstrip() for part, table in tables(numbers).items()
    }


def _peer(one: peers.Line) -> list[str]:
    rows = "" if one.rows_per_s is None else f"{one.rows_per_s:,.0f}"
    mb = "" if one.mb_per_s is None else f"{one.mb_per_s:.1f}"
    against = "1" if one.name == "tipbench" else _against(one.ratio)
    return [one.contest, f"{one.name} {one.version}".strip(), f"{one.cpu_s:.2f}", rows, mb, against, one.does]


def _against(ratio: float) -> str:
    return f"{ratio:.1f}×" if ratio >= 1 else f"**{ratio:.2f}×**"


def how(load: float) -> str:
    """Return how busy the machine was, for those who read the numbers."""
    return f"On {os.cpu_count()} cores, with a load of {load:.1f} when it began."


def kept() -> dict[str, Any]:
    """Return the numbers that are there."""
    empty: dict[str, Any] = {"how": {}} | {part: [] for part in PARTS}
    return empty | (json.loads(NUMBERS.read_text(encoding="utf-8")) if NUMBERS.is_file() else {})


def joined(before: Sequence[dict[str, Any]], found: Sequence[sizes.Cost]) -> list[dict[str, Any]]:
    """Return costs by size, with those of before where a size was not measured again."""
    by_regions = {one["regions"]: one for one in before} | {one.regions: asdict(one) for one in found}
    return [by_regions[regions] for regions in sorted(by_regions)]


def write(numbers: dict[str, Any]) -> None:
    """Write the numbers with the lines that cost follows, and the tables into the page between their marks."""
    regions = [one["regions"] for one in numbers["sizes"]]
    lines = {
        key: sizes.slope(regions, [one[key] for one in numbers["sizes"]])
        for key in ("cpu_s", "mb")
        if regions
    }
    numbers = numbers | {"lines": lines}
    NUMBERS.write_text(
        json.dumps(numbers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )
    page = PAGE.read_text(encoding="utf-8")
    for part, table in told(numbers).items():
        mark = rf"(<!-- {part} -->\n).*?(<!-- end of {part} -->)"
        page = re.sub(
            mark, lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", page, flags=re.DOTALL
        )
    PAGE.write_text(page, encoding="utf-8", newline="\n")


def main() -> int:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="budgets, peers, sizes (all)")
    parser.add_argument(
        "--write", action="store_true", help="into research/cost/measured.json and research/cost/measured.md"
    )
    parser.add_argument("--sizes", nargs="+", type=int, default=sizes.USUAL, metavar="REGIONS")
    parser.add_argument(
        "--runs", type=Path, help="results of `experiment=board release=small engine.workers=2`, run at once"
    )
    peers.add_options(parser)
    options = parser.parse_args()
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    failed = False
    measures = {
        "budgets": lambda: of_budgets(options.runs),
        "peers": lambda: of_peers(options.python, options.repeats, options.release),
        "sizes": lambda: joined(kept()["sizes"], sizes.costs(options.sizes)),
    }
    for part in options.parts or PARTS:
        load = os.getloadavg()[0]
        numbers: dict[str, Any] = kept() | {part: measures[part]()}
        numbers["how"] = {**numbers["how"], part: how(load)}
        if part == "sizes":
            print(tables(numbers)[part], flush=True)
        if options.write:
            write(numbers)
        failed |= part == "budgets" and any(Budget(**one).holds is False for one in numbers[part])
    return int(failed)


def of_budgets(runs: Path | None) -> list[dict[str, Any]]:
    """Measure the budgets, and print each as soon as it is known."""
    found = []
    for one in budgets(runs):
        found.append(asdict(one))
        print("{:<58}{:>26}{:>10}  {}".format(*one.cells), flush=True)
    return found


def of_peers(python: str, repeats: int, release: str) -> list[dict[str, Any]]:
    """Measure the peers, and print their table."""
    found = list(peers.measured(python, repeats, release))
    print(peers.table(found), flush=True)
    return [asdict(one) for one in found]


if __name__ == "__main__":
    sys.exit(main())
