# ruff: noqa: E501 - a row of the table is a line
"""Prove that every step of ``.ci/run`` can fail: ``python3 .ci/plant_violations.py [--all] [WORD ...]``.

Each row below breaks one thing that a step guards, in a copy of the checkout, and runs commands of that step there. They
must end with an error that names the fault. Rows marked ``slow`` run with ``--all`` only; they need what their step
installs (extras, Chromium) in the active virtual environment. WORD chooses the steps whose titles contain it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SKIP = "import pytest\n\n\ndef test_{}() -> None:\n    pytest.skip('planted')\n"


class Row(NamedTuple):
    """One violation: ``new`` replaces ``old`` in ``file``; where ``old`` is '', it is appended, or makes a new file.

    ``commands``: the first words of the lines of the step to run, separated by ``|``; '' for all lines.
    ``says``: a regular expression that the output must match.
    """

    commands: str
    file: str
    old: str
    new: str
    says: str
    slow: bool = False


def layer(contract: str, file: str, source: str) -> Row:
    """Return a row that breaks an import contract: import-linter must name the contract as broken."""
    return Row("lint-imports", file, "", f"{source}\n", f"{contract} BROKEN")


PACKAGES = "tipcore <- tipdata <- tipbench <- tipbaselines, tipboard, tipcourse"
# fmt: off
ROWS = {
    "the README's test command": [
        Row("", "constraints.txt", "", "not a requirement\n", "Invalid requirement"),
        Row("python3 -m pytest", "tests/conftest.py", "", "import nothing_there\n", "No module named 'nothing_there'"),
    ],
    "the tests of the extras": [
        Row("", "tests/tipbaselines/test_planted.py", "", SKIP.format("gru"), "was skipped", slow=True),
        Row("", "benchmark/tipcore/extras.py", '("numpyro",)', '("numpyro", "nothing_there")',
            "no contract test of prevalence/bayes_loglinear passed", slow=True),
    ],
    "the slow tests": [
        Row("unskipped", "tests/tipbaselines/test_planted.py", "", "import pytest\n\n\n@pytest.mark.slow\ndef test_it() -> None:\n    raise ValueError\n", "1 failed", slow=True),
    ],
    "five committed results": [
        Row("python3", "benchmark/tipbench/metrics/bootstrap.py", "_draw_once(count, replicates, seed)\n    ", "_draw_once(count, replicates, seed + 1)\n    ", "differ", slow=True),
    ],
    "exports, calibration and fidelity": [
        Row("unskipped", "benchmark/tipbench/publishing/metadata.py", "import mlcroissant", "import nothing_there", "failed", slow=True),
    ],
    "engines beside processes": [
        Row("unskipped", "benchmark/tipcore/clusters.py", "    import distributed\n", "    import nothing_there\n", "failed", slow=True),
    ],
    "a release in a bucket of S3": [
        Row("unskipped", "benchmark/tipcore/locations.py", '"://" in place', '":///" in place', "failed", slow=True),
    ],
    "every string of tiny": [
        Row("python3", "datasets/tipdata/text/notes/fr.yaml", "pas donner son nom", "pas un soir sensuel", "findings in", slow=True),
    ],
    "the board's site and the pages": [
        Row("unskipped", "benchmark/tipbench/pages/assets/pages.css", "", "body { background: url(https://planted.test/x) }\n", "failed", slow=True),
    ],
    "the site of the documents": [
        Row("NO_MKDOCS", "mkdocs.yml", "      - What adverts say: docs/facts.md\n", "", r'not included in the "nav"[^:]*:\s+- docs/facts.md', slow=True),
        Row("NO_MKDOCS|python3 docs", "docs/guide.md", "", "\n![planted](https://planted.test/x.png)\n", "asks for https://planted.test", slow=True),
        Row("unskipped", "docs/site/assets/tables.js", "", "fetch('https://planted.test/x')\n", "failed", slow=True),
    ],
    "as on Windows": [Row("", "benchmark/tipcore/errors.py", "", "import fcntl\n", "No module named 'fcntl'")],
    "all that is installed": [Row("python3", "constraints.txt", "numpy==", "numpy-else==", "constraints.txt: numpy is missing")],
    "a new virtual environment from the lock": [
        Row("", ".ci/lock-build.txt", "sha256:", f"sha256:{'0' * 64} #", "DO NOT MATCH THE HASHES", slow=True),
        Row("python3 .ci/lock.py", ".ci/lock.txt", "numpy==", "numpy-else==", "lock.txt: numpy is missing"),
        Row("unskipped", "tests/test_supply_chain.py", "", SKIP.format("it"), "was skipped"),
    ],
    "ruff, pyright, import-linter, bandit": [
        Row("ruff check", ".ci/planted.py", "", "import os\n", "F401"),
        Row("ruff format", "tests/planted.py", "", "x = 'a'\n", "tests/planted.py:1"),
        Row('pyright --pythonpath "$work/test', "datasets/tipdata/planted.py", "", "x: int = ''\n", "planted.py:1", slow=True),
        Row('cp|pyright --pythonpath "$work/locked', ".ci/planted.py", "", "x: int = ''\n", "planted.py:1"),
        layer(PACKAGES, "benchmark/tipcore/planted.py", "import tipdata"),
        layer(PACKAGES, "datasets/tipdata/planted.py", "import tipbench"),
        layer(PACKAGES, "benchmark/tipbench/planted.py", "import tipboard"),
        layer(PACKAGES, "benchmark/tipboard/planted.py", "import tipbaselines"),
        layer(PACKAGES, "benchmark/tipcourse/planted.py", "import tipboard"),
        layer("the rooms of tipbench", "benchmark/tipbench/kinds/planted.py", "import tipbench.runs"),
        layer("the rooms of tipbench", "benchmark/tipbench/config/planted.py", "import tipbench.evaluation"),
        layer("the rooms of tipbench", "benchmark/tipbench/planted.py", "import sys"),
        layer("the rooms of tipbench", "benchmark/tipbench/runs/planted.py", "import tipbench.commands"),
        layer("the rooms of tipbench", "benchmark/tipbench/pages/planted.py", "import tipbench.browse"),
        layer("the rooms of tipdata", "datasets/tipdata/core/planted.py", "import tipdata.stages"),
        layer("the rooms of tipboard", "benchmark/tipboard/submissions/planted.py", "import tipboard.site"),
        layer("the rooms of tipboard", "benchmark/tipboard/board/planted.py", "import tipboard.commands"),
        layer("the rooms of tipcourse", "benchmark/tipcourse/running.py", "import tipcourse.grading"),
        layer("the rooms of tipcourse", "benchmark/tipcourse/running.py", "import tipcourse.commands"),
        layer("behind the fence there is no generator", "benchmark/tipbench/fence/linux/planted.py", "import tipdata"),
        layer("no circles", "benchmark/tipbench/kinds/planted.py", "import tipbench.metrics"),
        Row("python3 .ci/plant", ".ci/run", 'step "done"', 'step "planted"\nstep "done"', "nothing is planted for planted"),
        Row("bandit", ".ci/planted.py", "", "import subprocess\nsubprocess.call(input(), shell=True)\n", "B602"),
    ],
    "the wheel, outside the checkout": [
        Row("", "pyproject.toml", '"configs" = ', '"nothing_there" = ', "Forced include not found", slow=True),
        Row("", ".ci/sbom.py", '"setuptools"})', '"setuptools", "numpy"})', "the bill lacks numpy", slow=True),
        Row("", "pyproject.toml", '"configs" = "tipbench/configs"\n', "", "configs", slow=True),
        Row("", "benchmark/tipcore/extras.py", 'endswith(".whl")', 'endswith(".zip")', "in the tipbench checkout", slow=True),
        Row("", "pyproject.toml", 'board = "tipboard.commands.board"\n', "", "board", slow=True),
        Row("", "pyproject.toml", '"docs" = "tipdata/shipped/docs"\n', "", "course", slow=True),
    ],
}
# fmt: on


def steps_of(root: Path) -> tuple[str, dict[str, list[str]]]:
    """Return the text of ``.ci/run`` before its first step, and the lines of each step by title."""
    before, *parts = re.split(r'(?m)^step "', (root / ".ci" / "run").read_text("utf-8"))
    titled = (part.partition('"\n') for part in parts)
    return before, {title: lines.splitlines() for title, _, lines in titled if title != "done"}


def missing_rows(root: Path) -> list[str]:
    """Return a sentence for each step and import contract without a row, and for each title that no step has."""
    steps = steps_of(root)[1]
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    contracts = [contract["name"] for contract in project["tool"]["importlinter"]["contracts"]]
    planted = {row.says for rows in ROWS.values() for row in rows}
    return [
        *(f"nothing is planted for {title}" for title in steps if not title.startswith(tuple(ROWS))),
        *(f"no step is called {start}" for start in ROWS if not any(t.startswith(start) for t in steps)),
        *(f"nothing is planted for {name}" for name in contracts if f"{name} BROKEN" not in planted),
    ]


def script_of(row: Row, start: str, root: Path) -> str:
    """Return a script that runs a row's commands as ``.ci/run`` does, in the active environment."""
    before, steps = steps_of(root)
    [step] = [lines for title, lines in steps.items() if title.startswith(start)]
    lines = [line for line in step if line.startswith(tuple(row.commands.split("|")))]
    activate = Path(sys.prefix, "bin", "activate")
    setup = [f"source '{activate}'"] if activate.is_file() else []
    made = [name for name in ("test", "locked", "wheel") if f'-m venv "$work/{name}"' in "\n".join(lines)]
    setup += [f"ln -s '{sys.prefix}' \"$work/{name}\"" for name in ("test", "locked") if name not in made]
    if not made:  # install nothing in the active environment, and import from the copy
        lines = [line for line in lines if not line.startswith("python3 -m pip install")]
        setup += ['export PYTHONPATH="$PWD/benchmark:$PWD/baselines:$PWD/datasets" TIPBENCH_QUICK=true']
    return "\n".join([before, *setup, *lines, "echo went on"])


