"""Compare two revisions: data, configs, results and predictions of ``tiny``, output of commands, exported files.

    python research/revisions/compare.py BASE HEAD [--work FOLDER] [--small CELLS]

BASE and HEAD are folders of checkouts or revisions of this repository; both run in the environment at hand, each with
its own sources and its own data. Compared are: the manifests of released data, which hold a digest of every column;
the resolved config of every baseline, experiment and data set; every field of the results of every baseline on every
split of ``tiny``, and the digests of its predictions; exit code and output of each command of ``commands.yaml``, and
the SHA-256 of each file that it writes. Cost, environment, places and digests of source code are ignored. What else may
differ is listed with its reason in ``renames.yaml``.

With ``--small`` HEAD also runs so many cells of each task on ``small`` and is checked against the committed results:
deterministic methods to 1e-6, others within the spread of their seeds. A cell that is further away is run by BASE too:
where both states score the same, the machine differs and not the code (libraries of linear algebra round by processor).
What was run is kept in the working folder and not run again. Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from tipbench.runs.frames import RESULTS, read_results
from tipdata.core.world import newest_released

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
ROOTS = ("benchmark", "baselines", "datasets")
IGNORED = re.compile(
    r"cost\.|environment\.|config_hash$|versions\.method$|config\.runs\.|predictions\.digest$|^digests\."
)
TOLERANCE = 1e-6
KINDS = ("baselines", "experiments", "data")
ABSENT = object()
"""Of a rename that allows any value."""


def main() -> int:
    """Run both states, print what differs, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base")
    parser.add_argument("head")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "tipbench-golden")
    parser.add_argument("--small", type=int, default=0, metavar="CELLS", help="cells of each task on small")
    options = parser.parse_args()
    base, head = State(options.base, options.work), State(options.head, options.work)
    for state in (base, head):
        state.run_tiny()
    found: Counter[str] = Counter()
    for differing in (differing_manifests, differing_configs, differing_results, differing_commands):
        found.update(dict(differing(base, head)))
    if options.small:
        found.update(dict(differing_small(base, head, options.small)))
    for what, count in sorted(found.items()):
        sys.stdout.write(f"{count:6,} x {what}\n")
    sys.stdout.write(f"{sum(found.values()):,} differences that renames.yaml does not list\n")
    return 1 if found else 0


