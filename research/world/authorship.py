"""What tells who wrote an advert? python research/world/authorship.py [--world 1] [--regions 64]

R-precision of the gallery of advert_authorship, on its split ``forward``, by

- what is not writing, column by column and all together: nearest neighbours by agreement of rare values and nearness
  of numbers, untrained, and boosted trees over pairs, learnt from the train part. All columns of the table adverts that
  are observed are tried; a star marks those that the task shows. What it shows may carry .10 at most (trees);
- the facts that an advert says, read from the truth: an operation habitually says the same;
- the text: character TF-IDF, untrained, and the strongest baseline, also on the split ``region``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from drawn import Drawn, asking
from tipbaselines.advert_authorship.metric_learning import MetricLearning
from tipbaselines.advert_authorship.tfidf_cosine import TfidfCosine
from tipbaselines.linkage import candidate_frame, nearest, top
from tipbench.data.release_folds import prepare_release
from tipbench.metrics.retrieval import score_queries
from tipbench.tasks import tasks
from tipdata.core.world import MINUTES_A_DAY
from tipdata.stages.adverts.details import JOB_FIELDS

TASK = tasks()["advert_authorship"]
NEIGHBOURS = 60
FIELDS = {
    "language, category": ("language", "category"),
    "price": ("price", "price_basis"),
    "day and hour": ("minute",),
    "fields of a job": JOB_FIELDS,
    "place, platform": ("region", "town", "jurisdiction", "platform"),
    "contacts, images": ("contacts", "images"),
}
"""Observed columns that are not writing."""


def r_precision(answers: pl.DataFrame, predictions: pl.DataFrame) -> float:
    """Return the mean over queries: adverts of the gallery whose operation has another one in it."""
    queries = answers.filter(pl.len().over("cluster") >= 2)
    return float(score_queries(answers, queries, predictions, TASK.unit)["r_precision"].mean())  # type: ignore[arg-type]


def similarity(frame: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return (rows, rows) sum over columns of the rarity of values that two rows share, or their nearness."""
    total = np.zeros((frame.height, frame.height), dtype=np.float32)
    for name in columns:
        series = frame[name]
        if series.dtype == pl.List(pl.Int64):
            total += _shared(series)
            continue
        total += _same(series.cast(pl.String))
        if name == "price":
            logged = series.cast(pl.Float64).log().to_numpy()
            total += _near(logged, 0.05)
        if name == "minute":
            minutes = series.to_numpy().astype(np.float64)
            total += _near(minutes / MINUTES_A_DAY, 20) + _near(minutes / 60 % 24, 2)
    return total


def _same(values: pl.Series) -> np.ndarray:
    codes = values.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    count = np.bincount(codes)
    rarity = np.log(len(codes) / np.maximum(count, 1))
    return np.where((codes[:, None] == codes[None, :]) & (codes > 0), rarity[codes][:, None], 0).astype(
        np.float32
    )


def _shared(lists: pl.Series) -> np.ndarray:
    from scipy.sparse import csr_matrix

    long = pl.DataFrame({"row": np.arange(len(lists)), "value": lists}).explode("value").drop_nulls()
    codes = long["value"].rank("dense").cast(pl.Int64).to_numpy() - 1
    shape = (len(lists), int(codes.max(initial=0)) + 1)
    matrix = csr_matrix(
        (np.ones(long.height, dtype=np.float32), (long["row"].to_numpy(), codes)), shape=shape
    )
    return np.asarray((matrix @ matrix.T).todense()) * np.float32(np.log(len(lists)))


def _near(values: np.ndarray, scale: float) -> np.ndarray:
    apart = np.abs(values[:, None] - values[None, :]) / scale
    return np.nan_to_num(2 * np.exp(-apart), nan=0.0).astype(np.float32)


