"""What raters' labels teach at best is what raters on average say."""

import numpy as np
import polars as pl
import pytest
from tipdata.core.world import World
from tipdata.stages import Past, draw_tables
from tipdata.stages.annotations import stage as annotations
from tipdata.stages.annotations.expectation import POSITIVE, expected_labels

NEEDED = ("places", "operations", "accounts", "adverts")


def past_of(version: str, index: int) -> tuple[Past, World]:
    world = World.of(version, 1)
    return draw_tables(world.region(index), NEEDED)[0], world


def test_an_expected_label_is_the_share_of_positive_labels() -> None:
    """Over eight regions, in each of four classes: within four standard errors, templates as clusters.

    In fewer regions the rare template that all find suspicious may be missing, and the errors look too small."""
    expected, label, template = [], [], []
    for index in range(8):
        past, world = past_of("0.4.0", index)
        adverts = past["adverts"]
        made = annotations.generate(world.region(index), past)[1]["annotations"]
        mean = made.group_by("advert").agg(mean=pl.mean("score"))
        rows = pl.DataFrame({"advert": adverts.id}).join(mean, on="advert", maintain_order="left")
        expected.append(expected_labels(world.region(index), past["operations"], adverts))
        label.append(rows["mean"].to_numpy() >= POSITIVE)
        template.append(adverts.template + 100_000 * index)
    e, y, t = map(np.concatenate, (expected, label, template))
    assert ((e >= 0) & (e <= 1)).all()
    assert e.std() > 0.1
    for low, high in ((0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 1)):
        inside = (e >= low) & (e < high)
        assert inside.sum() > 50, (low, high)
        # Adverts of a template are read alike: their residuals are added up before they are squared.
        residuals = np.bincount(np.unique(t[inside], return_inverse=True)[1], (y - e)[inside])
        assert abs(residuals.sum()) < 4 * np.sqrt((residuals**2).sum()), (low, high)


def test_raters_of_versions_without_facts_have_no_such_expectation() -> None:
    past, world = past_of("0.3.0", 0)
    with pytest.raises(ValueError, match=r"^adverts of data 0\.3\.0 say no facts$"):
        expected_labels(world.region(0), past["operations"], past["adverts"])
