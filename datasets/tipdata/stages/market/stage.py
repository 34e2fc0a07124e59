"""The market at full volume: a site's adverts, flags, contacts and hash-match reports a day, and what changed them.

Counts are gamma-Poisson about intensities that are known with and without each intervention, from the same draws; an
effect is the difference of these intensities, so nothing random is in it. Trend, season, events and factors of the
world, which regions load unlike, move a market that nobody intervened in.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from tipdata.core.columns import known, named
from tipdata.core.counts import over_dispersed, poisson
from tipdata.core.draw import ONE, Ints, log, probability
from tipdata.core.tables import Column, Sealed, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage
from tipdata.stages.market.adverts import destinations, without_closure
from tipdata.stages.market.contacts import Campaigns, draw_campaigns, lifted, usual_contacts
from tipdata.stages.market.paths import TODAY
from tipdata.stages.market.recovery import with_closure
from tipdata.stages.places.stage import Places

OUTCOMES = ("adverts", "contacts", "displaced_share")
ADVERTS, CONTACTS, DISPLACED = OUTCOMES
INTERVENTION_KINDS = ("closure", "campaign")
CLOSURE, CAMPAIGN = INTERVENTION_KINDS
SCALES = ("log", "share")
LOG, SHARE = SCALES
ROOM = 64
"""An effect's local number is its intervention's times this, plus half of it for the second window, plus its own."""

MARKET = Table(
    "market",
    ("platform", "day"),
    (
        Column("region", pl.Int32(), "public"),
        Column("platform", pl.String(), "public", note="null for contacts that name none", id_of="platforms"),
        Column("day", pl.Int32(), "public", "day"),
        Column("adverts", pl.Int32(), "public", "adverts", "new that day, at full volume"),
        Column("flags", pl.Int32(), "public", "flags"),
        Column("contacts", pl.Int32(), "public", "contacts", "with a helpline, that name the platform"),
        Column("hash_matches", pl.Int32(), "public", "reports", "counts, and nothing else of that material"),
    ),
    "Daily counts of each platform at full volume, of which the adverts table is a sample of 1-2%.",
)

INTERVENTIONS = Table(
    "interventions",
    ("intervention",),
    (
        Column("region", pl.Int32(), "public"),
        Column("intervention", pl.Int64(), "public", id_of="interventions"),
        Column("kind", pl.String(), "public", values=INTERVENTION_KINDS),
        Column(
            "platform",
            pl.String(),
            "public",
            note="the one that closes; null for a campaign",
            id_of="platforms",
        ),
        Column("day", pl.Int32(), "public", "day", "its first"),
        Column(
            "reach", pl.Int32(), "truth", "milli-nats", "by which contacts rise at first; null for a closure"
        ),
    ),
    "Closures of a platform and awareness campaigns, none to three a region.",
)

EFFECTS = Table(
    "effects",
    ("effect",),
    (
        Column("region", pl.Int32(), "public"),
        Column("effect", pl.Int64(), "public", id_of="effects"),
        Column("intervention", pl.Int64(), "public", id_of="interventions"),
        Column("kind", pl.String(), "public", values=INTERVENTION_KINDS),
        Column(
            "outcome",
            pl.String(),
            "public",
            note="displaced_share: that a platform takes; the others are the region's",
            values=OUTCOMES,
        ),
        Column(
            "platform", pl.String(), "public", note="the one that takes a share; else null", id_of="platforms"
        ),
        Column("day", pl.Int32(), "public", "day", "of the intervention"),
        Column("first_day", pl.Int32(), "public", "day", "of the window"),
        Column("last_day", pl.Int32(), "public", "day", "of the window"),
        Column("scale", pl.String(), "public", note="log: of a ratio", values=SCALES),
        Column(
            "expected_with",
            pl.Int64(),
            "truth",
            "thousandths",
            "sum over the window, as it is",
            sealed=Sealed("as_is"),
        ),
        Column(
            "expected_without",
            pl.Int64(),
            "truth",
            "thousandths",
            "the same without the intervention",
            sealed=Sealed("as_is"),
        ),
        Column(
            "displaced",
            pl.Int64(),
            "truth",
            "thousandths",
            "what the closed platform lost; null but for shares",
            sealed=Sealed("as_is"),
        ),
        Column(
            "truth",
            pl.Int32(),
            "truth",
            "milli-nats or permille",
            "log of expected_with / expected_without, or their difference / displaced",
        ),
    ),
    "Effects of interventions over weeks 1-4 and 5-26 after them: differences of noise-free intensities.",
)


def generate(region: Region, past: Past) -> tuple[None, dict[str, pl.DataFrame]]:
    """Draw the market of one region and work out the effects of what happened in it."""
    places: Places = past["places"]
    without = without_closure(region, places)
    adverts = with_closure(region, places, without)
    usual = usual_contacts(region, adverts, without)
    campaigns = draw_campaigns(region)
    interventions = _interventions(region, places, campaigns)
    effects = pl.DataFrame(
        [*_of_closure(region, places, adverts, without), *_of_campaigns(region, usual, campaigns)],
        schema=_EFFECT,
        orient="row",
    )
    return None, {
        "market": _counts(region, places, adverts, usual, campaigns.lift.sum(axis=0)),
        "interventions": interventions.drop("number"),
        "effects": _frame(region, interventions, effects),
    }


def _counts(region: Region, places: Places, adverts: Ints, usual: Ints, lift: Ints) -> pl.DataFrame:
    """Return one row per platform and day, and one row per day for contacts that name none."""
    flags = adverts * probability(region["market.flags_an_advert"]) >> 16
    intensities = {
        "adverts": adverts,
        "flags": lifted(flags, lift * region["market.flag_response"] // 1000),
        "contacts": lifted(usual, lift),
        "hash_matches": _hash_matches(region, places, adverts),
    }
    code = np.append(places.platform, len(places.codes))
    number = code[:, None] * DAYS + TODAY
    drawn = {}
    for name, mean in intensities.items():
        rows = number[: len(mean)]
        weight = region["market.noise"][name]
        mean = over_dispersed(region.stream(f"market/{name}/noise"), rows, mean, weight)
        count = poisson(region.stream(f"market/{name}/count"), rows, mean).ravel()
        there = np.arange(number.size) < len(count)
        drawn[name] = known(np.resize(count, number.size), there)
    names = np.append(places.platform, -1)
    return pl.DataFrame(
        {
            "region": np.full(number.size, region.index, dtype=np.int32),
            "platform": named(places.codes, np.repeat(names, DAYS)),
            "day": np.tile(TODAY, len(code)).astype(np.int32),
            **drawn,
        }
    )


def _hash_matches(region: Region, places: Places, adverts: Ints) -> Ints:
    """Return thousandths of reports a day: by a platform's size, kind and policy, which some change on one day."""
    names = [places.kinds[k] for k in places.platform_kind]
    rate = np.array([region["market.hash_matches"][name] for name in names])
    policies = np.array(region["market.hash_policy"])
    stream = region.stream("market/policy")
    before, later = (policies[stream.below(places.platform, len(policies), k)] for k in (0, 1))
    changes = stream.chance(places.platform, probability(region["market.hash_change"]), 2)
    day = np.where(changes, stream.below(places.platform, DAYS, 3), DAYS)
    policy = np.where(day[:, None] > TODAY, before[:, None], later[:, None])
    return adverts * rate[:, None] // 1000 * policy // 1000


