"""What raters' labels teach at best is what raters on average say."""

import numpy as np
import polars as pl
from rater_labels import expected_labels  # pyright: ignore[reportMissingImports]
from shared_regions import Drawn  # pyright: ignore[reportMissingImports]
from tipdata.stages.annotations import POSITIVE


def test_an_expected_label_is_the_share_of_positive_labels(regions: list[Drawn]) -> None:
    """Over eight regions, in each of four classes: within four standard errors, templates as clusters.

    In fewer regions the rare template that all find suspicious may be missing, and the errors look too small."""
    expected, label, template = [], [], []
    for index, one in enumerate(regions[:8]):
        adverts = one.past["adverts"]
        mean = one.tables["annotations"].group_by("advert").agg(mean=pl.mean("score"))
        rows = pl.DataFrame({"advert": adverts.id}).join(mean, on="advert", maintain_order="left")
        expected.append(expected_labels(one.region, one.past["operations"], adverts))
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
