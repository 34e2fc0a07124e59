"""Compare columns of a release with real data of a user's own."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.errors import UsageError
from tipdata.core.world import MINUTES_A_DAY
from tipdata.release import Release

from tipbench.fidelity import statistics
from tipbench.fidelity.statistics import WORD, Values

MOST = 2_000
"""Rows of each side."""
FOLDS = 5


def classifier_auroc(real: pl.DataFrame, release: pl.DataFrame, seed: int = 0) -> float | None:
    """Return the AUROC of a classifier that separates the rows of two frames; None below 50 rows of either."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    height = min(real.height, release.height, MOST)
    if height < 50:
        return None
    rng = np.random.default_rng(seed)
    x = np.concatenate([_matrix(frame, height, rng) for frame in (real, release)])
    y = np.repeat([1, 0], height)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    model = HistGradientBoostingClassifier(max_iter=40, random_state=seed)
    scores = np.asarray(cross_val_predict(model, x, y, cv=folds, method="predict_proba"))
    return float(roc_auc_score(y, scores[:, 1]))


def _matrix(frame: pl.DataFrame, height: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return frame.cast(pl.Float64).to_numpy()[rng.permutation(frame.height)[:height]]


def column_shapes(real: pl.DataFrame, release: pl.DataFrame) -> dict[str, float]:
    """Return sdmetrics' KSComplement per feature: 1 minus the largest distance of the two distribution functions.

    Raises ImportError without the extra ``fidelity``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        from sdmetrics.single_column import KSComplement
    import pandas as pd

    shapes = {}
    for name in real.columns:
        sides = (pd.Series(one[name].cast(pl.Float64).to_numpy()) for one in (real, release))
        shapes[name] = float(KSComplement.compute(*sides))
    return shapes


Frames = Mapping[str, pl.LazyFrame]
MINOR = 100
"""Minor units of a currency in one."""


@dataclass(frozen=True)
class Subject:
    """One kind of thing.

    ``real`` makes its rows of the tables of a user's data, None where these have none; ``release`` the same
    of a release. ``measure``: the numbers that are compared. ``features`` makes one row of numbers per thing,
    for a classifier that separates the two, if any. ``differs``: in what the two differ before any generator
    comes in. ``sampled``: whether as many rows of the release are drawn as the user's data have.
    """

    name: str
    real: Callable[[Frames], pl.DataFrame | None]
    release: Callable[[Release], pl.DataFrame]
    measure: Callable[[pl.DataFrame], Values]
    features: Callable[[pl.DataFrame], pl.DataFrame] | None
    differs: str
    sampled: bool = False


def _select(frames: Frames, table: str, **columns: str | pl.Expr) -> pl.DataFrame | None:
    """Return columns of a user's table under other names; None if the table or a column is not there."""
    made = {name: pl.col(one) if isinstance(one, str) else one for name, one in columns.items()}
    needed = {root for one in made.values() for root in one.meta.root_names()}
    if table not in frames or not needed <= set(frames[table].collect_schema().names()):
        return None
    return frames[table].select(**made).collect()


def _transfers(frames: Frames) -> pl.DataFrame | None:
    return _select(
        frames, "ties", source="source", target="target", amount="amount", who="source", when="day"
    )


def _lists(frames: Frames) -> pl.DataFrame | None:
    if _select(frames, "case_lists", count="count") is None:
        return None
    rows = frames["case_lists"].collect()
    lists = [name for name in rows.columns if name not in ("region", "count", "form", "sex")]
    return rows.select(pl.col(lists).cast(pl.Boolean), "count").filter(pl.any_horizontal(lists))


def _release_transfers(release: Release) -> pl.DataFrame:
    paid = {"amount": pl.col("amount") / MINOR, "when": pl.col("minute") // MINUTES_A_DAY}
    return release.scan("payments").select(source="payer", target="payee", who="payer", **paid).collect()


def _release_lists(release: Release) -> pl.DataFrame:
    rows = release.scan("case_lists").collect()
    lists = [name for name in rows.columns if rows.schema[name] == pl.Boolean]
    return rows.group_by(lists).agg(pl.col("count").sum()).sort(lists)


def _of_transfers(rows: pl.DataFrame) -> Values:
    kept = ("ties repeated", "targets per source, Gini", "sources per target, Gini", "ties that are returned")
    edges = {name: value for name, value in statistics.edge_statistics(rows).items() if name in kept}
    return {**statistics.amount_statistics(rows), **edges, **statistics.time_statistics(rows)}


def _text_features(rows: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("text")
    words, letters = text.str.extract_all(WORD), text.str.len_chars().clip(1)
    return rows.select(
        letters=letters,
        words=words.list.len(),
        letters_per_word=words.list.eval(pl.element().str.len_chars()).list.mean().fill_null(0),
        words_again=1 - words.list.n_unique() / words.list.len().clip(1),
        digits=text.str.count_matches(r"\p{N}") / letters,
        capitals=text.str.count_matches(r"\p{Lu}") / letters,
        marks=text.str.count_matches(r"\p{P}") / letters,
    )


def _vote_features(rows: pl.DataFrame) -> pl.DataFrame:
    largest = pl.col("vote").value_counts().struct.field("count").max()
    by_item = rows.group_by("item", maintain_order=True).agg(votes=pl.len(), largest=largest)
    return by_item.select("votes", agreement=pl.col("largest") / pl.col("votes"))


def _edge_features(rows: pl.DataFrame) -> pl.DataFrame:
    pairs = rows.select("source", "target").unique(maintain_order=True)
    out = pairs.group_by("source", maintain_order=True).len("targets").rename({"source": "node"})
    into = pairs.group_by("target", maintain_order=True).len("sources").rename({"target": "node"})
    joined = out.join(into, on="node", how="full", coalesce=True, maintain_order="left_right")
    return joined.select("targets", "sources").fill_null(0)


def _amount_features(rows: pl.DataFrame) -> pl.DataFrame:
    amount = pl.col("amount")
    return rows.filter(amount > 0).select(
        logarithm=amount.log10(),
        place_in_decade=amount.log10() % 1,
        multiple_of_10=((amount / 10).round() * 10 - amount).abs() < 1e-6,
        fraction=(amount - amount.round()).abs() > 1e-9,
    )


SUBJECTS = (
    Subject(
        "texts",
        lambda f: _select(f, "adverts", text=pl.col("body").cast(pl.String).drop_nulls()),
        lambda r: r.scan("adverts").select(text="body").collect(),
        statistics.text_statistics,
        _text_features,
        "what is written about, by whom, in which language and at which length",
        sampled=True,
    ),
    Subject(
        "votes",
        lambda f: _select(
            f, "reviews", item="advert", worker="reviewer", vote=pl.col("vote").cast(pl.String)
        ),
        lambda r: r.scan("reviews").select(item="advert", worker="reviewer", vote="vote").collect(),
        statistics.vote_statistics,
        _vote_features,
        "how many were asked and how hard the question is, which who asks decides",
    ),
    Subject(
        "lists",
        _lists,
        _release_lists,
        statistics.list_statistics,
        None,
        "which institutions keep the lists, and how many; the release's regions are added up",
    ),
    Subject(
        "ties",
        lambda f: None if _transfers(f) is not None else _select(f, "ties", source="source", target="target"),
        lambda r: r.scan("ties").select("source", "target").collect(),
        statistics.edge_statistics,
        _edge_features,
        "what a tie is, and which part of a network was collected",
    ),
    Subject(
        "transfers",
        _transfers,
        _release_transfers,
        _of_transfers,
        _amount_features,
        "the currency, whose accounts they are, and the length of the window",
        sampled=True,
    ),
)
NOT_COMPARED = (
    "Records in pairs, feature vectors, and series of other units (packs a year, income of a region) have no "
    "counterpart in a release; the tables of truth, conversations, trips, firms and people have none in public data."
)


FACTOR, APART = 1.5, 0.10
"""Two numbers are alike if they differ by less than this factor; two shares, if they differ by no more than this and
by less than twice the factor, which does not matter if both are small."""
SMALL = 0.02


@dataclass(frozen=True)
class ComparedNumber:
    """One number on both sides. ``halves``: of two random halves of the real rows, which differ by chance alone."""

    name: str
    real: float | None
    release: float | None
    halves: tuple[float | None, float | None]

    @property
    def verdict(self) -> str:
        """``alike``, ``apart``, or ``not told``."""
        if self.real is None or self.release is None:
            return "not told"
        low, high = sorted((abs(self.real), abs(self.release)))
        of_two_signs = self.real * self.release < 0 or low == 0
        factor = high / low if not of_two_signs else float("inf") if high else 1.0
        near = factor <= FACTOR
        if all(0 <= one <= 1 for one in (self.real, self.release)):
            near = high - low <= APART and (high < SMALL or factor <= 2 * FACTOR)
        return "alike" if near else "apart"


@dataclass(frozen=True)
class DataComparison:
    """The comparison of one subject.

    ``rows``: real rows, and rows of the release. ``auroc``: of the classifier, None if there is none;
    ``auroc_halves``: between halves of the real rows, what .5 looks like here. ``differs``: what a difference
    does not show. ``shapes``: KSComplement by feature; empty without the extra.
    """

    name: str
    rows: tuple[int, int]
    lines: tuple[ComparedNumber, ...]
    auroc: float | None
    auroc_halves: float | None
    differs: str
    shapes: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "subject": self.name,
            "real_rows": self.rows[0],
            "release_rows": self.rows[1],
            "numbers": [
                {"name": one.name, "real": one.real, "release": one.release}
                | {"real_halves": list(one.halves), "verdict": one.verdict}
                for one in self.lines
            ],
            "classifier_auroc": self.auroc,
            "classifier_auroc_real_halves": self.auroc_halves,
            "ks_complement": dict(self.shapes) or None,
            "differs_anyway": self.differs,
        }


def compare_data(frames: Frames, release: Release, name: str, shapes: bool) -> list[DataComparison]:
    """Return one comparison per subject that is present in the data; UsageError where none can be compared.

    ``frames``: the tables of a user's data, as methods see them. ``name``: of the data, for errors.
    ``shapes``: whether sdmetrics compares each feature.
    """
    read = [(subject, subject.real(frames)) for subject in SUBJECTS]
    there = [(subject, rows) for subject, rows in read if rows is not None and rows.height]
    if not there:
        raise UsageError(f"data={name} have nothing that can be compared with a release. {NOT_COMPARED}")
    return [_compare(subject, rows, subject.release(release), shapes) for subject, rows in there]


def _compare(subject: Subject, real: pl.DataFrame, release: pl.DataFrame, shapes: bool) -> DataComparison:
    rng = np.random.default_rng(0)
    order = rng.permutation(release.height)
    if subject.sampled:
        release = release[order[: real.height].tolist()]
        real = real[rng.permutation(real.height).tolist()]
    halves = split_in_halves(real, rng, subject)
    ours, theirs, one, other = (subject.measure(rows) for rows in (real, release, *halves))
    lines = [ComparedNumber(name, ours[name], theirs[name], (one[name], other[name])) for name in ours]
    aurocs, made = (None, None), {}
    if subject.features is not None:
        mine, others, first, second = (subject.features(rows) for rows in (real, release, *halves))
        aurocs = classifier_auroc(mine, others), classifier_auroc(first, second)
        made = column_shapes(mine, others) if shapes else {}
    rows = (real.height, release.height)
    return DataComparison(subject.name, rows, tuple(lines), *aurocs, subject.differs, made)


def split_in_halves(
    real: pl.DataFrame, rng: np.random.Generator, subject: Subject
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return two random halves: of people on lists, of items with all their votes, of rows otherwise."""
    if subject.name == "lists":
        first = rng.binomial(real["count"].to_numpy(), 0.5)
        parts = (pl.Series("count", first), real["count"] - pl.Series("count", first))
        return tuple(real.with_columns(count=one).filter(pl.col("count") > 0) for one in parts)  # type: ignore[return-value]
    if subject.name == "votes":
        items = real["item"].unique(maintain_order=True)
        chosen = items.filter(pl.Series(rng.random(len(items)) < 0.5))
        inside = real["item"].is_in(chosen.implode())
    else:
        inside = pl.Series(rng.random(real.height) < 0.5)
    return real.filter(inside), real.filter(~inside)