class State:
    """One state of the project: its sources, and what was run with them."""

    def __init__(self, name: str, work: Path) -> None:
        folder = Path(name)
        label = folder.resolve().as_posix().strip("/").replace("/", "-") if folder.is_dir() else name
        self.work = work / label
        self.work.mkdir(parents=True, exist_ok=True)
        self.sources = folder.resolve() if folder.is_dir() else _export(name, self.work / "sources")
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(self.sources / root) for root in ROOTS),
            "TIPBENCH_HOME": str(self.work / "home"),
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "200",
        }

    def tipbench(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command in the working folder."""
        return subprocess.run(
            [sys.executable, "-m", "tipbench", *words],
            cwd=self.work,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    def run_tiny(self) -> None:
        """Run every baseline on every split of tiny; what is finished is kept."""
        known = (self.sources / "configs" / "config.yaml").read_text(encoding="utf-8")
        plain = ["fence=off"] if "\nfence:" in known else []  # behind it ids are others on each host
        ran = self.tipbench("run", "experiment=board", "release=tiny", "figure.path=null", *plain, "--json")
        if ran.returncode:
            raise SystemExit(f"{self.sources}: {ran.stderr[-2000:]}")

    def results(self, size: str) -> dict[tuple[str, ...], dict[str, Any]]:
        """Return the results on a size by task, split, method and seed."""
        read = (json.loads(p.read_bytes()) for p in sorted((self.work / "runs").rglob("result.json")))
        return {key_of(result): result for result in read if result["data"].endswith(f"/{size}")}


def key_of(result: dict[str, Any]) -> tuple[str, ...]:
    """Return what names a cell, whatever the hash of its config."""
    return result["task"], result["split"], result["method"], str(result["seed"]), result["access"]


def _export(revision: str, folder: Path) -> Path:
    """Write the sources of a revision to a folder, once."""
    if not folder.exists():
        partial = folder.with_name("sources.partial")
        partial.mkdir()
        archive = subprocess.run(
            ["git", "archive", revision], cwd=REPOSITORY, capture_output=True, check=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", str(partial)], input=archive, check=True)
        partial.rename(folder)
    return folder


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf of a JSON document by its dotted path; things in a list by their name, where they have one."""
    if isinstance(value, list) and value and all(isinstance(v, dict) and "name" in v for v in value):
        value = {child["name"]: child for child in value}
    if isinstance(value, dict):
        for name, child in value.items():
            yield from flat(child, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from flat(child, f"{path}.{number}")
    else:
        yield path, value


def renames() -> list[tuple[re.Pattern[str], Any, Any]]:
    """Return what may differ: a pattern of paths, and where given the value before and the value now."""
    entries = yaml.safe_load((HERE / "renames.yaml").read_text(encoding="utf-8"))
    return [(re.compile(e["path"]), e.get("before", ABSENT), e.get("now", ABSENT)) for e in entries]


def differences(before: Any, now: Any, where: str) -> Iterator[str]:
    """Yield one line for each leaf of two documents that differs and may not."""
    one, other = dict(flat(before)), dict(flat(now))
    allowed = renames()
    for path in sorted(one.keys() | other.keys()):
        if IGNORED.search(path) or (path in one and path in other and one[path] == other[path]):
            continue
        full = f"{where}:{path}"
        for pattern, was, became in allowed:
            if not pattern.search(full):
                continue
            if all(v is ABSENT or (path in at and at[path] == v) for v, at in ((was, one), (became, other))):
                break
        else:
            yield f"{full} was {one.get(path, 'absent')!r:.60} and is {other.get(path, 'absent')!r:.60}"


def contents(folder: Path) -> dict[str, Any]:
    """Return the document of each JSON file below a folder and the SHA-256 of each other file, by its path there.

    The results of a board are a document each, whether they are in one parquet file or, as before, in a file each.
    """
    found: dict[str, Any] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        place = path.relative_to(folder)
        if path.name != RESULTS:
            found[place.as_posix()] = _content(path)
            continue
        for result in read_results(path):
            name = place.parent / result.task / result.split / result.method_name / f"s{result.seed}.json"
            found[name.as_posix()] = json.loads(result.to_json())
    return found


def _content(path: Path) -> Any:
    read = path.read_bytes()
    return json.loads(read) if path.suffix == ".json" else hashlib.sha256(read).hexdigest()


def differing_manifests(base: State, head: State) -> Iterator[tuple[str, int]]:
    """Yield what differs in the manifests and samples of released data."""
    before, now = (contents(state.sources / "datasets" / "releases") for state in (base, head))
    sys.stdout.write(f"{len(now):,} files of released data\n")
    yield from ((line, 1) for line in differences(before, now, "released"))


def differing_configs(base: State, head: State) -> Iterator[tuple[str, int]]:
    """Yield what differs in the resolved config of every baseline, experiment and data set of BASE."""
    listed = {kind: json.loads(base.tipbench("list", kind, "--json").stdout) for kind in KINDS}
    method_of = {one["name"].partition("/")[0]: one["name"] for one in listed["baselines"]}
    asked = [f"baseline={one['name']} release=tiny" for one in listed["baselines"]]
    asked += [f"experiment={one['name']} release=tiny" for one in listed["experiments"]]
    asked += [
        f"baseline={method_of[one['task']]} data={one['name']} data.path={base.work}"
        for one in listed["data"]
    ]
    sys.stdout.write(f"{len(asked)} resolved configs\n")
    for words in asked:
        before, now = (state.tipbench("run", *words.split(), "--show", "--json") for state in (base, head))
        if before.returncode != now.returncode:
            yield f"exit code of `run {words} --show`: {before.stderr[-200:]} {now.stderr[-200:]}", 1
        pair = json.loads(before.stdout or "null"), json.loads(now.stdout or "null")
        yield from ((line, 1) for line in differences(*pair, f"config {words}"))


def differing_results(base: State, head: State) -> Iterator[tuple[str, int]]:
    """Yield what differs in results and predictions of tiny, and how often."""
    before, now = base.results("tiny"), head.results("tiny")
    same = sum(
        before[key]["predictions"]["digest"] == now[key]["predictions"]["digest"]
        for key in before.keys() & now.keys()
    )
    sys.stdout.write(
        f"{len(before):,} cells before, {len(now):,} now, {same:,} with equal prediction digests\n"
    )
    found: Counter[str] = Counter()
    for key in sorted(before.keys() | now.keys()):
        if key not in before or key not in now:
            found[f"cell {' '.join(key)} is only in {'BASE' if key in before else 'HEAD'}"] += 1
            continue
        if before[key]["predictions"]["digest"] != now[key]["predictions"]["digest"]:
            found[f"predictions of {' '.join(key)}"] += 1
        for line in differences(before[key], now[key], f"result {key[2]}"):
            found[line] += 1
    patterns = [pattern for pattern, was, became in renames() if was is became is ABSENT]
    yield from ((what, n) for what, n in found.items() if not any(p.search(what) for p in patterns))


def differing_commands(base: State, head: State) -> Iterator[tuple[str, int]]:
    """Yield what differs in exit codes and JSON of the listed commands."""
    entries = yaml.safe_load((HERE / "commands.yaml").read_text(encoding="utf-8"))
    sys.stdout.write(f"{len(entries)} commands\n")
    for entry in entries:
        entry = entry if isinstance(entry, dict) else {"run": entry}
        runs = str(base.work / "runs" / newest_released() / "tiny")
        words, writes = entry["run"].replace("RUNS", runs), entry.get("writes")
        now_words = entry.get("now", entry["run"]).replace("RUNS", runs)
        before, now = base.tipbench(*words.split()), head.tipbench(*now_words.split())
        if writes:
            pair = contents(base.work / writes), contents(head.work / writes)
            sys.stdout.write(f"{len(pair[1]):,} files of `{words}`\n")
            if not all(pair):
                yield f"`{words}` wrote no file: {before.stderr[-200:]} {now.stderr[-200:]}", 1
            yield from ((line, 1) for line in differences(*pair, f"`{words}` wrote"))
            continue
        if before.returncode != now.returncode:
            yield (
                f"exit code of `{words}` was {before.returncode} and is {now.returncode}: {now.stderr[-300:]}",
                1,
            )
        was, became = (
            ran.stdout.replace(str(state.work), "WORK") for state, ran in ((base, before), (head, now))
        )
        try:
            pair = json.loads(was or "null"), json.loads(became or "null")
        except json.JSONDecodeError:
            pair = was, became
        for line in differences(*pair, f"`{words}`"):
            yield line, 1


def differing_small(base: State, head: State, cells: int) -> Iterator[tuple[str, int]]:
    """Yield what differs between committed results of small and HEAD's, in so many cells of each task, and not between
    BASE's and HEAD's."""
    stored = committed_results(base.sources / "results" / newest_released() / "small" / "reference")
    checked, of_machine = 0, []
    for task in sorted({result["task"] for result in stored}):
        ours = [result for result in stored if result["task"] == task]
        for result in ours[:: max(1, len(ours) // cells)][:cells]:
            words = [f"baseline={result['method']}", f"split={result['split']}", f"seed={result['seed']}"]
            words = [*words, "release=small", f"labels={result['labels']}", "--json"]
            ran = head.tipbench("run", *words)
            if ran.returncode:
                yield f"{' '.join(words)}: {ran.stderr[-200:]}", 1
                continue
            checked += 1
            alike = [r for r in ours if (r["method"], r["split"]) == (result["method"], result["split"])]
            apart = list(_apart(result, json.loads(ran.stdout), alike))
            if not apart:
                continue
            before = json.loads(base.tipbench("run", *words).stdout)
            if list(_apart(before, json.loads(ran.stdout), [])):
                yield from apart
            else:
                of_machine.append(" ".join(key_of(result)))
    sys.stdout.write(f"{checked} cells of small against committed results\n")
    for cell in of_machine:
        sys.stdout.write(f"    {cell}: both states differ alike from what another machine scored\n")


def committed_results(folder: Path) -> list[dict[str, Any]]:
    """Return the results of a board as JSON documents, from one parquet file or, before that, from a file each."""
    if (folder / RESULTS).is_file():
        return [json.loads(result.to_json()) for result in read_results(folder / RESULTS)]
    return [json.loads(path.read_bytes()) for path in sorted(folder.rglob("s*.json"))]


def _apart(
    stored: dict[str, Any], found: dict[str, Any], seeds: list[dict[str, Any]]
) -> Iterator[tuple[str, int]]:
    """Yield scores that are further from the stored ones than 1e-6, or than the method's seeds are from each other."""
    for name, score in stored["scores"].items():
        was, now = score["value"], found["scores"].get(name, {}).get("value")
        values = [
            r["scores"][name]["value"] for r in seeds if r["scores"].get(name, {}).get("value") is not None
        ]
        spread = max(values) - min(values) if len(values) > 1 else 0.0
        if (was is None) != (now is None) or (was is not None and abs(was - now) > max(TOLERANCE, spread)):
            yield f"small {' '.join(key_of(stored))} {name} was {was} and is {now}", 1


if __name__ == "__main__":
    sys.exit(main())
