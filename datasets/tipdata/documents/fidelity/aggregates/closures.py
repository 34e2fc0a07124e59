"""What a site's closure does to the market: the fall, the climb back, where adverts go."""

from __future__ import annotations

import polars as pl

from tipdata.core.world import MINUTES_A_DAY
from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.view import ReleaseView, means

BEFORE = 56
"""Days before a closure that later volumes are compared with."""
FOURTH_WEEK, MONTHS_4_TO_6, WEEKS_5_TO_26 = (21, 27), (122, 182), (28, 181)
"""Days after a closure, first and last."""
SUCCESSORS = ("classifieds", "adult")
SITES_OF_SERVICES = ("classifieds", "adult", "social", "messaging", "darknet")


def _sampled(view: ReleaseView) -> pl.DataFrame:
    """Services adverts a week in the fourth and fifth week after an adult site's closure, of those a week before."""
    closed = view.closures.filter(pl.col("closed_kind") == "adult")
    rows = view.of_family("services").join(closed, on="region", maintain_order="left")
    week = (pl.col("minute") // MINUTES_A_DAY - pl.col("closed")).floordiv(7)
    return (
        rows.group_by("region")
        .agg(
            part=(pl.col("weight").filter(week.is_between(3, 4)).sum() / 2)
            - pl.col("weight").filter(week.is_between(-8, -1)).sum() / 8,
            of=pl.col("weight").filter(week.is_between(-8, -1)).sum() / 8,
        )
        .sort("region")
    )


def _volume(view: ReleaseView, days: tuple[int, int], sites: tuple[str, ...] | None = None) -> pl.DataFrame:
    """All adverts a day in some days after a closure (``part``), and a day before it (``of``)."""
    rows = view.market if sites is None else view.market.filter(pl.col("kind").is_in(sites))
    first, last = days
    later = pl.col("adverts").filter(pl.col("after").is_between(first, last)).sum() / (last - first + 1)
    earlier = pl.col("adverts").filter(pl.col("after").is_between(-BEFORE, -1)).sum() / BEFORE
    return rows.group_by("region").agg(part=later, of=earlier).sort("region")


def _fall(view: ReleaseView) -> pl.DataFrame:
    made = _volume(view, FOURTH_WEEK, SITES_OF_SERVICES)
    return made.with_columns(part=pl.col("part") - pl.col("of"))


def _taken(view: ReleaseView) -> pl.DataFrame:
    kinds = view.rows("platforms", "platform", "kind").select("region", "platform", site="kind")
    columns = ("outcome", "platform", "day", "first_day", "truth")
    rows = (
        view.rows("effects", *columns)
        .filter(pl.col("outcome") == "displaced_share")
        .join(kinds, on=["region", "platform"], how="left", maintain_order="left")
        .filter(pl.col("site").is_in(SUCCESSORS), pl.col("first_day") - pl.col("day") == WEEKS_5_TO_26[0])
    )
    return means(rows, pl.col("truth") / 1000)


def _largest(view: ReleaseView) -> pl.DataFrame:
    """Share of the largest of the sites that carry services, in weeks 5 to 26."""
    after = view.market.filter(
        pl.col("after").is_between(*WEEKS_5_TO_26), pl.col("kind").is_in(SITES_OF_SERVICES)
    )
    sites = after.group_by("region", "platform").agg(pl.col("adverts").sum())
    return (
        sites.group_by("region")
        .agg(part=pl.col("adverts").max() / pl.col("adverts").sum(), of=pl.lit(1.0))
        .sort("region")
    )


def _dominant(view: ReleaseView) -> pl.DataFrame:
    """Share of the site that closes among all that carry services, in the eight weeks before."""
    before = view.market.filter(
        pl.col("after").is_between(-BEFORE, -1), pl.col("kind").is_in(SITES_OF_SERVICES)
    )
    own = pl.col("adverts").filter(pl.col("platform") == pl.col("closed_site")).sum()
    return before.group_by("region").agg(part=own, of=pl.col("adverts").sum()).sort("region")


def _scam(view: ReleaseView) -> pl.DataFrame:
    """Share of spam among services adverts in the four weeks after a closure, over that in the eight before."""
    rows = view.of_family("services").join(view.closures, on="region", maintain_order="left")
    after = pl.col("minute") // MINUTES_A_DAY - pl.col("closed")
    spam = pl.col("kind") == "spam"
    weight = pl.col("weight")
    spans = {"later": after.is_between(0, 27), "earlier": after.is_between(-BEFORE, -1)}
    return (
        rows.group_by("region")
        .agg(
            *(weight.filter(span & spam).sum().alias(f"spam_{name}") for name, span in spans.items()),
            *(weight.filter(span).sum().alias(name) for name, span in spans.items()),
        )
        .sort("region")
    )


AGGREGATES = (
    Aggregate(
        "services adverts four weeks after a closure",
        "-.82",
        -0.90,
        -0.70,
        "wapo2018",
        ("adverts", "platforms"),
        _sampled,
        "tuned",
        "closure.drop",
        "secondary",
        needs=20,
        note="sampled adverts, where an adult site closes",
    ),
    Aggregate(
        "all adverts four weeks after a closure",
        "-.82",
        -0.90,
        -0.70,
        "wapo2018",
        ("market", "platforms"),
        _fall,
        "tuned",
        "market.fear",
        "secondary",
        note="full volume, of the kinds of sites that carry services",
    ),
    Aggregate(
        "volume four to six months after a closure",
        ".80-1.10",
        0.80,
        1.10,
        "wapo2018",
        ("market", "platforms"),
        lambda v: _volume(v, MONTHS_4_TO_6),
        "tuned",
        "market.regained",
        "secondary",
    ),
    Aggregate(
        "share that a successor takes",
        ".05-.08",
        0.05,
        0.08,
        "childsafe2019",
        ("effects", "platforms"),
        _taken,
        "tuned",
        "market.taken",
        "secondary",
        needs=10,
        note="of the closed site's adverts, weeks 5 to 26; published of visitors",
    ),
    Aggregate(
        "largest site's share afterwards",
        "none dominant",
        0.0,
        0.50,
        "childsafe2019",
        ("market", "platforms"),
        _largest,
        "unused",
        mark="secondary",
        needs=4,
        note="no number is published",
    ),
    Aggregate(
        "dominant site's share, before it closes",
        "about .70",
        0.62,
        0.78,
        "aim2013",
        ("market", "platforms"),
        _dominant,
        "input",
        "platforms.dominant_share",
        "secondary",
        note="of the sites that carry services",
    ),
    Aggregate(
        "spam's share after a closure, over before",
        "above 1",
        1.05,
        10.0,
        "childsafe2019",
        ("adverts", "platforms"),
        _scam,
        "input",
        "closure.spam_drop",
        "secondary",
        formula=lambda s: (s["spam_later"] / s["later"]) / (s["spam_earlier"] / s["earlier"]),
        rows="spam_earlier",
        note="published of scam adverts in words only",
    ),
)
