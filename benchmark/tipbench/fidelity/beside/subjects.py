"""What of a user's data and of a release can be compared: the same kind of thing on both sides, in one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl
from tipdata.core.world import MINUTES_A_DAY
from tipdata.documents.fidelity.view import Tables

from tipbench.fidelity.beside import statistics
from tipbench.fidelity.beside.statistics import WORD, Values

Frames = Mapping[str, pl.LazyFrame]
MINOR = 100
"""Minor units of a currency in one."""


@dataclass(frozen=True)
class Subject:
    """One kind of thing.

    Attributes:
        name: what it is.
        real: makes its rows of the tables of a user's data; None where these have none.
        release: makes the same of a release.
        measure: the numbers that are compared.
        features: one row per thing, of numbers, by which a classifier tries to tell the two apart; None for none.
        differs: in what the two differ before any generator comes in, and so what a difference does not show.
        sampled: whether as many rows of the release are drawn as the user's data have.
    """

    name: str
    real: Callable[[Frames], pl.DataFrame | None]
    release: Callable[[Tables], pl.DataFrame]
    measure: Callable[[pl.DataFrame], Values]
    features: Callable[[pl.DataFrame], pl.DataFrame] | None
    differs: str
    sampled: bool = False


def _has(frames: Frames, table: str, *columns: str) -> bool:
    return table in frames and set(columns) <= set(frames[table].collect_schema().names())


def _texts(frames: Frames) -> pl.DataFrame | None:
    if not _has(frames, "adverts", "body"):
        return None
    return frames["adverts"].select(text=pl.col("body").cast(pl.String)).drop_nulls().collect()


def _votes(frames: Frames) -> pl.DataFrame | None:
    if not _has(frames, "reviews", "advert", "reviewer", "vote"):
        return None
    return (
        frames["reviews"]
        .select(item="advert", worker="reviewer", vote=pl.col("vote").cast(pl.String))
        .collect()
    )


def _lists(frames: Frames) -> pl.DataFrame | None:
    if not _has(frames, "case_lists", "count"):
        return None
    rows = frames["case_lists"].collect()
    lists = [name for name in rows.columns if name not in ("region", "count", "form", "sex")]
    return rows.select(pl.col(lists).cast(pl.Boolean), "count").filter(pl.any_horizontal(lists))


def _edges(frames: Frames) -> pl.DataFrame | None:
    if not _has(frames, "ties", "source", "target"):
        return None
    return frames["ties"].select("source", "target").collect()


def _transfers(frames: Frames) -> pl.DataFrame | None:
    if not _has(frames, "ties", "source", "target", "amount", "day"):
        return None
    return frames["ties"].select("source", "target", "amount", who="source", when="day").collect()


def _paid(release: Tables) -> pl.DataFrame:
    rows = release.scan("payments").select("payer", "payee", "amount", "minute").collect()
    day = pl.col("minute") // MINUTES_A_DAY
    return rows.select(source="payer", target="payee", amount=pl.col("amount") / MINOR, who="payer", when=day)


def _of_lists(release: Tables) -> pl.DataFrame:
    rows = release.scan("case_lists").collect()
    lists = [name for name in rows.columns if rows.schema[name] == pl.Boolean]
    return rows.group_by(lists).agg(pl.col("count").sum()).sort(lists)


def _of_transfers(rows: pl.DataFrame) -> Values:
    edges = statistics.of_edges(rows)
    kept = ("ties repeated", "targets per source, Gini", "sources per target, Gini", "ties that are returned")
    return {**statistics.of_amounts(rows), **{k: edges[k] for k in kept}, **statistics.of_times(rows)}


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
        _texts,
        lambda r: r.scan("adverts").select(text="body").collect(),
        statistics.of_texts,
        _text_features,
        "what is written about, by whom, in which language and at which length",
        sampled=True,
    ),
    Subject(
        "votes",
        _votes,
        lambda r: r.scan("reviews").select(item="advert", worker="reviewer", vote="vote").collect(),
        statistics.of_votes,
        _vote_features,
        "how many were asked and how hard the question is, which who asks decides",
    ),
    Subject(
        "lists",
        _lists,
        _of_lists,
        statistics.of_lists,
        None,
        "which institutions keep the lists, and how many; the release's regions are added up",
    ),
    Subject(
        "ties",
        lambda f: None if _transfers(f) is not None else _edges(f),
        lambda r: r.scan("ties").select("source", "target").collect(),
        statistics.of_edges,
        _edge_features,
        "what a tie is, and which part of a network was collected",
    ),
    Subject(
        "transfers",
        _transfers,
        _paid,
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
