"""Add a method, a metric, a column and a task to a copy of the tree, in the places that CONTRIBUTING.md names.

Each addition is whole new files, and lines put behind a line that is there. Nothing else is written by hand.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tipdata.core.world import newest_released, versions

REPOSITORY = Path(__file__).parents[2]
COPIED = (
    *("benchmark", "baselines", "datasets", "configs", "docs", "README.md", "CITATION.cff", "LICENSE-DATA"),
    "tests/scores",
)
VERSION, RELEASED = "9.0.0", newest_released()
TASK, METHOD, METRIC, TABLE, COLUMN = "advert_reuse", "first_words", "impurity", "firms", "register_entry"

METHOD_FILE = '''"""Adverts whose texts begin with the same words have one operator. Needs the text. Cost: a second."""

import polars as pl


class FirstWords:
    needs: frozenset[str] = frozenset({"adverts.body"})
    stochastic = False

    def fit(self, fold, seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold) -> pl.DataFrame:
        start = pl.col("body").fill_null("").str.slice(0, 25)
        return fold.to_predict().select("advert", cluster=start.hash().reinterpret(signed=True)).collect()
'''

METHOD_CONFIG = f"""# Equal beginnings are one operator's. Seconds.
name: {TASK}/{METHOD}
summary: Adverts whose texts begin alike
reference: null
method:
  _target_: tipbaselines.{TASK}.{METHOD}.FirstWords
"""

TASK_FILE = f'''"""Which adverts are one operator's, by what is written in them?"""

from __future__ import annotations

from tipbench.data import adverts
from tipbench.data.adverts import TABLE, UNIT
from tipbench.kinds.clusters import CLUSTERS
from tipbench.task import Task
from tipbench.tasks.advert_linkage import answers, label_clusters

