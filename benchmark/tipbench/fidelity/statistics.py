"""Statistics in which generated columns often differ from real ones, whatever their subject.

Each function takes a frame and returns a value by name; None if there are too few rows to compute it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

Values = Mapping[str, float | None]
TOKENS = 20_000
"""Tokens per vocabulary: both texts get the same number, since a vocabulary grows with the text."""
WORD = r"[\p{L}\p{M}]+|\p{N}+"
BENFORD = np.log10(1 + 1 / np.arange(1, 10))


def text_statistics(rows: pl.DataFrame) -> Values:
    """Return lengths, repetition and the growth of the vocabulary. ``rows``: ``[text]``."""
    texts = rows["text"].drop_nulls()
    words = texts.str.to_lowercase().str.extract_all(WORD)
    lengths = texts.str.len_chars().to_numpy().astype(np.float64)
    tokens = words.explode(empty_as_null=False, keep_nulls=False)[:TOKENS].to_list()
    counts = Counter(tokens)
    once = sum(n == 1 for n in counts.values())
    return {
        "letters per text, median": float(np.median(lengths)),
        "letters per text, quartile ratio": _spread(lengths),
        "exact duplicates": 1 - texts.n_unique() / len(texts),
        "texts with a digit": float(texts.str.contains(r"\p{N}").to_numpy().mean()),
        "texts without a capital": float((texts.str.to_lowercase() == texts).to_numpy().mean()),
        "different words, of tokens": len(counts) / len(tokens) if tokens else None,
        "words seen once, of different ones": once / len(counts) if counts else None,
        "growth of the vocabulary (Heaps)": _heaps(tokens),
        "slope of ranks 10 to 500 (Zipf)": _zipf(counts),
    }


def vote_statistics(rows: pl.DataFrame) -> Values:
    """Return how many vote on what, and how they agree. ``rows``: ``[item, worker, vote]``."""
    commonest = pl.col("vote").value_counts().struct.field("count").max()
    by_item = rows.group_by("item").agg(votes=pl.len(), largest=commonest)
    votes, largest = (by_item[name].to_numpy().astype(np.float64) for name in ("votes", "largest"))
    load = rows.group_by("worker").len()["len"].to_numpy().astype(np.float64)
    return {
        "votes per item": float(votes.mean()),
        "votes per item, sd over mean": float(votes.std() / votes.mean()),
        "votes per worker, Gini": gini(load),
        "votes of the busiest tenth of workers": _top_share(load, 0.1),
        "votes for an item's commonest answer": float((largest / votes).mean()),
        "items that all agree on": float((largest == votes).mean()),
        "commonest answer of all": float(rows["vote"].value_counts()["count"].to_numpy().max() / rows.height),
    }


def list_statistics(rows: pl.DataFrame) -> Values:
    """Return how lists overlap. ``rows``: one Boolean column per list, and ``count``."""
    lists = [name for name in rows.columns if name not in ("count", "region")]
    on = rows.select(pl.col(lists).cast(pl.Float64)).to_numpy()
    count = rows["count"].to_numpy().astype(np.float64)
    by_list = (on * count[:, None]).sum(0)
    meet = (on * count[:, None]).T @ on
    pairs = meet[np.triu_indices(len(lists), 1)]
    return {
        "people on two lists or more": float(count[on.sum(1) >= 2].sum() / count.sum()),
        "people on three lists or more": float(count[on.sum(1) >= 3].sum() / count.sum()),
        "share of the largest list": float(by_list.max() / by_list.sum()),
        "lists, Gini of their sizes": gini(by_list),
        "pairs of lists that share nobody": float((pairs == 0).mean()),
        "patterns seen, of those possible": len(rows) / (2 ** len(lists) - 1),
    }


def edge_statistics(rows: pl.DataFrame) -> Values:
    """Return degrees and reciprocity. ``rows``: ``[source, target]``."""
    pairs = rows.select("source", "target").unique()
    counts = (pairs.group_by(end).len()["len"] for end in ("source", "target"))
    out, into = (one.to_numpy().astype(np.float64) for one in counts)
    back = pairs.join(pairs.select(source="target", target="source"), on=["source", "target"], how="semi")
    return {
        "ties repeated": 1 - pairs.height / rows.height,
        "targets per source, mean": float(out.mean()),
        "targets per source, Gini": gini(out),
        "sources per target, Gini": gini(into),
        "targets of the busiest 1% of sources": _top_share(out, 0.01),
        "sources of the busiest 1% of targets": _top_share(into, 0.01),
        "ties that are returned": back.height / pairs.height,
    }


def amount_statistics(rows: pl.DataFrame) -> Values:
    """Return digits and heaping of sums. ``rows``: ``[amount]``, in whole units with fractions."""
    amounts = rows["amount"].drop_nulls().to_numpy().astype(np.float64)
    amounts = amounts[amounts > 0]
    first = np.floor(amounts / 10 ** np.floor(np.log10(amounts) + 1e-12)).clip(1, 9).astype(int)
    shares = np.bincount(first, minlength=10)[1:] / len(first)
    commonest = np.unique(amounts, return_counts=True)[1].max()
    return {
        "first digits, mean distance from Benford": float(np.abs(shares - BENFORD).mean()),
        "sums with fractions": float((np.abs(amounts - np.round(amounts)) > 1e-9).mean()),
        "sums that are multiples of 10": _multiples(amounts, 10),
        "sums that are multiples of 100": _multiples(amounts, 100),
        "different sums": len(np.unique(amounts)) / len(amounts),
        "share of the commonest sum": float(commonest / len(amounts)),
        "sums, sd of the logarithm": float(np.log(amounts).std()),
    }


def time_statistics(rows: pl.DataFrame) -> Values:
    """Return the rhythm of events of one source. ``rows``: ``[who, when]``, whole days.

    Burstiness is (sd - mean) / (sd + mean) of the gaps (Goh and Barabasi, 2008), median of sources with ten events or
    more.
    """
    many = rows.drop_nulls().filter(pl.len().over("who") >= 10).sort("who", "when")
    gaps = many.select("who", gap=pl.col("when").diff().over("who")).drop_nulls()
    if gaps.height < 100:
        return {"gaps between events, burstiness": None, "events on the day of the one before": None}
    by = gaps.group_by("who").agg(mean=pl.col("gap").mean(), sd=pl.col("gap").std()).drop_nulls()
    mean, sd = by["mean"].to_numpy(), by["sd"].to_numpy()
    there = (mean + sd) > 0
    return {
        "gaps between events, burstiness": float(np.median((sd - mean)[there] / (sd + mean)[there])),
        "events on the day of the one before": float((gaps["gap"] == 0).to_numpy().mean()),
    }


def gini(values: NDArray[np.float64]) -> float:
    """Return the Gini coefficient: 0 if all are equal, near 1 if one has all."""
    ordered = np.sort(values)
    n = len(ordered)
    ranks = np.arange(1, n + 1)
    return float((2 * (ranks * ordered).sum() / (n * ordered.sum())) - (n + 1) / n)


def _spread(values: NDArray[np.float64]) -> float | None:
    low, high = np.percentile(values, [25, 75])
    return float(high / low) if low > 0 else None


def _top_share(values: NDArray[np.float64], share: float) -> float:
    first = max(1, math.ceil(share * len(values)))
    return float(np.sort(values)[::-1][:first].sum() / values.sum())


def _multiples(amounts: NDArray[np.float64], of: int) -> float:
    rest = np.abs(amounts / of - np.round(amounts / of)) * of
    return float((rest < 1e-6).mean())


def _heaps(tokens: list[str]) -> float | None:
    """Return the exponent with which different words grow with tokens, between a tenth of them and all."""
    early = len(tokens) // 10
    if early < 100:
        return None
    return math.log(len(set(tokens)) / len(set(tokens[:early]))) / math.log(len(tokens) / early)


def _zipf(counts: Counter[str]) -> float | None:
    """Return the slope of log frequency on log rank, from rank 10 to 500."""
    ordered = sorted(counts.values(), reverse=True)[9:500]
    if len(ordered) < 100:
        return None
    ranks = np.log(np.arange(10, 10 + len(ordered)))
    return float(np.polyfit(ranks, np.log(ordered), 1)[0])
