"""What a site of many submissions costs to make, and how fast its largest table answers in Chromium.

``python research/cost/large_site.py [ENTRIES]`` puts so many entries of strangers (1,000), with four results each
and draws, beside the reference results, and builds the site in a temporary folder. The browser part needs playwright
and Chromium, found by name or by $CHROMIUM.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import tipbench
from tipbench.evaluation.comparison import Draws
from tipbench.runs.results import Result
from tipboard.board.collection import KeptDraws
from tipboard.board.entries import Entry
from tipboard.board.files import Board, read
from tipboard.site.build import write
from tipboard.site.sizes import size_of

RESULTS = Path(tipbench.__file__).parents[2] / "results"
EACH = 4
MB = 1e6
TARGET_S, TARGET_MB, TARGET_MS = 15, 60, 200
"""CPU seconds to build it, its size, and milliseconds of sorting and filtering in Chromium."""
ACTS = ("sort", "filter", "search")
REPEATS = 7


class Made(NamedTuple):
    """What a site cost: CPU and wall seconds, CPU seconds of ranks alone, MiB. What it is: entries, pages, files, MB
    (a million bytes), and MB of the blocks that its files take on this disk."""

    cpu_s: float
    wall_s: float
    rank_s: float
    peak_mib: float
    entries: int
    pages: int
    files: int
    mb: float
    mb_on_disk: float
    index_mb: float


def made(entries: int, to: Path) -> Made:
    """Build the site of the reference results and so many strangers."""
    reference = read(RESULTS)
    board = Board(reference.data, [*reference.entries, *strangers(reference, entries)])
    start, wall = time.process_time(), time.perf_counter()
    size = size_of(board)
    ranked = time.process_time()
    built = write([size], to, quiet=True)
    end = time.process_time()
    files = [path.stat() for path in to.rglob("*") if path.is_file()]
    return Made(
        cpu_s=end - start,
        wall_s=time.perf_counter() - wall,
        rank_s=ranked - start,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        entries=built.entries,
        pages=built.pages,
        files=len(files),
        mb=sum(one.st_size for one in files) / MB,
        mb_on_disk=sum(one.st_blocks * 512 for one in files) / MB,
        index_mb=(to / "index.html").stat().st_size / MB,
    )


def main(entries: int) -> int:
    """Print the table; return 1 where a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "site"
        built = made(entries, to)
        line("entries", built.entries)
        line("CPU s", built.cpu_s, f"<= {TARGET_S}")
        line("of which ranks and tests", built.rank_s)
        line("wall s", built.wall_s)
        line("peak MiB", built.peak_mib)
        line("pages", built.pages)
        line("files", built.files)
        line("MB", built.mb, f"<= {TARGET_MB}")
        line("MB on disk, in whole blocks", built.mb_on_disk)
        line("MB of index.html", built.index_mb)
        clicks = in_browser(to)
        for act, ms in clicks.items():
            line(f"{act}, ms", ms, f"<= {TARGET_MS}" if act in ACTS else "")
    return int(
        built.cpu_s > TARGET_S or built.mb > TARGET_MB or any(clicks.get(act, 0) > TARGET_MS for act in ACTS)
    )


def line(name: str, value: float, target: str = "") -> None:
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    print(f"{name:<34} {text:>12}  {target}".rstrip(), flush=True)


def strangers(board: Board, count: int) -> list[Entry]:
    """Entries of noisy copies of reference results, each on four tasks and splits, half of them reproduced."""
    random = np.random.default_rng(0)
    cells: dict[tuple[str, str], Result] = {}
    for result in board.results:
        if not result.oracle_method:
            cells.setdefault((result.task, result.split), result)
    usual = {(kept.task, kept.split): kept for entry in board.entries for kept in entry.draws}
    places = list(cells)
    found = []
    for number in range(count):
        chosen = [places[at] for at in random.choice(len(places), EACH - 2, replace=False)]
        chosen += [list(usual)[at] for at in random.choice(len(usual), 2, replace=False)]
        team, method = f"team-{number % 97:02d}", f"method_{number:04d}"
        made = [noisy(cells[place], random, number % 2 == 0) for place in dict.fromkeys(chosen)]
        draws = [
            KeptDraws(
                one.task,
                one.split,
                method,
                one.seed,
                moved(usual[one.task, one.split].draws, random),
            )
            for one in made
            if (one.task, one.split) in usual
        ]
        found.append(Entry(team, method, made, draws, record(team, method)))
    return found


def noisy(result: Result, random: np.random.Generator, verified: bool) -> Result:
    change = float(random.normal(0, 0.05))
    score = result.scores[result.primary]
    moved_score = score.model_copy(
        update={
            name: None if value is None else max(0.0, value + change)
            for name, value in (("value", score.value), ("low", score.low), ("high", score.high))
        }
    )
    return result.model_copy(
        update={"scores": {**result.scores, result.primary: moved_score}, "verified": verified}
    )


def moved(draws: Draws, random: np.random.Generator) -> Draws:
    change = random.normal(0, 0.05)
    return Draws(
        draws.value + change, draws.draws + change + random.normal(0, 0.01, draws.draws.size), draws.clusters
    )


def record(team: str, method: str) -> Any:
    return SimpleNamespace(
        team=team, method=method, title=f"The {method} of {team}", summary="Noise on a reference method " * 4,
        authors=[SimpleNamespace(name=f"{team} author", affiliation="An institute")],
        paper="https://papers.example/1", code="https://code.example/1", hardware="2 cores, 8 GB", pinned=None,
    )  # fmt: skip


CLICK = """
async (act) => {
  const settled = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const section = document.querySelector("#overall");
  await settled();
  const start = performance.now();
  if (act === "sort") section.querySelector('th[data-key="score"] button').click();
  else if (act === "search") {
    const input = section.querySelector("input");
    input.value = input.value ? "" : "team-07";
    input.dispatchEvent(new Event("input"));
  } else {
    const select = section.querySelector('select[data-key="split"]');
    select.value = select.value === "" ? "region" : "";
    select.dispatchEvent(new Event("change"));
  }
  await settled();
  return performance.now() - start;
}
"""
LOADED = "() => { const [one] = performance.getEntriesByType('navigation'); return one.loadEventEnd; }"


def in_browser(to: Path) -> dict[str, float]:
    """Return the milliseconds of loading, and those until the next frame is painted after each act, the median of some
    repeats; nothing where playwright is not installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        print("playwright is not installed: nothing is measured in a browser")
        return {}
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto((to / "index.html").as_uri())
        page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
        found = {"load": float(page.evaluate(LOADED))}
        page.locator('#overall select[data-key="split"]').select_option("")
        for act in ACTS:
            found[act] = median(page.evaluate(CLICK, act) for _ in range(REPEATS))
        browser.close()
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
