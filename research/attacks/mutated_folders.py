"""What the command line makes of thousands of mutated folders: python research/attacks/mutated_folders.py

    [--count 5208] [--seed 1] [--only N ...] [--real 150] [--workers 2] [--save FILE | --read FILE]

Folders are honest ones, of every task and of a season, that one of the mutations of
tests/tipboard/submissions/mutated_*.py spoils; each is given to ``submit``, ``board add``, ``submit season=``
or ``score``. A number and the seed make a folder: ``--only 17`` makes that one again and shows
what was said of it. ``--real``: so many, drawn by the seed, are given to a process of their own as well, as a user
would, which has to end with the same code and the same words. Prints a row for each base and for each family of
mutations; exit code 1 where anything is neither refused in plain words nor accepted as what it is. ``--save`` adds what
became of each to a file, a line each; ``--read`` prints the tables of such a file. Linux only.
"""

from __future__ import annotations

import argparse
import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", POLARS_MAX_THREADS="1")

import importlib
import json
import multiprocessing
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

MUTATED = Path(__file__).resolve().parents[2] / "tests" / "tipboard" / "submissions"
FOLDERS_PER_WORKER = 300
"""After so many a worker, which grows, is replaced by a new one."""


def runner() -> Any:
    """The module that makes folders and judges what becomes of them."""
    if str(MUTATED) not in sys.path:
        sys.path.insert(0, str(MUTATED))
    return importlib.import_module("mutated_run")


def one(found: Any, number: int, seed: int, real: bool) -> Any:
    """What became of a folder. ``real``: and how a process of its own differs from it, if it does."""
    run, found = runner(), found.of_this_process()
    here = run.outcome(found, number, seed)
    return run.with_apart(here, run.outcome(found, number, seed, real=True)) if real else here


def measured(options: argparse.Namespace) -> Iterator[Any]:
    """Make the folders, give them to their commands, and yield what became of each."""
    numbers = options.only or list(range(options.count))
    real = set(random.Random(options.seed).sample(numbers, min(options.real, len(numbers))))
    context, size = multiprocessing.get_context("spawn"), FOLDERS_PER_WORKER * options.workers
    with tempfile.TemporaryDirectory(prefix="mutated-") as place:
        found = runner().stage(Path(place))
        for some in (numbers[start : start + size] for start in range(0, len(numbers), size)):
            with ProcessPoolExecutor(options.workers, context) as pool:
                waited = [pool.submit(one, found, number, options.seed, number in real) for number in some]
                yield from (future.result() for future in waited)


def saved(path: Path) -> list[Any]:
    """What became of the folders of a file."""
    return [runner().Outcome(**json.loads(text)) for text in path.read_text(encoding="utf-8").splitlines()]


def line(o: Any) -> str:
    """What became of a folder, in two lines or three."""
    what = f"{o.number} {o.base} {o.family}/{o.mutation} {o.command}"
    return f"{what}: {o.kind}, {o.code}, {o.seconds:.2f} CPU s\n  {o.said[-700:]}" + (
        o.apart and f"\n  {o.apart}"
    )


def of_bases(outcomes: Sequence[Any]) -> str:
    """By base and family of mutations, how many were refused, inert and lawful."""
    families = list(dict.fromkeys(o.family for o in outcomes))
    good = runner().GOOD
    rows = []
    for base in dict.fromkeys(o.base for o in outcomes):
        count = Counter((o.family, o.kind) for o in outcomes if o.base == base)
        rows.append([base, *(" / ".join(str(count[family, kind]) for kind in good) for family in families)])
    return _markdown([f"{' / '.join(good)}", *families], rows)


def of_families(outcomes: Sequence[Any]) -> str:
    """By family, what became of them, the slowest and the largest; the last row is of all."""
    rows = []
    for family in (*dict.fromkeys(o.family for o in outcomes), "all"):
        chosen = [o for o in outcomes if family in (o.family, "all")]
        count = Counter(o.kind for o in chosen)
        worst = [f"{max(o.seconds for o in chosen):.1f}", f"{max(o.mebibytes for o in chosen):.0f}"]
        rows.append([family, f"{len(chosen):,}", *(f"{count[kind]:,}" for kind in runner().OUTCOMES), *worst])
    return _markdown(["mutated", "folders", *runner().OUTCOMES, "most CPU s", "peak, MiB"], rows)


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> int:
    """Measure, print, and say whether all is as it has to be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5_208)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--real", type=int, default=150)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--read", type=Path)
    options = parser.parse_args()
    outcomes = []
    for o in saved(options.read) if options.read else measured(options):
        outcomes.append(o)
        if options.save is not None:
            with options.save.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(o)) + "\n")
        if options.only or o.kind in runner().BAD or o.apart:
            sys.stderr.write(f"{line(o)}\n")
    print(of_families(outcomes), of_bases(outcomes), sep="\n\n")
    commands = Counter(o.command for o in outcomes)
    print("\n" + ", ".join(f"`{name}` {count:,}" for name, count in sorted(commands.items())))
    return 1 if any(o.apart or o.kind in runner().BAD for o in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
