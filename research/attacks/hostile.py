"""What hostile submissions cost a maintainer: python research/attacks/hostile.py [KIND ...]

Checks every one of the folders that tests/tipboard/submissions/hostile.py makes, more than a thousand, and prints a row
a kind: folders, refused, accepted, the slowest in seconds, the peak memory of the process that reads files. Exit code
1 where a folder is not treated as its kind expects, a sentence is missing or too long, or anything is left behind.
"""

from __future__ import annotations

import os
import sys

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", POLARS_MAX_THREADS="2")

import importlib
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOSTILE = Path(__file__).resolve().parents[2] / "tests" / "tipboard" / "submissions"
LONGEST_ANSWER = 2_000


@dataclass
class Tally:
    """What became of a kind's folders."""

    folders: int = 0
    refused: int = 0
    accepted: int = 0
    seconds: float = 0.0
    peak_mib: float = 0.0
    wrong: list[str] = field(default_factory=list)
    distinct: set[str] = field(default_factory=set)


def measured(kinds: list[str]) -> dict[str, Tally]:
    """Check every folder of these kinds, or of all."""
    sys.path.insert(0, str(HOSTILE))
    hostile: Any = importlib.import_module("hostile")
    found: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as place:
        made = hostile.base(Path(place) / "base")
        chosen = [(kind, number) for kind, number in hostile.cases() if not kinds or kind.name in kinds]
        for kind, case in hostile.spoilt(made, chosen, Path(place)):
            _check(kind, case, found.setdefault(kind.name, Tally()))
    return found


def _check(kind: Any, case: Any, tally: Tally) -> None:
    from tipboard.submissions.check import check
    from tipboard.submissions.messages import Refused

    case_module: Any = importlib.import_module("hostile_case")
    tally.folders += 1
    tally.distinct.add(case_module.fingerprint(case.folder))
    before, started = case_module.names_below(case.folder.parent), time.perf_counter()
    try:
        checked = check(case.folder, replicates=20, quiet=True)
    except Refused as refused:
        tally.refused += 1
        if kind.expected == "inert":
            tally.wrong.append(f"{case.folder}: {refused}")
        if len(str(refused)) > LONGEST_ANSWER or not refused.problems:
            tally.wrong.append(f"{case.folder}: {len(str(refused)):,} characters are said")
        tally.peak_mib = max(tally.peak_mib, refused.peak_mib or 0.0)
    except Exception as error:
        tally.wrong.append(f"{case.folder}: {type(error).__name__}: {error}")
    else:
        tally.accepted += 1
        tally.peak_mib = max(tally.peak_mib, checked.peak_mib or 0.0)
        if kind.expected == "refused":
            tally.wrong.append(f"{case.folder}: accepted")
    tally.seconds = max(tally.seconds, time.perf_counter() - started)
    if case_module.names_below(case.folder.parent) != before:
        tally.wrong.append(f"{case.folder}: something was written")


def main() -> int:
    """Measure, print, and say whether all is as expected."""
    started = time.perf_counter()
    found = measured(sys.argv[1:])
    wide = max(map(len, found))
    print(f"{'kind':<{wide}}  folders  refused  accepted  worst s  worst MiB")
    for name, one in found.items():
        row = f"{name:<{wide}}  {one.folders:>7}  {one.refused:>7}  {one.accepted:>8}"
        print(f"{row}  {one.seconds:>7.2f}  {one.peak_mib or '-':>9}")
    total = [sum(getattr(one, name) for one in found.values()) for name in ("folders", "refused", "accepted")]
    distinct = len(set().union(*(one.distinct for one in found.values())))
    print(
        f"{len(found)} kinds, {total[0]:,} folders ({distinct:,} distinct): {total[1]:,} refused, {total[2]:,} accepted"
    )
    print(f"{time.perf_counter() - started:.0f} s")
    wrong = [said for one in found.values() for said in one.wrong]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
