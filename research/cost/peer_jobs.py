"""Do one job of a contest in a process of its own: ``python peer_jobs.py JOB FOLDER`` (see peers.py).

A job prints a line of JSON: ``cpu_s`` of the job alone, without imports and without reading what it is given, and what
else it knows: ``rows`` and ``mb`` written, a ``value`` to hold against others'. A job imports what it needs itself, so
that an environment with one of the libraries can do its jobs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

for threads in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
    os.environ[f"{threads}_NUM_THREADS"] = "1"
os.environ["POLARS_MAX_THREADS"] = "1"

Found = dict[str, Any]
MB = 1e6
ROWS = 20_000
"""That Faker and Mimesis make."""
REGIONS = 3
WIDTH, PERMUTATIONS, BANDS = 3, 128, 32
ADVERTS = 20_000
REPLICATES, FEW_REPLICATES = 1000, 20
"""Of a bootstrap, and of one that is too slow for so many: its seconds are multiplied."""


@contextmanager
def timed() -> Iterator[Found]:
    """Give a dictionary that holds, after the block, the CPU seconds of this process and of its children."""
    found: Found = {}
    before = _cpu()
    yield found
    found["cpu_s"] = _cpu() - before


def _cpu() -> float:
    used = os.times()
    return time.process_time() + used.children_user + used.children_system


def written(folder: str | Path) -> Found:
    """Return the rows and megabytes of the parquet files below a folder."""
    from pyarrow import parquet

    files = sorted(Path(folder).rglob("*.parquet"))
    return {
        "rows": sum(parquet.read_metadata(file).num_rows for file in files),
        "mb": sum(file.stat().st_size for file in files) / MB,
    }


# Tables


def tables_tipbench(_: Path) -> Found:
    from tipdata.core.world import World, newest_released
    from tipdata.release import generate_region

    world = World.of(newest_released())
    generate_region(world, 0)  # compiles the wordbooks
    with tempfile.TemporaryDirectory() as to:
        with timed() as found:
            for index in range(1, 1 + REGIONS):
                for name, frame in generate_region(world, index).items():
                    frame.write_parquet(Path(to) / f"{name}-{index}.parquet", compression="zstd")
        return found | written(to)


def tables_faker(_: Path) -> Found:
    from faker import Faker  # pyright: ignore[reportMissingImports]

    fake = Faker()
    Faker.seed(0)
    return _records(
        lambda: {
            "name": fake.name(), "phone": fake.phone_number(), "email": fake.email(), "city": fake.city(),
            "job": fake.job(), "day": fake.date(), "price": fake.pyint(20, 400), "text": fake.text(120),
        }
    )  # fmt: skip


def tables_mimesis(_: Path) -> Found:
    from mimesis import Generic  # pyright: ignore[reportMissingImports]
    from mimesis.locales import Locale  # pyright: ignore[reportMissingImports]

    fake = Generic(locale=Locale.EN, seed=0)
    return _records(
        lambda: {
            "name": fake.person.full_name(), "phone": fake.person.phone_number(), "email": fake.person.email(),
            "city": fake.address.city(), "job": fake.person.occupation(), "day": fake.datetime.formatted_date(),
            "price": fake.numeric.integer_number(20, 400), "text": fake.text.sentence(),
        }
    )  # fmt: skip


def _records(record: Callable[[], Found]) -> Found:
    import pyarrow
    from pyarrow import parquet

    with tempfile.TemporaryDirectory() as to:
        with timed() as found:
            table = pyarrow.Table.from_pylist([record() for _ in range(ROWS)])
            parquet.write_table(table, Path(to) / "rows.parquet", compression="zstd")
        return found | written(to)


def tables_pseudopeople(_: Path) -> Found:
    import pseudopeople  # pyright: ignore[reportMissingImports]

    with tempfile.TemporaryDirectory() as to:
        with timed() as found:
            for year in (2020, 2021, 2022):
                frame = pseudopeople.generate_taxes_w2_and_1099(seed=0, year=year)
                frame.to_parquet(Path(to) / f"{year}.parquet", compression="zstd")
        return found | written(to)


def tables_tpchgen(_: Path) -> Found:
    program = str(Path(sys.executable).with_name("tpchgen-cli"))
    with tempfile.TemporaryDirectory() as to:
        with timed() as found:
            subprocess.run(
                [program, "parquet", "-s", "0.1", "--num-threads", "1", "-c", "ZSTD(1)", "--output-dir", to],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        return found | written(to)


# Scores of a million rows


def scores_prepare(folder: Path) -> None:
    import numpy as np
    from scoring import scored_rows

    for name, rows in (("million", 1_000_000), ("few", 100_000)):
        scores, positive, weights, codes = scored_rows(rows, rows // 10)
        np.savez(folder / f"{name}.npz", scores=scores, positive=positive, weights=weights, codes=codes)


def _scored(folder: Path, name: str) -> Any:
    import numpy as np

    with np.load(folder / f"{name}.npz") as kept:
        return [kept[part] for part in ("scores", "positive", "weights", "codes")]


def ranking_tipbench(folder: Path) -> Found:
    from tipbench.metrics.bootstrap import compute_observed
    from tipbench.metrics.ranking import Ranking

    scores, positive, weights, codes = _scored(folder, "million")
    with timed() as found:
        values = compute_observed(Ranking(scores, positive, weights, codes, 0.05).metrics, 100_000)
    return found | {"value": values["auroc"]}


def ranking_sklearn(folder: Path) -> Found:
    from sklearn.metrics import average_precision_score, roc_auc_score

    scores, positive, weights, _ = _scored(folder, "million")
    with timed() as found:
        value = roc_auc_score(positive, scores, sample_weight=weights)
        average_precision_score(positive, scores, sample_weight=weights)
    return found | {"value": value}


def ranking_ogb(folder: Path) -> Found:
    from ogb.graphproppred import Evaluator  # pyright: ignore[reportMissingImports]

    scores, positive, _, _ = _scored(folder, "million")
    given = {"y_true": positive[:, None].astype(int), "y_pred": scores[:, None]}
    evaluator = Evaluator("ogbg-molhiv")
    with timed() as found:
        value = evaluator.eval(given)["rocauc"]
    return found | {"value": value}


# A cluster bootstrap of 100,000 rows


def bootstrap_tipbench(folder: Path) -> Found:
    from tipbench.metrics.bootstrap import replicate
    from tipbench.metrics.ranking import Ranking

    scores, positive, weights, codes = _scored(folder, "few")
    with timed() as found:
        drawn = replicate(Ranking(scores, positive, weights, codes, None).metrics, 10_000, REPLICATES, 0)
    return found | {"value": float(drawn["average_precision"].std())}


def bootstrap_scipy(folder: Path) -> Found:
    import numpy as np
    from scipy.stats import bootstrap
    from sklearn.metrics import average_precision_score

    scores, positive, weights, codes = _scored(folder, "few")
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(10_001))
    rows_of = [order[start:end] for start, end in pairwise(ends)]

    def precision(drawn: Any) -> float:
        rows = np.concatenate([rows_of[cluster] for cluster in drawn.astype(int)])
        return float(average_precision_score(positive[rows], scores[rows], sample_weight=weights[rows]))

    with timed() as found:
        made = bootstrap(
            (np.arange(10_000),), precision, n_resamples=FEW_REPLICATES, vectorized=False, method="percentile",
            rng=0,
        )  # fmt: skip
    found["cpu_s"] *= REPLICATES / FEW_REPLICATES
    return found | {"value": float(made.standard_error)}


def mean_tipbench(folder: Path) -> Found:
    from tipbench.metrics.bootstrap import replicate

    sums, sizes = _by_cluster(folder)
    with timed() as found:
        drawn = replicate(lambda times: {"mean": times @ sums / (times @ sizes)}, 10_000, REPLICATES, 0)
    return found | {"value": float(drawn["mean"].std())}


def mean_scipy(folder: Path) -> Found:
    from scipy.stats import bootstrap

    sums, sizes = _by_cluster(folder)
    with timed() as found:
        made = bootstrap(
            (sums, sizes), lambda one, other, axis: one.sum(axis) / other.sum(axis), n_resamples=REPLICATES,
            paired=True, vectorized=True, method="percentile", batch=100, rng=0,
        )  # fmt: skip
    return found | {"value": float(made.standard_error)}


def _by_cluster(folder: Path) -> Any:
    import numpy as np

    scores, _, _, codes = _scored(folder, "few")
    return np.bincount(codes, scores, 10_000), np.bincount(codes, minlength=10_000).astype(float)


# Votes on flagged adverts


def votes_prepare(folder: Path) -> None:
    import numpy as np
    import tipbench
    from tipbaselines.flag_aggregation.votes import read_votes

    fold = tipbench.load("flag_aggregation", release=os.environ.get("TIPBENCH_PEERS_RELEASE", "small"))
    votes = read_votes(fold)[1].without_unsure()
    np.savez(
        folder / "votes.npz", item=votes.item, reviewer=votes.reviewer, vote=votes.vote, items=votes.items,
        reviewers=votes.reviewers,
    )  # fmt: skip


def _votes(folder: Path) -> Any:
    import numpy as np

    with np.load(folder / "votes.npz") as kept:
        return {name: kept[name] for name in kept.files}


def crowd_tipbench(folder: Path) -> Found:
    import numpy as np
    from tipbaselines.flag_aggregation.dawid_skene import DawidSkene
    from tipbaselines.flag_aggregation.votes import Votes

    kept = _votes(folder)
    votes = Votes(
        kept["item"], kept["reviewer"], kept["vote"], int(kept["reviewers"]), np.full(int(kept["items"]), -1)
    )
    with timed() as found:
        posterior = DawidSkene().posterior(votes)
    return found | {"rows": len(kept["vote"]), "value": float(posterior.argmax(axis=1).mean())}


def crowd_crowdkit(folder: Path) -> Found:
    import pandas as pd
    from crowdkit.aggregation import DawidSkene  # pyright: ignore[reportMissingImports]

    kept = _votes(folder)
    frame = pd.DataFrame({"task": kept["item"], "worker": kept["reviewer"], "label": kept["vote"]})
    with timed() as found:
        labels = DawidSkene(n_iter=100, tol=1e-5).fit_predict(frame)
    return found | {"rows": len(frame), "value": float(labels.astype(float).mean())}


# Near-duplicate adverts


def adverts_prepare(folder: Path) -> None:
    from tipbench.data.releases import open_by_name

    release = open_by_name(os.environ.get("TIPBENCH_PEERS_RELEASE", "small"))
    bodies = release.scan("adverts").select("body").head(ADVERTS).collect()["body"].to_list()
    (folder / "adverts.json").write_text(json.dumps(bodies), encoding="utf-8")


def _adverts(folder: Path) -> list[str]:
    return json.loads((folder / "adverts.json").read_text(encoding="utf-8"))


def pairs_tipbench(folder: Path) -> Found:
    from tipbaselines.linkage import candidate_pairs, shingles

    bodies = _adverts(folder)
    with timed() as found:
        pairs = candidate_pairs(shingles(bodies, WIDTH), PERMUTATIONS, BANDS)
    return found | {"rows": len(bodies), "value": len(pairs)}


def pairs_datasketch(folder: Path) -> Found:
    from datasketch import MinHash, MinHashLSH  # pyright: ignore[reportMissingImports]

    bodies = _adverts(folder)
    with timed() as found:
        index = MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, PERMUTATIONS // BANDS))
        sketches = []
        for at, body in enumerate(bodies):
            words = body.lower().split()
            runs = {" ".join(words[one : one + WIDTH]) for one in range(max(1, len(words) - WIDTH + 1))}
            sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
            sketch.update_batch([run.encode() for run in runs])
            index.insert(at, sketch, check_duplication=False)
            sketches.append(sketch)
        pairs = sum(len(index.query(sketch)) - 1 for sketch in sketches) // 2
    return found | {"rows": len(bodies), "value": pairs}


def main(job: str, folder: str) -> None:
    found = globals()[job](Path(folder))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
