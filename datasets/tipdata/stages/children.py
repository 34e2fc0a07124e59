"""Count children among the people detected, by age band, form and sex, rounded; never a row about one of them.

No other table holds anybody under eighteen. Counts follow the published margins and the number of adults on lists.
"""

import numpy as np
import polars as pl

from tipdata.core.draw import scale_exp
from tipdata.core.tables import read_tables
from tipdata.core.world import Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.people import SEXES

TABLES = read_tables("children")
BANDS = TABLES["child_counts"].values("age_band")
PERMILLE = 1000


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the counts of one region, from the number of adults detected."""
    adults: int = past["captures"]
    forms = list(region["captures.forms"])
    share = region.values("children.detected", SEXES)
    by_form = np.array([[region[f"children.forms.{sex}"][form] for sex in SEXES] for form in forms])
    band = region.values("children.age_bands", BANDS)
    weights = band[:, None, None] * by_form[None] * share
    whole = band.sum() * by_form.sum(axis=0) * (PERMILLE - share.sum())
    expected = adults * PERMILLE * weights // whole
    cell = np.arange(weights.size).reshape(weights.shape)
    spread = region.spread("children/count", cell, "normal", region.milli("children.spread"))
    base = region["children.rounded_to"]
    step = base * PERMILLE
    up = region.stream("children/rounded").below(cell, step)
    count = (scale_exp(expected, spread) + up) // step * base
    at = np.indices(weights.shape).reshape(3, -1)
    return None, {
        "child_counts": {
            "age_band": pl.Series(BANDS)[at[0]],
            "form": pl.Series(forms)[at[1]],
            "sex": pl.Series(SEXES)[at[2]],
            "count": count.ravel(),
        }
    }


STAGE = Stage("children", ("captures",), tuple(TABLES.values()), generate)
