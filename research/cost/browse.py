"""What the pages of a release cost to make, and how fast their largest tables answer in Chromium.

``python research/cost/browse.py [RELEASE] [ROWS]`` writes the pages of a release (tiny), with so many rows of a
table (1,000), to a temporary folder; the release is made first, untimed. The browser part needs playwright and
Chromium, found by name or by $CHROMIUM.
"""

import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tipbench.browse.build import browse
from tipbench.browse.table_page import ROWS
from tipdata.release import Release, open_release

MB = 1e6
TARGET_MS, LOAD_MS = 200, 1_000
"""Of sorting, filtering and searching; of opening a page."""
REPEATS = 5
PAGES = ("tables/contacts.html", "tables/adverts.html", "tables/payments.html", "adverts.html")
ACT = """
async (act) => {
  const settled = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const section = document.querySelector("#rows");
  await settled();
  const start = performance.now();
  if (act === "sort") section.querySelectorAll("thead th button")[2].click();
  else if (act === "search") {
    const input = section.querySelector("input[type=search]");
    input.value = input.value ? "" : "a";
    input.dispatchEvent(new Event("input"));
  } else if (act === "filter") {
    const select = section.querySelector("select");
    select.selectedIndex = select.selectedIndex ? 0 : 1;
    select.dispatchEvent(new Event("change"));
  } else document.querySelector("#truth").click();
  await settled();
  return performance.now() - start;
}
"""
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


def main(name: str, rows: int) -> int:
    asked = Release.from_name(name)
    release = open_release(asked.version, asked.size, world=asked.world)
    with tempfile.TemporaryDirectory() as folder:
        start, cpu = time.perf_counter(), time.process_time()
        written = browse(release, Path(folder) / "pages", rows, quiet=True)
        line("seconds", time.perf_counter() - start)
        line("CPU seconds", time.process_time() - cpu)
        line("peak MiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        line("pages", written.pages)
        line("MB of all", written.bytes / MB)
        largest = max(written.folder.rglob("*.html"), key=lambda path: path.stat().st_size)
        line(f"MB of {largest.name}", largest.stat().st_size / MB)
        return in_browser(written.folder)


def line(name: str, value: float, target: str = "") -> None:
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    print(f"{name:<44} {text:>12}  {target}".rstrip(), flush=True)


def in_browser(folder: Path) -> int:
    """Milliseconds until the next frame is painted, the median of some repeats. 1 where a target is missed."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        print("playwright is not installed: nothing is measured in a browser")
        return 0
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    missed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for path in PAGES:
            page.goto((folder / path).as_uri())
            page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
            took = page.evaluate(LOADED)
            line(f"{path}: load, ms", took, f"<= {LOAD_MS}")
            missed |= took > LOAD_MS
            for act in ("sort", "filter", "search", "truth") if page.locator("#rows").count() else ():
                took = median(page.evaluate(ACT, act) for _ in range(REPEATS))
                line(f"{path}: {act}, ms", took, f"<= {TARGET_MS}")
                missed |= took > TARGET_MS
        browser.close()
    return int(missed)


if __name__ == "__main__":
    sys.exit(
        main(sys.argv[1] if len(sys.argv) > 1 else "tiny", int(sys.argv[2]) if len(sys.argv) > 2 else ROWS)
    )
