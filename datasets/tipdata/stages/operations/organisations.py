"""Organisations behind operations: individuals, groups, networks, and armed groups.

An armed group is an organisation that acts, not a form: it works through a few forms, from towns near a border. How
often a form occurs does not depend on it: an operation's organisation is drawn given its form.
"""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import ONE, Ints
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import Region
from tipdata.stages.operations.shares import form_shares
from tipdata.stages.places.stage import Places

ARMED = "armed_group"
BY_FORM = "operations.armed_by_form"
"""The parameter that says through which forms armed groups work."""


def draw_organisation(region: Region, local: Ints, kind: Ints, form: Ints, forms: tuple[str, ...]) -> Ints:
    """Return the organisation of each operation, an index into the names of ``operations.organisation``."""
    names = list(region["operations.organisation"])
    weights = np.array(
        [
            [region[f"operations.{source}"][name] for name in names]
            for source in ("organisation", "lawful_organisation")
        ]
    )[(kind != TRAFFICKING).astype(int)]
    ratio = _armed_ratio(region, forms)[np.maximum(form, 0)]
    armed = names.index(ARMED)
    weights[:, np.arange(len(names)) != armed] *= ONE
    weights[:, armed] *= ratio
    return region.stream("operations/organisation").choose(local, weights)


def _armed_ratio(region: Region, forms: tuple[str, ...]) -> Ints:
    """Return (forms,) by how much likelier an armed group is in a form than in all, times 65,536."""
    listed = region[BY_FORM]
    weight = np.array([listed.get(form, 0) for form in forms], dtype=np.int64)
    return weight * ONE * ONE // (weight * form_shares(region.natural)).sum()


def town_weights(region: Region, places: Places, organisation: Ints) -> Ints:
    """Return (operations, towns) weights of home towns: armed groups keep to borders."""
    armed = organisation == list(region["operations.organisation"]).index(ARMED)
    return np.where(armed[:, None] & ~places.border, 0, places.weight)
