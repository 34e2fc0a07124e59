"""What scores are compared with: chance, an oracle, and the best from one unit alone, on the test of one cell.

The generator's own knowledge of a task is in its answers (``PredictionKind.references``). Added here are a score
without information where they know none, and a reference for linkage. There is none for ``advert_authorship``: an
operation's style is a set of rates of spelling and punctuation, and the generator keeps no likelihood of a text under
the styles of all other operations. That of ``case_linkage`` is a method, ``linked_reference``, and bounded.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from tipcore.units import shared_value_components

from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import scoring_like
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import ScoreOf
from tipbench.kinds.lists import GIVEN_VIEW, find_links
from tipbench.metrics.bootstrap import none_if_nan, row_weights
from tipbench.metrics.metric import make_inputs
from tipbench.task import Source, Task

CHANCE = {
    "scores": "one score for all units",
    "labelsets": "one score for all units",
    "forecasts": "all candidates in random order",
    "candidates": "the gallery in random order",
    "links": "the rows of each view in random order",
    "clusters": "every unit alone, or all together, whichever scores better",
    "alarms": "an alarm at one step for all units, at the step that scores best",
    "estimates": "one value for all units of a quantity, the median of their truth",
}
"""Kind of prediction -> what scores as much as chance. In the last three the choice is made on the test itself."""


def references(task: Task, prepared: Prepared, source: Source) -> dict[str, float | None]:
    """Return reference scores in the primary metric on the test of a cell, None where there is none.

    Args:
        task: a shipped task.
        prepared: its folds and answers on a release.
        source: that release.

    Returns:
        ``chance``: as :data:`CHANCE` says. ``oracle``: the posterior of the generator, given all that it knows; for
        ``advert_linkage`` every link within an operation that a shared contact, image or text shows, and no false one.
        ``single_unit``: the posterior of the generator given one unit alone; of ``advert_risk`` what the advert says
        (its true facts) and its category, each fact by itself.
    """
    answers, kind = prepared.answers, prepared.answers.kind
    inputs = make_inputs(task, answers, answers.frame.select(answers.unit), checked=True)
    score = scoring_like(inputs)
    found = kind.references(answers, task.primary, score)
    chance = found["prior"] if "prior" in found else _chance(task, answers, score)
    if task.name == "advert_linkage":
        found["oracle"] = score(_visible_links(answers, source))[task.primary]
    return {
        "chance": none_if_nan(chance),
        "oracle": found.get("oracle"),
        "single_unit": found.get("single_unit"),
        "clusters": float(inputs.clusters.positive),
    }


def _chance(task: Task, answers: Answers, score: ScoreOf) -> float:
    """Return what scores as much as chance, for kinds whose ground truth does not say it."""
    unit, frame = answers.unit, answers.frame
    if answers.kind.name == "estimates":
        median = pl.col("truth").median().over("quantity")
        none = pl.lit(None, dtype=pl.Float64)
        return score(frame.select(unit, estimate=median, lower=none, upper=none))[task.primary]
    if answers.kind.name == "labelsets":
        constant = {name: pl.lit(0.5) for name in answers.kind.expected_columns(answers)[1:]}
        return score(frame.select(unit, **constant))[task.primary]
    if answers.kind.name == "alarms":
        one_step = (
            frame.select(unit, step=pl.when(pl.col("length") >= step).then(pl.lit(step, dtype=pl.Int32)))
            for step in range(1, 1 + frame.select(pl.col("length").max()).item())
        )
        return max(score(alarms)[task.primary] for alarms in one_step)
    if answers.kind.name == "clusters":
        apart, together = pl.int_range(pl.len()), pl.lit(0, dtype=pl.Int64)
        return max(score(frame.select(unit, cluster=one))[task.primary] for one in (apart, together))
    queries = answers.scored_rows()
    if answers.kind.name == "candidates":
        hits = (pl.len().over("cluster") - 1) / (frame.height - 1)
        expected = queries.select(hits.alias("expected"))
    else:
        expected = _expected_links(answers, queries)
    return float(np.average(expected["expected"], weights=row_weights(queries)))


def _expected_links(answers: Answers, seeds: pl.DataFrame) -> pl.DataFrame:
    """Return ``[unit, expected]``, in the order of seeds: the mean over views of the share of rows that are links."""
    unit, gallery = answers.unit, answers.gallery
    assert gallery is not None
    size = gallery.group_by("region", "view").agg(size=pl.len().cast(pl.Int64))
    named = ((pl.col("view") == GIVEN_VIEW) & pl.col("given").is_not_null()).cast(pl.Int64)
    links = find_links(seeds.select(unit, "region", "cluster", "given"), gallery)
    shares = (
        links.group_by(unit, "region", "view", "given")
        .agg(linked=pl.len())
        .join(size, on=["region", "view"])
        .group_by(unit)
        .agg(expected=(pl.col("linked") / (pl.col("size") - named)).mean())
    )
    return seeds.select(unit).join(shares, on=unit, how="left", maintain_order="left")


def _visible_links(answers: Answers, source: Source) -> pl.DataFrame:
    """Return the clusters of adverts of one operation that a chain of shared contacts, images or texts joins."""
    unit = answers.unit
    shown = source.scan("adverts").select(unit, "contacts", "images")
    written = source.scan("adverts", truth=True).select(unit, texts=pl.concat_list("near_duplicate_group"))
    ids = answers.frame.lazy().select(unit, "cluster").join(shown, on=unit).join(written, on=unit)
    values = [
        ids.select(unit, "cluster", value=name)
        .explode("value")
        .drop_nulls("value")
        .with_columns(kind=pl.lit(name))
        for name in ("contacts", "images", "texts")
    ]
    key = pl.struct("cluster", "kind", "value").rank("dense").cast(pl.Int64)
    shared = pl.concat(values).select(unit, shared=key).group_by(unit).agg("shared").collect()
    rows = answers.frame.select(unit).join(shared, on=unit, how="left", maintain_order="left")
    joined = answers.frame.select(unit).join(
        shared_value_components(rows, unit, "shared"), on=unit, how="left", maintain_order="left"
    )
    return joined.select(unit, cluster="component")