TASK = Task(
    name="{TASK}",
    title="Adverts that are used again",
    question="Which adverts are one operator's, by what is written in them?",
    unit=UNIT,
    table=TABLE,
    kind=CLUSTERS,
    tables={{"adverts": (*adverts.OTHERS, *adverts.TEXT)}},
    splits=("operation", "random"),
    own_splits=("all", "given"),
    tier="public",
    clusters="operation",
    groups=(),
    primary="b_cubed_f1",
    metrics=("b_cubed_f1", "{METRIC}", "ari"),
    references=("Bagga and Baldwin (1998)",),
    signal_columns=frozenset(),
    leak_limits=adverts.LEAK_LIMITS,
    units=adverts.units,
    supervise={{"truth": label_clusters}},
    answers=answers,
)
'''

TASK_CONFIG = f"""# Which adverts are one operator's, by what is written in them?
name: {TASK}
reference: {METHOD}
"""

TASK_PAGE = f"""# Adverts that are used again ({TASK})

Which adverts are one operator's, by what is written in them?

**Primary: B-cubed F1.** Further: impurity, adjusted Rand index.
"""

DRAFT = f"""  {VERSION}:
    status: draft
    world: {versions()[RELEASED]["world"]}
    seed: {versions()[RELEASED]["seed"]}
    reason: "firms have an entry in a register"
"""


@dataclass(frozen=True)
class Addition:
    """What is written by hand for one new thing.

    ``files``: path -> text of a new file. ``lines``: path -> (a line that is there, what is put behind it).
    ``commands``: what Python is run with afterwards, which writes what follows from it.
    """

    files: dict[str, str] = field(default_factory=dict)
    lines: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    commands: tuple[str, ...] = ()

    @property
    def touched(self) -> set[str]:
        """The paths that are written by hand."""
        return {*self.files, *self.lines}


LOCK, CARDS, SCHEMA = "tests/scores/lock.py", "-m tipdata.documents.cards", "-m tipdata.documents.schema"
DATASHEETS = "-m tipbench.publishing.cards"
STAGE = "datasets/tipdata/stages/suppliers/stage.py"

ADDITIONS = {
    "a metric": Addition(
        lines={
            "benchmark/tipbench/metrics/clustering.py": (
                (
                    '    Metric("v_measure", "V-measure"),\n',
                    f'    Metric("{METRIC}", "impurity of clusters", lower_is_better=True, beside=True),\n',
                ),
                ('        "b_cubed_recall": recall,\n', f'        "{METRIC}": 1.0 - precision,\n'),
            ),
            "benchmark/tipbench/tasks/advert_linkage.py": (
                ("    metrics=(", f'"{METRIC}", '),
            ),
        },
        commands=(LOCK,),
    ),
    "a task": Addition(
        files={
            f"benchmark/tipbench/tasks/{TASK}.py": TASK_FILE,
            f"configs/task/{TASK}.yaml": TASK_CONFIG,
            f"docs/tasks/{TASK}.md": TASK_PAGE,
        },
        lines={
            "README.md": (
                ("B-cubed F1, item-weighted |\n", f"| [{TASK}](docs/tasks/{TASK}.md) | by text? | B-cubed F1 |\n"),
            )
        },
        commands=(LOCK, DATASHEETS),
    ),
    "a method": Addition(
        files={
            f"baselines/tipbaselines/{TASK}/{METHOD}.py": METHOD_FILE,
            f"configs/baseline/{TASK}/{METHOD}.yaml": METHOD_CONFIG,
        },
    ),
    "a column of a table": Addition(
        lines={
            "datasets/tipdata/tables/suppliers.yaml": (
                (
                    "    seasonal: {type: boolean, tier: public}\n",
                    f"    {COLUMN}: {{type: int64, tier: public, sealed: label register, since: {VERSION!r}, "
                    'note: "in a public register"}\n',
                ),
            ),
            STAGE: (
                (
                    '            "seasonal": firms.seasonal,\n',
                    f'            "{COLUMN}": region.stream("firms/{COLUMN}").below(local, 1 << 30),\n',
                ),
            ),
            "datasets/tipdata/versions.yaml": ((f'{versions()[RELEASED]["reason"]}"\n', DRAFT),),
            "benchmark/tipbench/tasks/supplier_risk.py": (('"firms": (\n', f'            "{COLUMN}",\n'),),
        },
        commands=(CARDS, SCHEMA),
    ),
}  # fmt: skip
"""By the words of CONTRIBUTING.md's table, in the order in which they are written."""


def named() -> dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """Return CONTRIBUTING.md's table: thing -> number of places, the places, what Python is run with."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = {}
    for row in re.findall(r"^\|(.+)\|$", text.partition("## Where things go")[2], re.MULTILINE)[2:]:
        thing, number, places, after = (part.strip() for part in row.split("|"))
        if number.isdigit():
            thing = re.sub(r"\[(.+?)\]\(.+?\)", r"\1", thing)
            paths = tuple(path for path in re.findall(r"`([^`]+)`", places) if re.search(r"\.\w+$", path))
            found[thing] = (int(number), paths, tuple(re.findall(r"`python ([^`]+)`", after)))
    return found


def is_of(path: str, place: str) -> bool:
    """Return whether a path is a place of the table, whose ``<words>`` stand for any name."""
    return re.fullmatch(re.sub(r"\\?<\w+\\?>", "[a-z0-9_]+", re.escape(place)), path) is not None


class Copy:
    """A copy of the source roots, with a home of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root / "tree", root / "home"
        self.root.mkdir()
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        for name in COPIED:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, self.root / name, ignore=ignored)
            else:
                shutil.copy(source, self.root / name)

    def files(self) -> dict[str, str]:
        """Return the SHA-256 of every file of the tree by its path."""
        paths = (p for p in self.root.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
        return {
            p.relative_to(self.root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths
        }

    def write(self, addition: Addition) -> None:
        """Write the files and the lines of an addition. Raises ValueError for a line that is not there once."""
        for path, text in addition.files.items():
            file = self.root / path
            if file.exists():
                raise ValueError(f"{path} is there already")
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for path, lines in addition.lines.items():
            text = (self.root / path).read_text(encoding="utf-8")
            for line, more in lines:
                if text.count(line) != 1:
                    raise ValueError(f"{path} has {line!r} {text.count(line)} times, not once")
                text = text.replace(line, line + more)
            (self.root / path).write_text(text, encoding="utf-8")

    def python(self, *words: str, code: int = 0) -> str:
        """Run Python on the copy in a process of its own, and return what it printed."""
        roots = os.pathsep.join(str(self.root / name) for name in ("benchmark", "baselines", "datasets"))
        environment = {**os.environ, "PYTHONPATH": roots, "TIPBENCH_HOME": str(self.home)}
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.root.parent,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, (
            f"{' '.join(words)[:300]}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
        return done.stdout

    def run(self, command: str) -> None:
        """Run a command of CONTRIBUTING.md, which is given without its ``python``."""
        first, *more = command.split()
        self.python(first if first.startswith("-") else str(self.root / first), *more)

    def tipbench(self, *words: str, code: int = 0) -> str:
        """Run the command line on the copy."""
        return self.python("-m", "tipbench", *words, code=code)
