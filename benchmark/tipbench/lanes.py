"""Lanes: groups of tasks that may share a world of a season.

In one world an operation may be in the training part of one task and in the test of another. Each cell has a fence of
its own, so nothing should pass from one to the other; as a second line of defence such tasks use different worlds.
Tasks whose clusters are operations all assign an operation to the same part. Contacts are assigned by person and
suppliers by agency, and tasks on regions test every operation in them.
"""

from __future__ import annotations

from collections.abc import Iterable

LANES = (
    (
        *("account_risk", "advert_authorship", "advert_linkage", "advert_reading", "advert_risk"),
        *("case_linkage", "flag_aggregation", "payment_risk", "recruitment_onset", "route_forecast"),
    ),
    ("assistance_triage",),
    ("supplier_risk",),
    ("intervention_effect", "prevalence"),
)
"""The fewest groups without such a pair; a slow test compares them with the folds of a release."""


def lanes(tasks: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the lanes of these tasks, in a fixed order, empty ones left out. A task of no lane has its own."""
    wanted = sorted(set(tasks))
    known = [tuple(name for name in wanted if name in lane) for lane in LANES]
    others = [(name,) for name in wanted if not any(name in lane for lane in LANES)]
    return [lane for lane in (*known, *others) if lane]
