"""Execute every lesson in a kernel of its own, as a student does: ``python research/cost/lessons.py [FOLDER]``.

Prints seconds, CPU seconds and figures per lesson, of the notebook with its solutions; the bound is two minutes on two
cores. The release ``tiny`` is made before. With a folder, the executed notebooks and each figure as PNG are written
there, to be looked at. Needs the extra ``course`` and nbclient.
"""

from __future__ import annotations

import base64
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient  # pyright: ignore[reportMissingImports]
from tipbench.data.releases import open_by_name
from tipcourse.lessons import Lesson, all_lessons, notebook_of

BOUND = 120.0


def executed(lesson: Lesson, folder: Path) -> tuple[float, float, int, list[str]]:
    """Return seconds, CPU seconds, figures, and what checks did not pass."""
    notebook = notebook_of(lesson, solved=True)
    began, cpu = time.monotonic(), _cpu()
    NotebookClient(notebook, timeout=600, startup_timeout=600, kernel_name="python3").execute(cwd=str(folder))
    seconds, cpu = time.monotonic() - began, _cpu() - cpu
    nbformat.write(notebook, folder / f"{lesson.stem}.ipynb")
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    figures = [output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})]
    for number, image in enumerate(figures, 1):
        (folder / f"{lesson.stem}-{number}.png").write_bytes(base64.b64decode(image))
    said = [output["text"] for output in outputs if output.output_type == "stream"]
    return seconds, cpu, len(figures), [line for line in said if line.startswith(("✗", "○ Not answered"))]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Execute all lessons, or those that are named after the folder."""
    open_by_name("tiny")
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(sys.argv[1]) if sys.argv[1:] else Path(spare)
        folder.mkdir(exist_ok=True)
        wanted = set(sys.argv[2:])
        slow = False
        print(f"{'lesson':<16}{'seconds':>9}{'CPU s':>9}{'figures':>9}")
        for lesson in all_lessons():
            if wanted and lesson.name not in wanted:
                continue
            seconds, cpu, figures, wrong = executed(lesson, folder)
            print(f"{lesson.name:<16}{seconds:>9.1f}{cpu:>9.1f}{figures:>9}", *wrong)
            slow = slow or seconds > BOUND or bool(wrong)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
