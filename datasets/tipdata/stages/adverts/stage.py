"""Adverts: when, where and on which site operations post, what an advert shows beside its text, and the table.

Posting is drawn as candidates and then masked (a closed site loses most of them), so that the same draws stand
behind every counterfactual.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import exp, probability
from tipdata.core.tables import Column, InWorld, Sealed, Table
from tipdata.core.world import MINUTES_A_DAY, Region
from tipdata.stages import Past, Stage
from tipdata.stages.accounts.stage import Accounts, site_weights
from tipdata.stages.adverts.writing import Chains, Text, write
from tipdata.stages.operations.stage import (
    BUSINESS,
    CATEGORIES,
    FAMILIES,
    LANGUAGES,
    MAX_TEMPLATES,
    SPAM,
    Operations,
    within,
)
from tipdata.stages.places.stage import Places

ROOM = 256
"""An advert's local number is its operation's times this plus its own."""
HALF_HOUR = "half_hour"
"""The basis of some prices whose category is paid by the hour."""
JOB_FIELDS = (
    "wage_deductions",
    "transport",
    "accommodation",
    "help_settling",
    "transfer_support",
    "experience",
)
_STATED_BY_CUE = {"transport": "transport_provided", "accommodation": "accommodation_provided"}

ADVERTS = Table(
    "adverts",
    ("advert",),
    (
        Column("region", pl.Int32(), "public"),
        Column("advert", pl.Int64(), "public", id_of="adverts"),
        Column("platform", pl.String(), "public", id_of="platforms"),
        Column("town", pl.Int32(), "public", id_of="places"),
        Column("jurisdiction", pl.Int32(), "public", sealed=Sealed("code", "jurisdiction")),
        Column("minute", pl.Int32(), "public", "minutes since the first day"),
        Column("language", pl.String(), "public", values=LANGUAGES),
        Column("category", pl.String(), "public", values=tuple(CATEGORIES)),
        Column("title", pl.String(), "public"),
        Column("body", pl.String(), "public", note="contact strings are masked"),
        Column("price", pl.Int32(), "public", "minor units of XTS", "null where none is stated"),
        Column(
            "price_basis",
            pl.String(),
            "public",
            note="what the price is for; null where none is stated",
            values=InWorld(("prices.basis",), "values", (HALF_HOUR,)),
        ),
        Column(
            "contacts",
            pl.List(pl.Int64()),
            "public",
            note="as an extractor finds them: opaque ids",
            sealed=Sealed("label", "contact string"),
        ),
        Column(
            "images",
            pl.List(pl.Int64()),
            "public",
            note="perceptual hashes; a re-encoded image differs in a bit",
            sealed=Sealed("mask"),
        ),
        *(Column(f, pl.Boolean(), "public", note="job adverts; null where not stated") for f in JOB_FIELDS),
        Column("account", pl.Int64(), "platform", id_of="accounts"),
        Column("operation", pl.Int64(), "truth", id_of="operations"),
        Column("template", pl.Int64(), "truth", sealed=Sealed("label", "template")),
        Column(
            "near_duplicate_group",
            pl.Int64(),
            "truth",
            note="adverts with one root text, copies included",
            sealed=Sealed("label", "template"),
        ),
        Column(
            "parent",
            pl.Int64(),
            "truth",
            note="the advert this one re-posts; null for a template's first",
            id_of="adverts",
        ),
        Column(
            "cues",
            pl.List(pl.String()),
            "truth",
            note="cues drawn",
            values=InWorld(("cues.services", "cues.jobs", "cues.intermediary", "cues.decoys")),
        ),
        Column("copied", pl.Boolean(), "truth", note="the text is a stranger's"),
        Column("writer", pl.Int64(), "truth", sealed=Sealed("label", "writer")),
        Column(
            "log_odds",
            pl.Int32(),
            "truth",
            "milli-nats",
            "of trafficking, from this advert's own cues and category",
        ),
    ),
    "A documented sample (1-2%) of the market's adverts, about 3,000 a region.",
)


@dataclass(frozen=True)
class Adverts:
    """Adverts in the order of :class:`tipdata.stages.adverts.writing.Chains`, for the stages that look at them."""

    id: np.ndarray
    row: np.ndarray
    operation: np.ndarray
    day: np.ndarray
    template: np.ndarray
    shown: np.ndarray
    log_odds: np.ndarray


@dataclass(frozen=True)
class _Schedule:
    """Candidate adverts; int64 arrays."""

    row: np.ndarray
    operation: np.ndarray
    day: np.ndarray
    minute: np.ndarray
    template: np.ndarray


def generate(region: Region, past: Past) -> tuple[Adverts, dict[str, pl.DataFrame]]:
    """Draw the adverts of one region."""
    places: Places = past["places"]
    operations: Operations = past["operations"]
    accounts: Accounts = past["accounts"]
    plan = _schedule(region, operations)
    town, site, kept = _place(region, places, operations, accounts, plan)
    order = np.flatnonzero(kept)
    order = order[np.lexsort((plan.row[order], plan.minute[order], plan.template[order]))]
    plan = _Schedule(*(getattr(plan, f)[order] for f in _Schedule.__dataclass_fields__))
    town, site = town[order], site[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = plan.template[1:] != plan.template[:-1]
    text = write(region, operations, Chains(plan.row, plan.operation, plan.template, first))
    ids = region.ids("adverts", plan.row)
    state = Adverts(ids, plan.row, plan.operation, plan.day, text.source, text.cues, text.log_odds)
    return state, {
        "adverts": _frame(region, places, operations, accounts, plan, town, site, first, text, ids)
    }


def _schedule(region: Region, o: Operations) -> _Schedule:
    """Candidate adverts of every posting operation: day, minute and template."""
    levels = region["operations.traits.volume"]["levels"]
    low, high = np.array([[int(x) for x in level.split("-")] for level in levels]).T
    level = o.traits["volume"]
    local = np.arange(len(o.id))
    count = low[level] + region.stream("operations/adverts").below(local, high[level] - low[level] + 1)
    count = np.where(o.posts, count, 0)
    operation = np.repeat(local, count)
    start = np.cumsum(count) - count
    row = operation * ROOM + np.arange(len(operation)) - start[operation]
    first, length = o.first_day[operation], (o.last_day - o.first_day + 1)[operation]
    since = region.stream("adverts/day").below(row, length)
    tours = o.traits["circuit"][operation] == 1
    dwell = region["schedule.dwell_days"]
    into = region.stream("adverts/burst").below(row, dwell) * region.stream("adverts/burst").below(
        row, dwell, 1
    )
    since = np.where(tours, np.minimum(since // dwell * dwell + into // dwell, length - 1), since)
    week = np.array(region["schedule.weekday_weights"])
    weekday = region.stream("adverts/weekday").choose(row, week)
    day = first + since
    day = np.clip(day // 7 * 7 + weekday, first, first + length - 1)
    monthly = region.stream("adverts/monthly").chance(row, probability(region["schedule.month_start"]))
    day = np.where(monthly, np.clip(day // 30 * 30, first, first + length - 1), day)
    hours = np.array(list(region["schedule.hour_weights"].values()))
    hour = region.stream("adverts/hour").choose(row, hours[o.traits["hours"][operation]])
    minute = day * MINUTES_A_DAY + hour * 60 + region.stream("adverts/minute").below(row, 60)
    templates = o.traits["templates"][operation] + 1
    phased = region.stream("adverts/phased").chance(row, probability(region["schedule.phase"]))
    number = np.where(
        phased, (day - first) * templates // length, region.stream("adverts/template").below(row, templates)
    )
    return _Schedule(row, operation, day, minute, operation * MAX_TEMPLATES + number)


def _place(
    region: Region, places: Places, o: Operations, accounts: Accounts, plan: _Schedule
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Town rank and platform position of each candidate, and whether it is posted at all."""
    row, operation = plan.row, plan.operation
    home = o.town[operation]
    low, high = region["schedule.stops"]
    stops = low + region.stream("operations/stops").below(np.arange(len(o.id)), high - low + 1)
    stop = (plan.day - o.first_day[operation]) // region["schedule.dwell_days"] % stops[operation]
    tour = region.stream("operations/stop").choose(operation, places.weight, stop)
    away = region.stream("adverts/away").chance(row, probability(region["schedule.away"]))
    elsewhere = region.stream("adverts/town").choose(row, places.weight)
    town = np.where(o.traits["circuit"][operation] == 1, tour, np.where(away, elsewhere, home))
    abroad = places.jurisdiction[town] != places.jurisdiction[home]
    town = np.where(abroad & ~o.cross_border[operation], home, town)

    weights = np.where(accounts.has, site_weights(region, places)[o.family], 0)[operation]
    loyal = region.stream("adverts/loyal").chance(row, probability(region["platforms.loyalty"]))
    wanted = np.where(loyal, accounts.home[operation], region.stream("adverts/site").choose(row, weights))
    lost = _lost_to_closure(region, places, o, plan, wanted)
    open_ = (places.opened[None, :] <= plan.day[:, None]) & (plan.day[:, None] < places.closed[None, :])
    possible = np.where(open_, weights, 0)
    other = region.stream("adverts/other_site").choose(row, np.maximum(possible, 0))
    site = np.where(open_[np.arange(len(row)), wanted], wanted, np.minimum(other, open_.shape[1] - 1))
    return town, site, ~lost & (possible.sum(axis=1) > 0)


