"""What attacks on a sealed round of 64 regions find, as tables; the tests do the same on a tiny one.

    python research/attacks/attacks.py [FOLDER]

Without a folder a round is made in a temporary one (about two minutes); with one that holds ``public/`` and
``secret/``, that round is attacked. Chance is an AUROC of .5, and the interval that of a cluster bootstrap.
"""

import io
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score
from tipbench.loading import prepare
from tipbench.task import Task
from tipbench.tasks import tasks
from tipboard.rounds.host import open_secret, read_answers
from tipboard.rounds.new import RoundOrder, new_round
from tipboard.rounds.record import Round
from tipboard.rounds.source import RegionFolders
from tipdata.release import Release

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "tipboard" / "rounds"))
from round_attacks import cross_fitted, in_one_run, order_features  # pyright: ignore[reportMissingImports]

MOST = 60_000
"""Units of a task that a tree is fitted to, every n-th of them."""
REPLICATES = 200
SIZED = {
    "advert_risk": "adverts",
    "account_risk": "accounts",
    "payment_risk": "payments",
    "supplier_risk": "firms",
}


def main(place: Path) -> None:
    public, secret = place / "public", place / "secret"
    if not public.exists():
        now = datetime.now(UTC)
        closes = str((now + timedelta(days=1)).date())
        new_round(RoundOrder("attacked", "small", closes, secret, public), now)
    described, _ = open_secret(secret)
    say("task", "units", "positive", "AUROC of ids and order", "95% interval")
    for name in described.tasks:
        ids_and_order(tasks()[name], public, secret)
    say(
        "task", "rank correlation of positives with a file's size", "with what order adds to it", "p", "range"
    )
    for name in (n for n in SIZED if n in described.tasks):
        file_sizes(name, public, secret, described)
    images(public, secret, described)
    units(public, secret)
    streams(public, secret, described)


def say(*words: object) -> None:
    sys.stdout.write(" | ".join(f"{w:.3f}" if isinstance(w, float) else str(w) for w in words) + "\n")


def labelled(task: Task, public: Path, secret: Path) -> pl.DataFrame:
    shown = pl.read_parquet(public / "units" / f"{task.name}.parquet")
    known = read_answers(secret, task.name).frame
    return shown.join(
        known.drop_nulls("label"), on=task.unit, how="inner", maintain_order="left"
    ).with_columns(pl.col("cluster").fill_null(pl.col(task.unit)))


def ids_and_order(task: Task, public: Path, secret: Path) -> None:
    if not task.kind.labelled:
        return
    rows = labelled(task, public, secret)
    rows = rows.gather_every(max(1, rows.height // MOST))
    labels = rows["label"].to_numpy().astype(np.int64)
    auroc, scores = cross_fitted(order_features(rows, task.unit), labels)
    _, clusters = np.unique(rows["cluster"].to_numpy(), return_inverse=True)
    low, high = interval(labels, scores, clusters)
    say(task.name, rows.height, int(labels.sum()), auroc, f"{low:.3f} to {high:.3f}")


def interval(labels: np.ndarray, scores: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    generator = np.random.default_rng(0)
    count, found = clusters.max() + 1, []
    for _ in range(REPLICATES):
        weights = np.bincount(generator.integers(0, count, count), minlength=count)[clusters]
        found.append(roc_auc_score(labels, scores, sample_weight=weights))
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def file_sizes(name: str, public: Path, secret: Path, described: Round) -> None:
    """A size is content and order; what the content says (devices that accounts share, say) is published anyway."""
    task, table = tasks()[name], SIZED[name]
    files = [public / "inputs" / str(n) / f"{table}.parquet" for n in described.region_numbers]
    truth = read_answers(secret, name).frame.select(task.unit, "label")
    by_order, positives = [], []
    for file in files:
        rows = pl.read_parquet(file)
        shown = rows.drop(task.unit)
        anyhow = [size(shown.sample(fraction=1, shuffle=True, seed=seed)) for seed in range(3)]
        by_order.append(size(shown) / np.mean(anyhow))
        positives.append(rows.join(truth, on=task.unit)["label"].sum())
    whole = spearmanr([file.stat().st_size for file in files], positives)
    found = spearmanr(by_order, positives)
    said = (float(whole.statistic), float(found.statistic), float(found.pvalue))  # type: ignore[attr-defined]
    say(name, *said, f"{min(by_order):.4f} to {max(by_order):.4f}")


def size(frame: pl.DataFrame) -> int:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=9, statistics=False)
    return len(buffer.getvalue())


def images(public: Path, secret: Path, described: Round) -> None:
    number = described.region_numbers[0]
    shown = pl.read_parquet(public / "inputs" / str(number) / "adverts.parquet", columns=["images"])
    words = shown["images"].explode().drop_nulls().unique().to_numpy()
    say("images: share of words that invert into one run of numbers", in_one_run(words))


def units(public: Path, secret: Path) -> None:
    """Whether being a unit of one task says anything of another's label, beside the same in the open release."""
    say("being a unit of", "AUROC for advert_risk", "in the open release")
    adverts = labelled(tasks()["advert_risk"], public, secret)
    opened = Release.of("0.4.0", "small")
    risk = prepare("advert_risk", release=opened, split="operation").answers.frame.filter(part="test")
    for name in ("advert_authorship", "flag_aggregation"):
        inside = pl.read_parquet(public / "units" / f"{name}.parquet")["advert"]
        there = prepare(name, release=opened, split="operation").answers.frame["advert"]
        say(name, lift(adverts, inside), lift(risk, there))


def lift(adverts: pl.DataFrame, inside: pl.Series) -> float:
    return float(roc_auc_score(adverts["label"], adverts["advert"].is_in(inside.implode()).to_numpy()))


def streams(public: Path, secret: Path, described: Round) -> None:
    """What the published adverts would tell of a circuit's next town, could one tell its operation."""
    whole = RegionFolders("whole", described.data, secret / "tables", described.region_numbers, whole=True)
    inputs = RegionFolders("inputs", described.data, public / "inputs", described.region_numbers, whole=False)
    last = inputs.scan("stops").filter(pl.col("sequence") == pl.col("sequence").max().over("circuit"))
    answers = read_answers(secret, "route_forecast").frame
    owner = whole.scan("circuits", truth=True).select("circuit", "operation")
    posted = whole.scan("adverts", truth=True).select(
        "operation", "minute", seen=pl.col("town").cast(pl.Int64)
    )
    queries = (
        last.select("stop", "circuit", "day", pl.col("town").cast(pl.Int64))
        .collect()
        .join(answers.select("stop", "answer", "cluster"), on="stop")
    )
    after = (
        queries.lazy()
        .join(owner.drop_nulls(), on="circuit")
        .join(posted, on="operation")
        .filter(pl.col("minute") // 1440 > pl.col("day"), pl.col("seen") != pl.col("town"))
        .sort("stop", "minute")
        .group_by("stop")
        .first()
        .collect()
    )
    right = int((after["seen"] == after["answer"]).sum())
    say("queries", "with a later advert of the operation elsewhere", "of which at the right town")
    say(queries.height, after.height, right / after.height)
    lengths = inputs.scan("messages").group_by("conversation").len().collect()["len"]
    say("lengths of prefixes", sorted(lengths.unique()))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