def plant(row: Row, start: str, copy: Path) -> tuple[int, str]:
    """Break a copy of the checkout, run a row's commands, restore the copy; return their exit code and output."""
    script, path = script_of(row, start, copy), copy / row.file
    before = path.read_text("utf-8") if path.exists() else None
    text = before or ""
    if row.old not in text:
        return 0, f"{row.file} has no {row.old!r}: update the row"
    path.write_text(text.replace(row.old, row.new, 1) if row.old else text + row.new, "utf-8")
    done = subprocess.run(["bash", "-c", script, ".ci/run"], cwd=copy, capture_output=True, text=True)
    path.unlink() if before is None else path.write_text(before, "utf-8")
    return done.returncode, done.stdout + done.stderr


def main(words: list[str]) -> int:
    """Run the rows that ``words`` choose; return 1 if a step did not see its violation, else 0.

    Raises SystemExit if a step or contract has no row, or no row is chosen.
    """
    faults, slow, chosen = missing_rows(ROOT), "--all" in words, [word for word in words if word != "--all"]
    titles = [start for start in ROWS if not chosen or any(word in start for word in chosen)]
    rows = [(start, row) for start in titles for row in ROWS[start] if slow or not row.slow]
    if faults or not rows:
        sys.exit("\n".join(faults) or f"no row is chosen by {' '.join(words)}")
    unseen = 0
    with tempfile.TemporaryDirectory() as folder:
        copy, left = Path(folder) / "checkout", {".git", ".venv", "build", "dist", "runs"}
        shutil.copytree(ROOT, copy, ignore=lambda at, _: left if Path(at) == ROOT else {"__pycache__"})
        for start, row in rows:
            code, said = plant(row, start, copy)
            print(f"exit code {code} | {start} | {row.file} | {row.new.strip()!r}", flush=True)
            if code == 0 or not re.search(row.says, said):
                unseen += 1
                print(f"NOT SEEN: the output has no {row.says!r}:\n{said[-3000:]}", flush=True)
    return min(unseen, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