def pairs(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return (rows, k) neighbours by :func:`similarity`, and (rows * k, channels) what each pair shares, by column."""
    total = similarity(frame, columns)
    best = min(NEIGHBOURS, frame.height - 1)
    found, value = top(total.astype(np.float64), np.arange(frame.height), best)
    row = np.repeat(np.arange(frame.height), best)
    other = found.ravel()
    made = [value.ravel(), (value - value[:, :10].mean(1, keepdims=True)).ravel()]
    for name in columns:
        made.append(similarity(frame, (name,))[row, other])
        if frame[name].dtype.is_numeric():
            raw: np.ndarray = frame[name].cast(pl.Float64).to_numpy()
            made += [np.abs(raw[row] - raw[other]), np.minimum(raw[row], raw[other])]
        if name == "minute":
            made += _apart_in_time(frame[name].to_numpy(), row, other)
        made += [frame[name].is_null().to_numpy()[row].astype(float), frame[name].is_null().to_numpy()[other]]
    return found, np.stack([np.asarray(one, dtype=np.float64) for one in made], axis=1)


def _apart_in_time(minute: np.ndarray, row: np.ndarray, other: np.ndarray) -> list[np.ndarray]:
    """Return how far pairs lie apart in days, in weekdays and in hours of the day."""
    days = np.abs(minute[row] // MINUTES_A_DAY - minute[other] // MINUTES_A_DAY)
    return [days, days % 7, np.abs(minute[row] / 60 % 24 - minute[other] / 60 % 24)]


def learnt(train: pl.DataFrame, gallery: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return candidates by boosted trees over pairs of the train part."""
    from lightgbm import LGBMClassifier

    found, values = pairs(train, columns)
    label = train["cluster"].to_numpy()
    same = (label[found] == label[:, None]).ravel()
    model = LGBMClassifier(
        n_estimators=200, num_leaves=15, learning_rate=0.06, min_child_samples=50, n_jobs=1, verbose=-1
    )
    model.fit(values, same)
    found, values = pairs(gallery, columns)
    scores = np.asarray(model.predict_proba(values))[:, 1].reshape(found.shape)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    row = np.repeat(np.arange(gallery.height), order.shape[1])
    listed = np.stack([row, np.take_along_axis(found, order, axis=1).ravel()], axis=1)
    return candidate_frame(gallery[TASK.unit], listed, np.take_along_axis(scores, order, axis=1).ravel())


def untrained(gallery: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return candidates by :func:`similarity`."""
    total = similarity(gallery, columns)
    found, value = top(total.astype(np.float64), np.arange(gallery.height), 10)
    row = np.repeat(np.arange(gallery.height), found.shape[1])
    return candidate_frame(gallery[TASK.unit], np.stack([row, found.ravel()], axis=1), value.ravel())


def by_facts(gallery: pl.DataFrame) -> pl.DataFrame:
    """Return candidates by the cosine of the facts said, rare ones weighing more."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    said = gallery["facts"].list.join(" ").to_list()
    vectors = TfidfVectorizer(token_pattern=r"\S+", lowercase=False).fit_transform(said)
    return nearest(gallery[TASK.unit], vectors)


def main() -> None:
    """Print the table."""
    parser = asking(__doc__)
    parser.add_argument("--text", action="store_true", help="the text too: some minutes")
    options = parser.parse_args()
    source = Drawn.of(options.world, options.regions)
    made = prepare_release(TASK, source, "forward", "truth", "auto", (), oracle=False)
    answers = made.answers.frame
    whole = source.tables["adverts"].with_columns(cluster="operation")
    gallery = answers.select(TASK.unit).join(whole, on=TASK.unit, how="left", maintain_order="left")
    learn = made.folds[0].parts.filter(part="train").select(TASK.unit)
    train = learn.join(whole, on=TASK.unit, how="left", maintain_order="left").sort(TASK.unit).head(4000)
    shown = set(made.folds[0].tables["adverts"].collect_schema())
    print(f"{source.name}: {gallery.height:,} adverts in the gallery, {train.height:,} to learn from")
    print(f"{'':<34}  untrained  trees")
    open_ = [c for columns in FIELDS.values() for c in columns if c in shown]
    rows = {**FIELDS, "all of the above but the last two": [c for n in list(FIELDS)[:4] for c in FIELDS[n]]}
    rows["all that the task shows"] = open_
    for name, columns in rows.items():
        if not columns:
            continue
        star = "*" if set(columns) <= shown else " "
        a, b = (
            r_precision(answers, untrained(gallery, columns)),
            r_precision(answers, learnt(train, gallery, columns)),
        )
        print(f"{star}{name:<33}  {a:9.3f}  {b:5.3f}", flush=True)
    print(f" {'facts, read from the truth':<33}  {r_precision(answers, by_facts(gallery)):9.3f}")
    if options.text:
        for split in ("forward", "region"):
            fold = prepare_release(TASK, source, split, "truth", "auto", (), oracle=False)
            for method in (TfidfCosine(), MetricLearning()):
                method.fit(fold.folds[0], 0)
                value = r_precision(fold.answers.frame, method.predict(fold.folds[0]))
                print(f" {type(method).__name__ + ', ' + split:<33}  {value:9.3f}", flush=True)


if __name__ == "__main__":
    main()
