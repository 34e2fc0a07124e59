"""What one CPU-second does here, and in libraries that do something alike: ``python research/cost/peers.py``.

Each contest has a job of this project and jobs of peers (peer_jobs.py); every job runs in a fresh process with one
thread, all of a contest in turn, and the medians are compared. No peer is a dependency of tipbench. They go into an
environment of their own, of 2 GB:

    python -m venv ../peers
    ../peers/bin/pip install {requirements}
    python research/cost/peers.py --python ../peers/bin/python

What is not installed is named and left out. The release ``small`` is made first, where it is missing; ``--release
tiny`` is enough to try.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from startup import HERE, taken

JOBS = Path(__file__).with_name("peer_jobs.py")


@dataclass(frozen=True)
class Peer:
    """A library in a contest. ``job``: of peer_jobs.py, or a module that is imported. ``does``: what differs."""

    name: str
    job: str
    does: str
    requirement: str = ""


@dataclass(frozen=True)
class Contest:
    """Jobs that do something alike, this project's first. ``given``: the job that writes what they are given."""

    title: str
    peers: Sequence[Peer]
    given: str = ""
    imports: bool = False


@dataclass(frozen=True)
class Line:
    """A peer in a contest, as measured. ``ratio``: its CPU seconds over this project's or, of tables, this project's
    rows per CPU-second over its own: above 1 it is slower."""

    contest: str
    name: str
    version: str
    does: str
    cpu_s: float
    ratio: float
    rows_per_s: float | None = None
    mb_per_s: float | None = None
    value: float | None = None


TABLES = Contest(
    "Tables, written as parquet",
    (
        Peer("tipbench", "tables_tipbench", "3 regions of a world whose tables belong together"),
        Peer("Faker", "tables_faker", "20,000 rows of 8 fields, each drawn alone", "faker"),
        Peer("Mimesis", "tables_mimesis", "20,000 rows of the same fields, each drawn alone", "mimesis"),
        Peer(
            "pseudopeople", "tables_pseudopeople", "3 years of tax forms: noise on a population that comes with it",
            "pseudopeople",
        ),
        Peer("tpchgen-cli", "tables_tpchgen", "TPC-H at scale 0.1, in Rust: columns drawn alone", "tpchgen-cli"),
    ),
)  # fmt: skip
SCORES = Contest(
    "Ranking metrics of 1M rows",
    (
        Peer("tipbench", "ranking_tipbench", "AUROC, AP and recall@K, weighted"),
        Peer("scikit-learn", "ranking_sklearn", "AUROC and AP, weighted", "scikit-learn"),
        Peer("OGB", "ranking_ogb", "AUROC alone, unweighted (Evaluator of ogbg-molhiv)", "ogb"),
    ),
    "scores_prepare",
)
PRECISION = Contest(
    "1,000 cluster-bootstrap replicates of AP, 100k rows",
    (
        Peer("tipbench", "bootstrap_tipbench", "AUROC, AP and recall@K of each replicate"),
        Peer(
            "scipy.stats.bootstrap", "bootstrap_scipy", "AP by scikit-learn; 20 replicates, seconds times 50",
            "scipy scikit-learn",
        ),
    ),
    "scores_prepare",
)  # fmt: skip
MEAN = Contest(
    "1,000 cluster-bootstrap replicates of a mean, 100k rows",
    (
        Peer("tipbench", "mean_tipbench", "a mean over rows, of sums of 10,000 clusters"),
        Peer("scipy.stats.bootstrap", "mean_scipy", "the same, vectorised", "scipy"),
    ),
    "scores_prepare",
)
CROWD = Contest(
    "Dawid and Skene on the votes of flag_aggregation",
    (
        Peer("tipbench", "crowd_tipbench", "confusions smoothed towards the crowd's"),
        Peer("crowd-kit", "crowd_crowdkit", "unsmoothed", "crowd-kit"),
    ),
    "votes_prepare",
)
PAIRS = Contest(
    "Candidate pairs of near-duplicates among 20,000 adverts, MinHash",
    (
        Peer("tipbench", "pairs_tipbench", "signatures by rensa, 128 permutations in 32 bands"),
        Peer("datasketch", "pairs_datasketch", "the same permutations and bands, other words", "datasketch"),
    ),
    "adverts_prepare",
)
IMPORTS = Contest(
    "Import",
    (
        Peer("tipbench", "tipbench", "the rest is imported where it is used"),
        Peer("MTEB", "mteb", "", "mteb"),
        Peer("RelBench", "relbench", "", "relbench"),
    ),
    imports=True,
)
CONTESTS = (TABLES, SCORES, PRECISION, MEAN, CROWD, PAIRS, IMPORTS)
REQUIREMENTS = sorted(
    {one for contest in CONTESTS for peer in contest.peers for one in peer.requirement.split()}
)


