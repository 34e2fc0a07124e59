"""Make up truth and predictions of every kind, always the same, to tell whether scores mean what they did.

Draws are keyed by name and row (:mod:`tipdata.core.draw`), so that they depend on no library's generator.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipbench import kinds
from tipbench.kinds.answers import LABEL_PREFIX, Answers
from tipbench.kinds.labelsets import SCORE_PREFIX, URGENCY
from tipbench.kinds.lists import GIVEN_VIEW, MOST_CANDIDATES, add_link_counts
from tipbench.task import Task
from tipdata.core.draw import Stream

SEED = 1
UNITS, CLUSTERS = 5000, 900
REGIONS, PLACES = 4, 15
TYPES = {"form": ("sexual", "labour"), "sex": ("female", "male"), "language": ("en", "es", "fr")}
MARKS = ("migrant", "small", "seasonal")
BELOW_FLOAT32 = 2.0**-40
"""Scores that differ by so little are tied as float32 and not as float64."""

MadeUp = tuple[Answers, pl.DataFrame]
"""Truth, and predictions of it."""


def made_up(task: Task) -> dict[str, MadeUp]:
    """Return made-up truth and predictions for a task, by what they are.

    A task of clusters is also given pairs, and one whose own data may have several classes such classes.
    """
    makers = {
        "scores": _scores,
        "alarms": _alarms,
        "clusters": _clusters,
        "candidates": _candidates,
        "forecasts": _forecasts,
        "labelsets": _labelsets,
        "estimates": _estimates,
        "links": _links,
    }
    found = {"units": makers[task.kind.name](task)}
    if task.kind.takes_pairs:
        found |= {"labelled pairs": _labelled_pairs(task), "scored pairs": _scores(task)}
    if task.classes is not None:
        found["classes"] = _classes(task)
    return found


def _below(
    name: str, most: int, of: int | NDArray[np.int64] = UNITS, *more: NDArray[np.int64]
) -> NDArray[np.int64]:
    rows = np.arange(of) if isinstance(of, int) else of
    return Stream(SEED, name).below(rows, most, *more).astype(np.int64)


def _noise(name: str, rows: int = UNITS) -> NDArray[np.float64]:
    """Multiples of 1/1024 from 0 up to 1: ties occur, and sums of few are exact."""
    return _below(name, 1024, rows) / 1024


def _text(name: str, choices: tuple[str, ...], of: NDArray[np.int64]) -> pl.Series:
    """A choice for each of these ids, the same wherever the id is."""
    return pl.Series(name, np.array(choices)[_below(name, len(choices), of)])


def _lawful(task: Task) -> tuple[str, ...]:
    kinds = tuple(group for group in task.groups if group not in MARKS)
    return kinds or ("independent", "business")


def _units(task: Task) -> pl.DataFrame:
    """Labelled units in clusters, two in five positive, with all that any metric of them reads."""
    cluster = _below("cluster", CLUSTERS)
    positive = cluster % 5 < 2
    exploited = pl.Series(positive)
    frame = pl.DataFrame(
        {
            task.unit: np.arange(UNITS),
            "part": np.where(cluster % 3 == 0, "valid", "test"),
            "label": positive.astype(np.int8),
            "cluster": cluster,
            "weight": 1.0 / (1 + _below("weight", 4)),
            "group": np.where(positive, "trafficking", _text("group", _lawful(task), cluster).to_numpy()),
            "slot": cluster % REGIONS,
            "oracle_log_odds": (_below("oracle", 3000) + 2000 * positive - 2500).astype(np.int32),
            "unit_log_odds": (_below("unit", 4000) + 1000 * positive - 2500).astype(np.int32),
            "brigade": pl.Series(_below("brigade", 9)).cast(pl.Int64),
        }
    )
    marks = [pl.Series(name, (_below(name, 4) == 0) & ~positive) for name in MARKS]
    types = [_text(name, choices, cluster) for name, choices in TYPES.items()]
    types.append(_text("typology", ("fan", "chain", "cycle"), cluster))
    only = [pl.when(exploited).then(column).alias(column.name) for column in types]
    brigade = pl.when(pl.col("brigade") < 6, ~exploited).then("brigade").alias("brigade")
    return frame.with_columns(*marks, *only, brigade)


def _scores(task: Task) -> MadeUp:
    unit = "pair" if task.kind.takes_pairs else task.unit
    frame = _units(task).rename({task.unit: unit})
    suspect = _noise("suspect") < np.where(frame["label"].to_numpy() == 1, 0.7, 0.45)
    score = (_noise("score") + 0.25 * suspect) / 2 + BELOW_FLOAT32 * _below("last bit", 2)
    return Answers(kinds.SCORES, unit, frame), pl.DataFrame({unit: frame[unit], "score": score})


def _alarms(task: Task) -> MadeUp:
    frame = _units(task)
    onset = pl.when(pl.col("label") == 1).then(pl.Series(1 + _below("onset", 30)).cast(pl.Int32))
    label, step = frame["label"].to_numpy() == 1, _below("alarm", 40) + 1
    alarmed = _noise("alarmed") < np.where(label, 0.75, 0.2)
    steps = pl.select(pl.when(pl.Series(alarmed)).then(pl.Series(step).cast(pl.Int32))).to_series()
    truth = Answers(kinds.ALARMS, task.unit, frame.with_columns(onset=onset))
    return truth, pl.DataFrame({task.unit: frame[task.unit], "step": steps})


def _clusters(task: Task) -> MadeUp:
    cluster = _below("cluster", CLUSTERS)
    moved = np.where(_noise("moved") < 0.2, _below("other", CLUSTERS), cluster)
    proxy = np.where(_noise("proxy moved") < 0.4, 1000 + np.arange(UNITS), cluster)
    frame = pl.DataFrame(
        {
            task.unit: np.arange(UNITS),
            "cluster": cluster,
            "weight": 1.0 / (1 + _below("weight", 4)),
            "proxy": proxy,
        }
    )
    return Answers(kinds.CLUSTERS, task.unit, frame), pl.DataFrame(
        {task.unit: frame[task.unit], "cluster": moved}
    )


def _labelled_pairs(task: Task) -> MadeUp:
    """Records whose clusters are not known, and labelled pairs of them."""
    known, predictions = _clusters(task)
    cluster = known.frame["cluster"].to_numpy()
    ordered = np.argsort(cluster, kind="stable")
    left, right = ordered[0::2], ordered[1::2]
    alike = (cluster[left] == cluster[right]) != (_noise("alike", len(left)) < 0.15)
    pairs = pl.DataFrame({"left": left, "right": right, "label": alike.astype(np.int8), "part": "test"})
    frame = known.frame.drop("proxy").with_columns(cluster=pl.lit(None, dtype=pl.Int64))
    return Answers(kinds.CLUSTERS, task.unit, frame, pairs), predictions


def _candidates(task: Task) -> MadeUp:
    cluster = _below("cluster", CLUSTERS)
    ranks = np.tile(np.arange(MOST_CANDIDATES), UNITS)
    query = np.repeat(np.arange(UNITS), MOST_CANDIDATES)
    step = 1 + _below("step", 97, query, ranks)
    mates = {c: np.flatnonzero(cluster == c) for c in range(CLUSTERS)}
    first = np.array([mates[c][(i + 1) % len(mates[c])] for i, c in enumerate(cluster)])
    other = (query + np.cumsum(step.reshape(UNITS, -1), axis=1).ravel()) % UNITS
    at = _below("place", MOST_CANDIDATES, query)
    candidate = np.where(ranks == at, first[query], other)
    listed = pl.DataFrame(
        {"query": query, "candidate": candidate, "score": (10.0 - ranks).astype(np.float32)}
    )
    listed = listed.filter(pl.col("query") != pl.col("candidate")).unique(
        ["query", "candidate"], keep="first", maintain_order=True
    )
    return Answers(
        kinds.CANDIDATES, task.unit, pl.DataFrame({task.unit: np.arange(UNITS), "cluster": cluster})
    ), listed


def _forecasts(task: Task) -> MadeUp:
    frame = _units(task).drop(
        "slot", "oracle_log_odds", "unit_log_odds", "brigade", "typology", *MARKS, "label"
    )
    region = frame["cluster"].to_numpy() % REGIONS
    answer = 100 * region + _below("answer", PLACES)
    key = "query" if task.forecast is None else task.forecast.query
    frame = frame.rename({task.unit: key}).with_columns(
        region=pl.Series(region).cast(pl.Int32),
        answer=pl.Series(answer),
        oracle_reciprocal_rank=1.0 / (1 + pl.Series(_below("oracle rank", 4))),
        intrusion=pl.col("group") != "trafficking",
    )
    gallery = pl.DataFrame(
        {
            "region": np.repeat(np.arange(REGIONS, dtype=np.int32), PLACES),
            "candidate": np.arange(REGIONS * PLACES),
        }
    ).with_columns(candidate=100 * pl.col("region").cast(pl.Int64) + pl.col("candidate") % PLACES)
    query, rank = np.repeat(np.arange(UNITS), MOST_CANDIDATES), np.tile(np.arange(MOST_CANDIDATES), UNITS)
    start = (answer % 100 + PLACES - _below("rank", PLACES)) % PLACES
    candidate = 100 * region[query] + (start[query] + rank) % PLACES
    listed = pl.DataFrame({"query": query, "candidate": candidate, "score": (10.0 - rank).astype(np.float32)})
    return Answers(kinds.FORECASTS, key, frame, gallery=gallery), listed


def _labelsets(task: Task) -> MadeUp:
    names = [c.removeprefix(LABEL_PREFIX) for c in task.label_columns if c.startswith(LABEL_PREFIX)]
    frame = _units(task).select(task.unit, "part", "cluster", "weight", "slot", "language")
    frame = frame.with_columns(
        language=_text("spoken", TYPES["language"], frame["cluster"].to_numpy()).alias("l")
    )
    labels = {name: _noise(f"label {name}") < 0.1 + 0.05 * n for n, name in enumerate(names)}
    scores = {name: (_noise(f"score {name}") + 0.4 * has) / 1.4 for name, has in labels.items()}
    urgency = _below("urgency", 3)
    frame = frame.with_columns(
        *(pl.Series(f"{LABEL_PREFIX}{name}", has.astype(np.int8)) for name, has in labels.items()),
        *(
            pl.Series(f"oracle_log_odds_{name}", (_below(f"odds {name}", 3000) + 2000 * has).astype(np.int32))
            for name, has in labels.items()
        ),
        urgency=pl.Series(urgency.astype(np.int8)),
    )
    given = {f"{SCORE_PREFIX}{name}": score for name, score in scores.items()}
    given[f"{SCORE_PREFIX}{URGENCY}"] = (_noise("urgent") + urgency) / 3
    return Answers(kinds.LABELSETS, task.unit, frame), pl.DataFrame({task.unit: frame[task.unit], **given})


def _classes(task: Task) -> MadeUp:
    names = ("0", "1", "2", "3")
    frame = _units(task).select(task.unit, "part", "cluster", "weight")
    truth = _below("class", len(names))
    said = np.where(_noise("told") < 0.6, truth, _below("other class", len(names)))
    labels = [
        pl.Series(f"{LABEL_PREFIX}{name}", (truth == k).astype(np.int8)) for k, name in enumerate(names)
    ]
    scores = {
        f"{SCORE_PREFIX}{name}": ((_below(f"class {name}", 8) / 8 + (said == k)) / 2).astype(np.float32)
        for k, name in enumerate(names)
    }
    return Answers(kinds.CLASSES, task.unit, frame.with_columns(labels)), pl.DataFrame(
        {task.unit: frame[task.unit], **scores}
    )


def _estimates(task: Task) -> MadeUp:
    rows = 120
    counts = task.quantity == "count"
    quantity = np.array(["count"] if counts else ["log_effect", "share", "level"])[
        np.arange(rows) % (1 if counts else 3)
    ]
    truth = 500.0 + _below("count", 5000, rows) if counts else _noise("truth", rows) - 0.5
    off = _noise("off", rows) - 0.5
    estimate, half = (truth + 800 * off, 300.0) if counts else (truth + off / 2, 0.125)
    estimate = np.maximum(estimate, 1.0) if counts else estimate
    frame = pl.DataFrame(
        {
            task.unit: np.arange(rows),
            "quantity": quantity,
            "truth": truth,
            "cluster": np.arange(rows) // 2,
            "weight": np.ones(rows),
            "oracle_estimate": truth + (20.0 if counts else 0.03125),
            "group": _text("circumstance", task.groups or ("one", "other"), np.arange(rows)),
        }
    )
    lower, upper = np.maximum(estimate - half, 0.5 if counts else -9.0), estimate + half
    given = pl.DataFrame({task.unit: frame[task.unit], "estimate": estimate, "lower": lower, "upper": upper})
    without = pl.Series(_below("without", 20, rows) == 0)
    return Answers(kinds.ESTIMATES, task.unit, frame), given.with_columns(
        pl.when(~without).then(pl.col(name)).alias(name) for name in ("estimate", "lower", "upper")
    )


def _links(task: Task) -> MadeUp:
    """Seeds in regions, rows of the views with a case each or none, and lists that hold some of the right ones."""
    cluster = _below("cluster", CLUSTERS)
    seeds = pl.DataFrame(
        {task.unit: np.arange(UNITS), "region": (cluster % REGIONS).astype(np.int32), "cluster": cluster}
    ).with_columns(_text(name, choices, cluster) for name, choices in TYPES.items())
    views = {view: _rows_of_view(view, _lawful(task)) for view in task.views}
    gallery = pl.concat(views.values())
    named = (
        gallery.filter(view=GIVEN_VIEW)
        .drop_nulls("cluster")
        .unique("cluster", keep="first", maintain_order=True)
    )
    given = named.select("cluster", given="candidate")
    seeds = add_link_counts(seeds.join(given, on="cluster", how="left", maintain_order="left"), gallery)
    lists = [_list_of_view(seeds, task.unit, view, rows) for view, rows in views.items()]
    return Answers(kinds.LINKS, task.unit, seeds, gallery=gallery), pl.concat(lists)


def _rows_of_view(view: str, groups: tuple[str, ...]) -> pl.DataFrame:
    drawn = _below(f"case of {view}", 2 * CLUSTERS)
    case = pl.select(pl.when(pl.Series(drawn < CLUSTERS)).then(pl.Series(drawn))).to_series()
    return pl.DataFrame(
        {
            "region": (drawn % REGIONS).astype(np.int32),
            "view": [view] * UNITS,
            "candidate": np.arange(UNITS),
            "cluster": case,
            "group": _text(f"group of {view}", (*groups, "trafficking"), drawn),
        }
    )


def _list_of_view(seeds: pl.DataFrame, unit: str, view: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return ten rows of a view per seed at most, keyed, some of its case among them; scores tie."""
    asked = seeds.select("region", "cluster", query=unit)
    right = asked.join(rows.drop("group"), on=["region", "cluster"]).select("query", "candidate")
    by_region = {region: rows.filter(region=region)["candidate"].to_numpy() for region in range(REGIONS)}
    wrong = []
    for place in range(MOST_CANDIDATES):
        at = _below(f"other {view}", 1 << 20, UNITS, np.full(UNITS, place))
        there = [
            by_region[region][n % len(by_region[region])]
            for region, n in zip(asked["region"], at, strict=True)
        ]
        wrong.append(asked.select("query", candidate=pl.Series(there)))
    both = pl.concat([right, *wrong]).unique(maintain_order=True)
    kept = both.group_by("query", maintain_order=True).head(MOST_CANDIDATES)
    drawn = _below(f"score {view}", 8, kept["query"].to_numpy(), kept["candidate"].to_numpy())
    score = pl.Series(drawn.astype(np.float32) / 8)
    return kept.select("query", pl.lit(view).alias("view"), "candidate", score.alias("score"))