def _lost_to_closure(
    region: Region, places: Places, o: Operations, plan: _Schedule, wanted: np.ndarray
) -> np.ndarray:
    """Which candidates a closure deters: a share that grows for weeks, then recovers.

    It touches adverts for sites of the closed one's kind, and whole families of adverts that it led.
    """
    closed = int(places.closed[places.dominant])
    since = plan.day - closed
    leading = site_weights(region, places).argmax(axis=1)
    kind = places.platform_kind
    touched = (kind[wanted] == kind[places.dominant]) | (leading == places.dominant)[o.family[plan.operation]]
    touched &= since >= 0
    drop, lasting = probability(region["closure.drop"]), probability(region["closure.lasting_loss"])
    ramp = region["closure.ramp_days"]
    decay = exp(-1000 * np.maximum(since - ramp, 0) // region["closure.recovery_days"]) >> 4
    level = np.where(since < ramp, drop * (since + 1) // ramp, lasting + ((drop - lasting) * decay >> 16))
    spared = probability(region["closure.spam_drop"])
    level = np.where(o.kind[plan.operation] == SPAM, level * spared >> 16, level)
    return touched & region.stream("adverts/deterred").chance(plan.row, level)


def _contacts(region: Region, o: Operations, plan: _Schedule) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) contact ids and whether an extractor finds them: phone, messenger, mail."""
    n, slot = len(plan.row), np.arange(3)[None, :]
    owner = np.repeat(plan.operation[:, None], 3, axis=1)
    period = np.array(region["contacts.period_days"])[o.traits["churn"]]
    epoch = (plan.day - o.first_day[plan.operation])[:, None] // (
        period[plan.operation][:, None] * (1 + (slot > 1))
    )
    local = np.arange(len(o.id))
    desk = region.stream("contacts/receptionist").chance(local, probability(region["contacts.receptionist"]))
    partner = within(region, "contacts/partner", local, o.part.astype(np.int64), o.kind == BUSINESS)
    shared = desk & (o.kind == BUSINESS) & (partner >= 0)
    at_desk = shared[owner] & (slot == 0)
    owner, epoch = np.where(at_desk, partner[owner], owner), np.where(at_desk, 0, epoch)
    number = (owner * 4 + slot) * ROOM + epoch
    near = o.first_day // region["contacts.reuse_days"] * 3 + o.part
    previous = within(region, "contacts/previous", local, near, o.posts)
    recycled = region.stream("contacts/recycled").chance(number, probability(region["contacts.recycled"]))
    recycled &= (slot == 0) & (previous[owner] >= 0)
    number = np.where(recycled, previous[owner] * 4 * ROOM, number)
    has = np.ones((n, 3), dtype=bool)
    messenger = region.stream("contacts/messenger").chance(local, probability(region["contacts.messenger"]))
    mail = region.stream("contacts/mail").chance(local, probability(region["contacts.mail"]))
    has[:, 1] = messenger[plan.operation] | (plan.day >= o.adopts_messaging[plan.operation])
    has[:, 2] = mail[plan.operation]
    hides = (plan.day >= o.adopts_obfuscation[plan.operation])[:, None]
    missed = (
        region.stream("contacts/missed").below(plan.row[:, None], 1000, slot)
        < o.obfuscation[plan.operation][:, None]
    )
    return region.ids("contacts", number), has & ~(hides & missed)


def _images(
    region: Region, o: Operations, plan: _Schedule, source: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(n, most) image hashes and which are there; copied templates show the copied operation's images."""
    owner = source // MAX_TEMPLATES
    level = o.traits["images"][owner]
    pool, shown = np.array(region["images.pool"])[level], np.array(region["images.shown"])[level]
    k = np.arange(max(region["images.shown"]))[None, :]
    turn = region.stream("adverts/image").below(plan.row, np.maximum(pool, 1))
    which = (source[:, None] + turn[:, None] // 2 + k) % np.maximum(pool, 1)[:, None]
    image = owner[:, None] * ROOM + which
    value = region.stream("images/hash").bits(image).view(np.int64)
    recoded = region.stream("images/recoded").chance(
        plan.row[:, None], probability(region["images.recoded"]), k
    )
    flipped = np.int64(1) << region.stream("images/flipped").below(plan.row[:, None], 62, k)
    return np.where(recoded, value ^ flipped, value), k < shown[:, None]


def _prices(
    region: Region, o: Operations, plan: _Schedule, town: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Price in minor units of XTS (-1 where none is stated) and whether it is for half an hour."""
    names = tuple(CATEGORIES)
    category, family = o.category[plan.operation], o.family[plan.operation]
    base = np.array([region["prices.base"][c] for c in names])[category] * 100
    milli = {p: round(region[f"prices.{p}"] * 1000) for p in ("spread", "wobble", "discount", "crowded")}
    local = np.arange(len(o.id))
    own = region.stream("operations/price").quantile(local, "normal") * milli["spread"] // 1_000_000
    own -= np.where(o.traits["discount"] == 1, milli["discount"], 0)
    wobble = region.stream("templates/price").quantile(plan.template, "normal") * milli["wobble"] // 1_000_000
    shift = own[plan.operation] + wobble - np.where(town < 3, milli["crowded"], 0)
    price = base * (exp(shift) >> 4) >> 16
    half = (family == 0) & region.stream("adverts/half_hour").chance(
        plan.row, probability(region["prices.half_hour"])
    )
    share = probability(region["prices.half_hour_share"])
    price = np.where(half, price * share >> 16, price)
    coarse, fine = (100 * r for r in region["prices.round_to"])
    step = np.where(region.stream("templates/round").below(plan.template, 5) < 4, coarse, fine)
    price = np.maximum((price + step // 2) // step, 1) * step
    missing = np.array([probability(region["prices.missing"][f]) for f in FAMILIES])[family]
    unstated = region.stream("templates/no_price").chance(plan.template, missing)
    return np.where(unstated, -1, price), half


def _job_fields(region: Region, o: Operations, plan: _Schedule, text: Text) -> dict[str, pl.Series]:
    """What a job advert states in its form, agreeing with its text; null where nothing is stated."""
    job = o.family[plan.operation] == FAMILIES.index("jobs")
    yes = probability(region["job_fields.says_yes"])
    fields: dict[str, pl.Series] = {}
    for name in JOB_FIELDS:
        stated = region.stream(f"templates/states_{name}").chance(
            plan.template, probability(region[f"job_fields.{name}"])
        )
        value = region.stream(f"templates/{name}").chance(plan.template, yes)
        if name in _STATED_BY_CUE:
            by_cue = text.cues[:, o.cues.index(_STATED_BY_CUE[name])]
            stated, value = stated | by_cue, value | by_cue
        if name == "experience":
            none_needed = text.cues[:, o.cues.index("no_experience")]
            stated, value = stated | none_needed, value & ~none_needed
        fields[name] = pl.select(
            pl.when(pl.Series(job & stated)).then(pl.Series(value)).otherwise(None).alias(name)
        ).to_series()
    return fields


def _lists(values: np.ndarray, there: np.ndarray) -> pl.Series:
    """A list column from a matrix and a mask of what is there."""
    import pyarrow as pa

    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))]).astype(np.int32)
    return pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(offsets.astype(np.int64), values[there])))


def _frame(
    region: Region,
    places: Places,
    o: Operations,
    accounts: Accounts,
    plan: _Schedule,
    town: np.ndarray,
    site: np.ndarray,
    first: np.ndarray,
    text: Text,
    ids: np.ndarray,
) -> pl.DataFrame:
    operation = plan.operation
    price, half = _prices(region, o, plan, town)
    basis = np.array(list(region["prices.basis"].values()))[o.category[operation]]
    parent = np.where(first, -1, np.roll(ids, 1))
    cue_names = np.array(o.cues)
    return pl.DataFrame(
        {
            "region": np.full(len(ids), region.index, dtype=np.int32),
            "advert": ids,
            "platform": np.array(places.codes)[places.platform[site]],
            "town": places.town[town].astype(np.int32),
            "jurisdiction": places.jurisdiction[town].astype(np.int32),
            "minute": plan.minute.astype(np.int32),
            "language": np.array(LANGUAGES)[o.language[operation]],
            "category": np.array(tuple(CATEGORIES))[o.category[operation]],
            "title": pl.Series(pl.from_arrow(text.title)),
            "body": pl.Series(pl.from_arrow(text.body)),
            "price": pl.Series(price.astype(np.int32)).replace(-1, None),
            "price_basis": pl.Series(
                np.where(price < 0, "", np.where(half, HALF_HOUR, basis)), dtype=pl.String
            ).replace("", None),
            "contacts": _lists(*_contacts(region, o, plan)),
            "images": _lists(*_images(region, o, plan, text.source)),
            **_job_fields(region, o, plan, text),
            "account": accounts.id[operation, site],
            "operation": o.id[operation],
            "template": region.ids("templates", plan.template),
            "near_duplicate_group": region.ids("templates", text.source),
            "parent": pl.Series(parent).replace(-1, None),
            "cues": _lists(np.broadcast_to(cue_names, text.cues.shape), text.cues),
            "copied": text.source != plan.template,
            "writer": region.ids("writers", o.writer[operation]),
            "log_odds": text.log_odds.astype(np.int32),
        }
    )


STAGE = Stage("adverts", ("places", "operations", "accounts"), (ADVERTS,), generate)