def versions(python: str) -> dict[str, str]:
    """Return what is installed beside a Python, by requirement."""
    code = (
        "import importlib.metadata as m, json\n"
        f"names = {REQUIREMENTS!r}\n"
        "print(json.dumps({d.metadata['Name'].lower(): d.version for d in m.distributions()"
        " if d.metadata['Name'].lower() in names}))"
    )
    return json.loads(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout)


def measured(python: str, repeats: int, release: str) -> Iterator[Line]:
    """Yield the lines of every contest with a peer that is installed; name those that are not, on stderr."""
    there = versions(python)
    with tempfile.TemporaryDirectory() as folder:
        given: set[str] = set()
        for contest in CONTESTS:
            peers = [one for one in contest.peers if set(one.requirement.split()) <= set(there)]
            for one in contest.peers:
                if one not in peers:
                    sys.stderr.write(f"{one.name} is left out: pip install {one.requirement}\n")
            if contest.given and contest.given not in given:
                run(sys.executable, contest.given, folder, release)
                given.add(contest.given)
            found: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in peers}
            for _ in range(repeats):
                for peer in peers:
                    of = sys.executable if not peer.requirement else python
                    found[peer.name].append(
                        imported(of, peer.job) if contest.imports else run(of, peer.job, folder, release)
                    )
            yield from lines(contest, peers, found, there)


def imported(python: str, module: str) -> dict[str, float]:
    """Return the CPU seconds of an import, beyond those of a Python that does nothing."""
    return {"cpu_s": taken(f"import {module}", HERE, python).cpu - taken("pass", HERE, python).cpu}


def run(python: str, job: str, folder: str, release: str) -> dict[str, float]:
    """Do a job in a process of its own; return what it prints."""
    places = [str(HERE / place) for place in ("benchmark", "baselines", "datasets")]
    environment = {**os.environ, "TIPBENCH_PEERS_RELEASE": release}
    if python == sys.executable:
        environment["PYTHONPATH"] = os.pathsep.join(places)
    done = subprocess.run([python, str(JOBS), job, folder], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{job} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def lines(
    contest: Contest, peers: Sequence[Peer], found: dict[str, list[dict[str, float]]], there: dict[str, str]
) -> Iterator[Line]:
    """Yield the medians of a contest."""
    seconds = {name: median(one["cpu_s"] for one in times) for name, times in found.items()}
    rates = {
        name: tuple(times[0][what] / seconds[name] if "mb" in times[0] else None for what in ("rows", "mb"))
        for name, times in found.items()
    }
    ours = contest.peers[0].name
    for peer in peers:
        rows, mb = rates[peer.name]
        ratio = seconds[peer.name] / seconds[ours] if rows is None else (rates[ours][0] or 0.0) / rows
        yield Line(
            contest.title, peer.name, there.get(peer.requirement.split(" ")[0], ""), peer.does, seconds[peer.name],
            ratio, rows, mb, found[peer.name][0].get("value"),
        )  # fmt: skip


def table(found: Sequence[Line]) -> str:
    """Return the lines as text."""
    text = [f"{'who':<24}{'CPU s':>9}{'rows/s':>10}{'MB/s':>7}{'ratio':>8}  what it does"]
    contest = ""
    for one in found:
        if one.contest != contest:
            contest = one.contest
            text.append(contest)
        rows = "" if one.rows_per_s is None else f"{one.rows_per_s:,.0f}"
        mb = "" if one.mb_per_s is None else f"{one.mb_per_s:.2f}"
        value = "" if one.value is None else f" [{one.value:.4g}]"
        text.append(
            f"  {f'{one.name} {one.version}':<22}{one.cpu_s:>9.3f}{rows:>10}{mb:>7}{one.ratio:>8.2f}  {one.does}{value}"
        )
    return "\n".join(text)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what peers need to know."""
    parser.add_argument("--python", default=sys.executable, help="Python of the environment with the peers")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--release", default="small", help="whose votes and adverts are used (small)")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=str(__doc__).format(requirements=" ".join(REQUIREMENTS)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = list(measured(options.python, options.repeats, options.release))
    print(json.dumps([asdict(one) for one in found], indent=1) if options.json else table(found))


if __name__ == "__main__":
    main()
