"""Raters see what adverts say alone; what their labels teach at best is what raters on average say."""

from dataclasses import replace

import numpy as np
import polars as pl
from rater_labels import expected_labels  # pyright: ignore[reportMissingImports]
from shared_regions import WORLD, Drawn  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import KINDS
from tipdata.stages.annotations import POSITIVE, impressions
from tipdata.stages.operations.state import BY_MIGRATION


def test_an_expected_label_is_the_share_of_positive_labels(regions: list[Drawn]) -> None:
    """Over twelve regions, of all and of each of four classes: within four standard errors, templates as clusters.

    In fewer regions the rare template that all find suspicious may be missing, and the errors look too small."""
    expected, label, template = [], [], []
    for index, one in enumerate(regions):
        adverts = one.past["adverts"]
        mean = one.tables["annotations"].group_by("advert").agg(mean=pl.mean("score"))
        rows = pl.DataFrame({"advert": adverts.id}).join(mean, on="advert", maintain_order="left")
        expected.append(expected_labels(one.region, one.past["operations"], adverts))
        label.append(rows["mean"].to_numpy() >= POSITIVE)
        template.append(adverts.template + 100_000 * index)
    e, y, t = map(np.concatenate, (expected, label, template))
    assert ((e >= 0) & (e <= 1)).all()
    assert e.std() > 0.05
    for low, high in ((0, 1), (0, 0.05), (0.05, 0.2), (0.2, 0.35), (0.35, 1)):
        inside = (e >= low) & (e < high)
        assert inside.sum() > 50, (low, high)
        # Adverts of a template are read alike: their residuals are added up before they are squared.
        residuals = np.bincount(np.unique(t[inside], return_inverse=True)[1], (y - e)[inside])
        assert abs(residuals.sum()) < 4 * np.sqrt((residuals**2).sum()), (low, high)


def test_raters_see_what_is_said_and_nothing_of_the_operation(regions: list[Drawn]) -> None:
    """With every hidden thing of the operations changed, they score as before; with other words said, they do not."""
    past, region = regions[0].past, regions[0].region
    o, adverts = past["operations"], past["adverts"]
    rater = np.arange(len(adverts.id))[None, :] % 14
    before = impressions(region, o, adverts, rater)
    other = replace(
        o,
        kind=(o.kind + 1) % len(KINDS),
        form=np.full_like(o.form, 2),
        log_odds=-o.log_odds,
        life=replace(o.life, claim=np.zeros_like(o.life.claim), log=-o.life.log),
    )
    blind = replace(adverts, log_odds=-adverts.log_odds)
    assert (impressions(region, other, blind, rater) == before).all()
    statements = replace(adverts.statements, level=adverts.statements.level[::-1])
    assert (impressions(region, o, replace(adverts, statements=statements), rater) != before).mean() > 0.5


def test_folk_beliefs_are_not_the_law() -> None:
    """Movement is suspected although trafficking speaks of it less; what is said of migration means nothing."""
    beliefs = WORLD.parameters["annotations.beliefs"]["value"]
    told = WORLD.parameters["policy.tells.all.stay"]["value"]
    for level in ("stay=days", "stay=leaving"):
        who = told[level.split("=")[1]]
        assert beliefs[level] > 0
        assert who["trafficking"][0] < 0.5 * who["lawful"][0]
    assert any(one.startswith(BY_MIGRATION) and worth > 0 for one, worth in beliefs.items())