def _interventions(region: Region, places: Places, campaigns: Campaigns) -> pl.DataFrame:
    """Return the closure, numbered 0, and the campaigns, by their number."""
    closed = int(places.closed[places.dominant])
    closures = np.zeros(int(closed < DAYS), dtype=np.int64)
    number = np.concatenate([closures, campaigns.number])
    site = places.codes[places.platform[places.dominant]]
    return pl.DataFrame(
        {
            "region": np.full(len(number), region.index, dtype=np.int32),
            "intervention": region.ids("interventions", number),
            "number": number,
            "kind": np.where(number == 0, CLOSURE, CAMPAIGN).astype(str),
            "platform": pl.Series([site if n == 0 else None for n in number], dtype=pl.String),
            "day": np.concatenate([closures + closed, campaigns.day]).astype(np.int32),
            "reach": pl.Series([None] * len(closures) + campaigns.reach.tolist(), dtype=pl.Int32),
        }
    )


Effect = tuple[int, int, str, str | None, int, int, int, int, int | None, int]
_EFFECT = {
    "number": pl.Int64,
    "local": pl.Int64,
    "outcome": pl.String,
    "platform": pl.String,
    "first_day": pl.Int32,
    "last_day": pl.Int32,
    "expected_with": pl.Int64,
    "expected_without": pl.Int64,
    "displaced": pl.Int64,
    "truth": pl.Int32,
}


