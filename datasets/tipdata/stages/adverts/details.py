"""What an advert shows beside its text: contacts, images, price, and the fields of a job."""

import numpy as np
import polars as pl

from tipdata.core.draw import exp, probability
from tipdata.core.kinds import BUSINESS, CATEGORIES, FAMILIES, MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.adverts.offices import booking_office
from tipdata.stages.adverts.rendering import Text
from tipdata.stages.adverts.saying import Said
from tipdata.stages.adverts.schedule import ROOM, Schedule
from tipdata.stages.adverts.tables import JOB_FIELDS
from tipdata.stages.operations.facts import SILENT
from tipdata.stages.operations.lives import within
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import facts_of

TOLD = {
    "wage_deductions": ("fees", {"none": False, "share": True}),
    "transport": ("transport", {"self": False, "driver": True, "ticket": True}),
    "accommodation": ("lodging", {"single": True, "shared": True, "family": True}),
    "help_settling": ("advance", {"none": False, "lent": True, "repaid": True}),
    "transfer_support": ("papers", {"own": False, "handled": True, "kept": True}),
    "experience": ("experience", {"years": True, "none": False}),
}
"""Fields of a job advert that say what a fact says: the fact, and what its levels mean for the field."""
_STATED_BY_CUE = {"transport": "transport_provided", "accommodation": "accommodation_provided"}


def draw_contacts(region: Region, o: Operations, plan: Schedule) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 3) contact ids and whether an extractor finds them: phone, messenger, mail."""
    n, slot = len(plan.row), np.arange(3)[None, :]
    owner = np.repeat(plan.operation[:, None], 3, axis=1)
    period = np.array(region["contacts.period_days"])[o.traits["churn"]]
    epoch = (plan.day - o.first_day[plan.operation])[:, None] // (
        period[plan.operation][:, None] * (1 + (slot > 1))
    )
    local = np.arange(len(o.id))
    partner = booking_office(region, o) if o.facts is not None else _receptionists(region, o)
    at_desk = (partner >= 0)[owner] & (slot == 0)
    owner, epoch = np.where(at_desk, partner[owner], owner), np.where(at_desk, 0, epoch)
    number = (owner * 4 + slot) * ROOM + epoch
    near = o.first_day // region["contacts.reuse_days"] * 3 + o.part
    previous = within(region, "contacts/previous", local, near, o.posts)
    recycled = region.stream("contacts/recycled").chance(number, probability(region["contacts.recycled"]))
    recycled &= (slot == 0) & (previous[owner] >= 0)
    if o.facts is not None:
        recycled &= ~at_desk
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


def _receptionists(region: Region, o: Operations) -> np.ndarray:
    """Return the business that answers for each lawful business with a receptionist, else -1; up to data 0.3.0."""
    local = np.arange(len(o.id))
    desk = region.stream("contacts/receptionist").chance(local, probability(region["contacts.receptionist"]))
    partner = within(region, "contacts/partner", local, o.part.astype(np.int64), o.kind == BUSINESS)
    return np.where(desk & (o.kind == BUSINESS), partner, -1)


def draw_images(
    region: Region, o: Operations, plan: Schedule, source: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, most) image hashes and which are there; copied templates show the copied operation's images."""
    owner = source // MAX_TEMPLATES
    level = o.traits["images"][owner]
    pool, shown = np.array(region["images.pool"])[level], np.array(region["images.shown"])[level]
    k = np.arange(max(region["images.shown"]))[None, :]
    turn = region.stream("adverts/image").below(plan.row, np.maximum(pool, 1))
    which = (source[:, None] + turn[:, None] // 2 + k) % np.maximum(pool, 1)[:, None]
    image = owner[:, None] * ROOM + which
    hashed = region.stream("images/hash")
    # From a word that can be worked back, as those of 0.3.0 can, anyone could tell whose image it is.
    value = (hashed.bits(image) if o.facts is None else hashed.one_way(image)).view(np.int64)
    recoded = region.stream("images/recoded").chance(
        plan.row[:, None], probability(region["images.recoded"]), k
    )
    flipped = np.int64(1) << region.stream("images/flipped").below(plan.row[:, None], 62, k)
    return np.where(recoded, value ^ flipped, value), k < shown[:, None]


def draw_prices(
    region: Region, o: Operations, plan: Schedule, town: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return price in minor units of XTS (-1 where none is stated) and whether it is for half an hour; up to 0.3.0."""
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


def job_fields(
    region: Region, o: Operations, plan: Schedule, text: Text, said: Said | None = None
) -> dict[str, pl.Series]:
    """Return what a job advert states in its form, agreeing with its text; null where nothing is stated."""
    job = o.family[plan.operation] == FAMILIES.index("jobs")
    yes = probability(region["job_fields.says_yes"])
    fields: dict[str, pl.Series] = {}
    for name in JOB_FIELDS:
        stated = region.stream(f"templates/states_{name}").chance(
            plan.template, probability(region[f"job_fields.{name}"])
        )
        value = region.stream(f"templates/{name}").chance(plan.template, yes)
        if said is not None:
            value = _told(o, plan, said, name, value)
        elif name in _STATED_BY_CUE:
            by_cue = text.cues[:, o.cues.index(_STATED_BY_CUE[name])]
            stated, value = stated | by_cue, value | by_cue
        if said is None and name == "experience":
            none_needed = text.cues[:, o.cues.index("no_experience")]
            stated, value = stated | none_needed, value & ~none_needed
        fields[name] = pl.select(
            pl.when(pl.Series(job & stated)).then(pl.Series(value)).otherwise(None).alias(name)
        ).to_series()
    return fields


def _told(o: Operations, plan: Schedule, said: Said, name: str, value: np.ndarray) -> np.ndarray:
    """Return a field's value where it is stated: what the advert's text says, else what the operation would say."""
    assert o.facts is not None
    fact, means = TOLD[name]
    job = FAMILIES[1]
    number = next(i for i, one in enumerate(facts_of(job)) if one.name == fact)
    level = np.where(
        said.level[:, number] != SILENT, said.level[:, number], o.facts.level[plan.operation, number]
    )
    for at, known in enumerate(facts_of(job)[number].levels):
        if known in means:
            value = np.where(level == at, means[known], value)
    return value
