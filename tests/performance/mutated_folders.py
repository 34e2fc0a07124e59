"""What the command line makes of thousands of mutated folders: python tests/performance/mutated_folders.py

    [--count 5200] [--seed 1] [--only N ...] [--real 150] [--workers 2] [--save FILE]

Folders are honest ones, of every task and of a sealed round, that one of the mutations of
tests/tipboard/submissions/mutated_*.py spoils; each is given to ``submit check``, ``board accept``, ``seal score``,
``submit check --round`` or ``score``. A number and the seed make a folder: ``--only 17`` makes that of the table
again and shows what was said of it. ``--real``: so many of them are also given to a process of their own, as a user
would, which has to end with the same code and the same words. Prints a row for each base and family of mutations;
``--save`` keeps what became of each as a line of JSON;
exit code 1 where anything is neither refused in plain words nor accepted as what it is.
"""

from __future__ import annotations

import argparse
import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", POLARS_MAX_THREADS="1")

import importlib
import json
import multiprocessing
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

MUTATED = Path(__file__).resolve().parents[1] / "tipboard" / "submissions"
FOLDERS_PER_WORKER = 300
"""After so many a worker, which grows, is replaced by a new one."""


def runner() -> Any:
    """The module that makes folders and judges what becomes of them."""
    if str(MUTATED) not in sys.path:
        sys.path.insert(0, str(MUTATED))
    return importlib.import_module("mutated_run")


def one(found: Any, number: int, seed: int, real: bool) -> tuple[Any, str]:
    """What became of a folder, and how a process of its own differs from it."""
    run, found = runner(), found.of_this_process()
    here = run.outcome(found, number, seed)
    if not real:
        return here, ""
    apart = run.outcome(found, number, seed, real=True)
    if here.family == "swaps":  # what is seen of a swap is chance
        return here, "" if apart.kind in run.GOOD else f"{apart.kind} in a process of its own: {apart.said}"
    alike = (here.code, here.kind) == (apart.code, apart.kind)
    return here, "" if alike else f"{apart.code} ({apart.kind}) in a process of its own: {apart.said}"


def measured(options: argparse.Namespace) -> list[tuple[Any, str]]:
    """Make the folders and give them to their commands."""
    numbers = options.only or list(range(options.count))
    every = max(1, len(numbers) // options.real) if options.real else 0
    asked = [(number, bool(every) and step % every == 0) for step, number in enumerate(numbers)]
    context, results = multiprocessing.get_context("spawn"), []
    with tempfile.TemporaryDirectory(prefix="mutated-") as place:
        found = runner().stage(Path(place))
        size = FOLDERS_PER_WORKER * options.workers
        for some in (asked[start : start + size] for start in range(0, len(asked), size)):
            with ProcessPoolExecutor(options.workers, context) as pool:
                waited = [pool.submit(one, found, number, options.seed, real) for number, real in some]
                results += [told(future.result(), options.save) for future in waited]
    return results


def told(result: tuple[Any, str], save: Path | None) -> tuple[Any, str]:
    """Say at once what must not be; keep what became of each."""
    outcome, apart = result
    if save is not None:
        with save.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**asdict(outcome), "apart": apart}) + "\n")
    if outcome.kind in runner().BAD or apart:
        sys.stderr.write(f"{line(outcome)} {apart}\n")
    return result


def line(o: Any) -> str:
    """What became of a folder, in two lines."""
    what = f"{o.number} {o.base} {o.family}/{o.mutation} {o.command}"
    return f"{what}: {o.kind}, {o.code}, {o.seconds:.2f} s\n  {o.said[-700:]}"


def table(outcomes: list[Any], columns: tuple[str, ...]) -> str:
    """A row for each base and family, one for each family, and one for all."""
    families = dict.fromkeys(one.family for one in outcomes)
    bases = dict.fromkeys(one.base for one in outcomes)
    groups = [(base, family) for base in bases for family in families]
    groups += [("all", family) for family in families] + [("all", "all")]
    heads = ("folder", "mutated", "folders", *columns, "slowest, s", "peak, MiB")
    lines = ["| " + " | ".join(heads) + " |", "| --- | --- |" + " ---: |" * (len(heads) - 2)]
    for base, family in groups:
        chosen = [o for o in outcomes if base in ("all", o.base) and family in ("all", o.family)]
        if chosen:
            count = Counter(o.kind for o in chosen)
            worst = f"{max(o.seconds for o in chosen):.1f}", f"{max(o.mebibytes for o in chosen):.0f}"
            cells = (base, family, f"{len(chosen):,}", *(f"{count[name]:,}" for name in columns), *worst)
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and say whether all is as it has to be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=5_200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--real", type=int, default=150)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    started = time.perf_counter()
    pairs = measured(options)
    outcomes, run = [outcome for outcome, _ in pairs], runner()
    print(table(outcomes, run.OUTCOMES))
    commands = Counter(one.command for one in outcomes)
    print("\n" + ", ".join(f"{name}: {count:,}" for name, count in sorted(commands.items())))
    seconds = time.perf_counter() - started
    print(f"{len(outcomes):,} folders in {seconds:.0f} s; {options.real} also in processes of their own")
    if options.only:
        print("\n".join(map(line, outcomes)))
    return 1 if any(said or o.kind in run.BAD for o, said in pairs) else 0


if __name__ == "__main__":
    sys.exit(main())