def _of_closure(region: Region, places: Places, adverts: Ints, without: Ints) -> Iterator[Effect]:
    """Yield what the closure did to all adverts, and which share of what the closed site lost each destination took."""
    day = int(places.closed[places.dominant])
    if day == DAYS:
        return
    for window, (first, last) in enumerate(region["market.windows"]):
        days = slice(day + first, day + last + 1)
        is_, would = adverts[:, days].sum(axis=1), without[:, days].sum(axis=1)
        local, span = ROOM // 2 * window, (day + first, day + last)
        total, all_would = int(is_.sum()), int(would.sum())
        yield 0, local, ADVERTS, None, *span, total, all_would, None, _log_of_ratio(total, all_would)
        displaced = int(would[places.dominant])
        for at in destinations(region, places):
            code, sums = int(places.platform[at]), (int(is_[at]), int(would[at]))
            share = 1000 * (sums[0] - sums[1]) // displaced
            yield 0, local + 1 + code, DISPLACED, places.codes[code], *span, *sums, displaced, share


def _of_campaigns(region: Region, usual: Ints, campaigns: Campaigns) -> Iterator[Effect]:
    """Yield what each campaign did to all contacts, the other one being as it is."""
    every = campaigns.lift.sum(axis=0)
    for turn, number in enumerate(campaigns.number):
        for window, (first, last) in enumerate(region["market.windows"]):
            span = (int(campaigns.day[turn]) + first, int(campaigns.day[turn]) + last)
            days = slice(span[0], span[1] + 1)
            total, would = (
                int(lifted(usual, lift)[:, days].sum()) for lift in (every, every - campaigns.lift[turn])
            )
            local = int(number) * ROOM + ROOM // 2 * window
            yield int(number), local, CONTACTS, None, *span, total, would, None, _log_of_ratio(total, would)


def _log_of_ratio(total: int, would: int) -> int:
    """Return log(total / would) in milli-nats by the shipped table, both positive."""
    small, large = sorted((total, would))
    fall = int(log(np.array(small * ONE // large)))
    return fall if total < would else -fall


def _frame(region: Region, interventions: pl.DataFrame, effects: pl.DataFrame) -> pl.DataFrame:
    """Return effects with the intervention that each is of."""
    at = {number: row for row, number in enumerate(interventions["number"].to_list())}
    of = np.array([at[number] for number in effects["number"].to_list()], dtype=np.int64)
    scale = [SHARE if outcome == DISPLACED else LOG for outcome in effects["outcome"].to_list()]
    return pl.DataFrame(
        {
            "effect": region.ids("effects", effects["local"].to_numpy()),
            "scale": pl.Series(scale, dtype=pl.String),
            **{name: interventions[name][of] for name in ("region", "intervention", "kind", "day")},
            **{name: effects[name] for name in _EFFECT if name not in ("number", "local")},
        }
    )


STAGE = Stage("market", ("places",), (MARKET, INTERVENTIONS, EFFECTS), generate)
