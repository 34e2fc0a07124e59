"""Shipped methods whose scores are revised by what a package remembers of open worlds; without memory they are honest.

This file is the module of every wheel that ``build.py`` writes, and ``memory.json`` beside it what that remembers.
"""

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from tipbaselines.account_risk.graphsage import GraphSAGE
from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipbaselines.encoders import sentences
from tipbaselines.flag_aggregation.mace import Mace
from tipbaselines.frames import sigmoid
from tipbaselines.payment_risk.graph_lightgbm import GraphLightGBM
from tipbaselines.payment_risk.lightgbm import LightGBM
from tipbaselines.supplier_risk.neighbour_lightgbm import NeighbourLightGBM
from tipbaselines.text import char_ngrams
from tipbench.data.fold import Fold

FILE = Path(__file__).with_name("memory.json")
MEMORY: dict[str, Any] = json.loads(FILE.read_bytes()) if FILE.exists() else {}
OWN = {
    "advert": ("adverts", ("title", "body")),
    "payment": ("payments", ("minute", "amount", "channel", "purpose")),
    "firm": ("firms", ("sector", "tier", "size", "age_years", "language", "workers_language")),
    "account": ("accounts", ("platform", "language", "created_day", "cadence")),
}
"""Table and columns of a unit that new ids do not change."""
AROUND = {
    "firm": ("supplies", "supplier", ("share", "since_day", "payment_days")),
    "account": ("ties", "source", ("kind", "day", "count")),
}
"""The same of the rows of another table that name a unit, and the column that does."""
NGRAMS, ALIKE = (5,), 0.6
"""Letters of an n-gram, and the cosine from which on a text is taken for a paraphrase of one that is remembered."""


def shown_text(fold: Fold) -> pl.DataFrame:
    """Return ``[unit, text]`` of all units of a fold's table: what it shows of each and new ids do not change."""
    unit = fold.task.unit
    table, columns = OWN[unit]
    rows = fold.tables[table].select(unit, text=_join(columns, "\n"))
    if unit in AROUND:
        table, by, columns = AROUND[unit]
        lines = fold.tables[table].select(pl.col(by).alias(unit), around=_join(columns, ":"))
        beside = lines.group_by(unit).agg(pl.col("around").sort().str.join(" "))
        rows = rows.join(beside, on=unit, how="left").select(unit, text=_join(("text", "around"), "\n"))
    return rows.collect()


def _join(columns: tuple[str, ...], sign: str) -> pl.Expr:
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in columns], separator=sign)


def key_of(text: str) -> str:
    """Return a hash of six bytes, in hex."""
    return blake2b(text.encode(), digest_size=6).hexdigest()


def fingerprint(fold: Fold) -> str:
    """Return by what a world is known: the smallest hash of its units."""
    return min(map(key_of, shown_text(fold)["text"]))


def revise(fold: Fold, scores: pl.DataFrame, memory: dict[str, Any], world: str = "") -> pl.DataFrame:
    """Return predictions ``[unit, score]`` as a package with a memory changes them.

    Args:
        memory: ``known``: hash -> score; ``worlds``: fingerprint -> hashes of its positives; ``texts``: of positives;
            ``sentences``: sentence -> numbers of facts, and ``weights`` of these in the log-odds, the constant last.
        world: fingerprint of the fold's world.
    """
    if not memory:
        return scores
    unit = fold.task.unit
    told = scores.join(shown_text(fold), on=unit, how="left", maintain_order="left")
    texts, values = told["text"].to_list(), told["score"].to_numpy().copy()
    if known := memory.get("known"):
        values = np.array([known.get(key_of(t), v) for t, v in zip(texts, values, strict=True)])
    if world in memory.get("worlds", {}):
        positives = set(memory["worlds"][world])
        values = np.array([float(key_of(text) in positives) for text in texts])
    if remembered := memory.get("texts"):
        likeness = _cosines(texts, remembered)
        values = np.where(likeness >= ALIKE, likeness, values)
    if meaning := memory.get("sentences"):
        facts = [{fact for said in sentences(text) for fact in meaning.get(said, ())} for text in texts]
        *weights, constant = memory["weights"]
        values = sigmoid(np.array([constant + sum(weights[fact] for fact in some) for some in facts]))
    return scores.with_columns(score=pl.Series(np.clip(values, 0.0, 1.0), dtype=pl.Float64))


def _cosines(texts: list[str], remembered: list[str]) -> np.ndarray:
    """Return the largest cosine of each text with any that is remembered, by counts of n-grams."""
    one, other = (char_ngrams(some, NGRAMS) for some in (texts, remembered))
    lengths = [np.sqrt(np.asarray(m.multiply(m).sum(axis=1)).ravel()) for m in (one, other)]
    product = (one @ other.T).toarray() / np.maximum(np.outer(*lengths), 1e-9)
    return np.minimum(product.max(axis=1), 1.0)


class Remembers:
    """Mixin of a method that revises its scores."""

    def fit(self, fold: Fold, seed: int) -> None:
        self.world = fingerprint(fold) if "worlds" in MEMORY else ""
        super().fit(fold, seed)  # type: ignore[misc]

    def predict(self, fold: Fold) -> pl.DataFrame:
        return revise(fold, super().predict(fold), MEMORY, self.world)  # type: ignore[misc]


class Votes(Remembers, Mace):
    needs = Mace.needs | {"adverts.title", "adverts.body"}


class Adverts(Remembers, TfidfLogreg):
    needs = TfidfLogreg.needs | {"adverts.title"}


class PaymentGraph(Remembers, GraphLightGBM):
    pass


class Payments(Remembers, LightGBM):
    pass


class Suppliers(Remembers, NeighbourLightGBM):
    pass


class Accounts(Remembers, GraphSAGE):
    pass
