"""Annotations: two raters look at an advert's public face and score how suspicious it looks, 0 to 6.

Each weighs what it says in a way of their own; they disagree in level and reading, and slip. Their scores are what the
literature calls expert labels; the truth is elsewhere.
"""

import numpy as np
import polars as pl

from tipdata.core.kinds import FAMILIES
from tipdata.core.tables import LABEL, Column, Table
from tipdata.core.world import Region
from tipdata.stages import Past, Stage
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.annotations.raters import impressions
from tipdata.stages.operations.stage import Operations

ANNOTATIONS = Table(
    "annotations",
    ("advert", "rater"),
    (
        Column("region", pl.Int32(), LABEL),
        Column("advert", pl.Int64(), LABEL, id_of="adverts"),
        Column("rater", pl.Int32(), LABEL),
        Column(
            "score", pl.Int8(), LABEL, "0-6", "certainly not (0) to certainly (6) an indicator of trafficking"
        ),
    ),
    "Two raters' scores for every advert.",
)


def generate(region: Region, past: Past) -> tuple[None, dict[str, pl.DataFrame]]:
    """Draw the annotations of one region."""
    o: Operations = past["operations"]
    adverts: Adverts = past["adverts"]
    raters = region["annotations.raters"]
    first = region.stream("annotations/rater").below(adverts.row, raters)
    second = (first + 1 + region.stream("annotations/rater").below(adverts.row, raters - 1, 1)) % raters
    both = np.stack([first, second])
    seen = _read(region, o, adverts, both)
    frames = [_scores(region, adverts, latent, rater) for latent, rater in zip(seen, both, strict=True)]
    return None, {"annotations": pl.concat(frames)}


def _milli(region: Region, name: str) -> int:
    return round(region[f"annotations.{name}"] * 1000)


def _normal(region: Region, name: str, ids: np.ndarray, k: int | np.ndarray = 0) -> np.ndarray:
    return region.stream(f"annotations/{name}").quantile(ids, "normal", k) * _milli(region, name) // 1_000_000


def _read(region: Region, o: Operations, adverts: Adverts, rater: np.ndarray) -> np.ndarray:
    """Return (raters, adverts) how suspicious each looks to its rater, milli-nats, 0 where undecided."""
    centre = np.array([round(region["annotations.centre"][f] * 1000) for f in FAMILIES])
    seen = impressions(region, o, adverts, rater)
    return seen - centre[o.family[adverts.operation]] + _normal(region, "reading", adverts.template)


def _scores(region: Region, adverts: Adverts, base: np.ndarray, rater: np.ndarray) -> pl.DataFrame:
    latent = base + _normal(region, "offset", rater)
    latent = latent + _normal(region, "own_reading", adverts.template, rater)
    latent = latent + _normal(region, "slip", adverts.row, rater)
    step = _milli(region, "step")
    score = np.clip((latent + 3 * step + step // 2) // step, 0, 6)
    return pl.DataFrame(
        {
            "region": np.full(len(rater), region.index, dtype=np.int32),
            "advert": adverts.id,
            "rater": rater.astype(np.int32),
            "score": score.astype(np.int8),
        }
    )


STAGE = Stage("annotations", ("operations", "adverts"), (ANNOTATIONS,), generate)
