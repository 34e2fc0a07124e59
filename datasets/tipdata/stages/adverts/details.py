"""What an advert shows beside its text: contacts, images, and the fields of a job."""

import numpy as np
import polars as pl

from tipdata.core.columns import known
from tipdata.core.draw import probability
from tipdata.core.kinds import FAMILIES, MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.adverts.offices import booking_office
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


def draw_contacts(region: Region, o: Operations, plan: Schedule) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 3) contact ids and whether an extractor finds them: phone, messenger, mail."""
    n, slot = len(plan.row), np.arange(3)[None, :]
    owner = np.repeat(plan.operation[:, None], 3, axis=1)
    period = np.array(region["contacts.period_days"])[o.traits["churn"]]
    epoch = (plan.day - o.first_day[plan.operation])[:, None] // (
        period[plan.operation][:, None] * (1 + (slot > 1))
    )
    local = np.arange(len(o.id))
    partner = booking_office(region, o)
    at_desk = (partner >= 0)[owner] & (slot == 0)
    owner, epoch = np.where(at_desk, partner[owner], owner), np.where(at_desk, 0, epoch)
    number = (owner * 4 + slot) * ROOM + epoch
    near = o.first_day // region["contacts.reuse_days"] * 3 + o.part
    previous = within(region, "contacts/previous", local, near, o.posts)
    recycled = region.stream("contacts/recycled").chance(number, probability(region["contacts.recycled"]))
    recycled &= (slot == 0) & (previous[owner] >= 0) & ~at_desk
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
    # From a word that can be worked back anyone could tell whose image it is.
    value = region.stream("images/hash").one_way(image).view(np.int64)
    recoded = region.stream("images/recoded").chance(
        plan.row[:, None], probability(region["images.recoded"]), k
    )
    flipped = np.int64(1) << region.stream("images/flipped").below(plan.row[:, None], 62, k)
    return np.where(recoded, value ^ flipped, value), k < shown[:, None]


def job_fields(region: Region, o: Operations, plan: Schedule, said: Said) -> dict[str, pl.Series]:
    """Return what a job advert states in its form, agreeing with its text; null where nothing is stated."""
    job = o.family[plan.operation] == FAMILIES.index("jobs")
    yes = probability(region["job_fields.says_yes"])
    fields: dict[str, pl.Series] = {}
    for name in JOB_FIELDS:
        stated = region.stream(f"templates/states_{name}").chance(
            plan.template, probability(region[f"job_fields.{name}"])
        )
        value = _told(o, plan, said, name, region.stream(f"templates/{name}").chance(plan.template, yes))
        fields[name] = known(value, job & stated)
    return fields


def _told(o: Operations, plan: Schedule, said: Said, name: str, value: np.ndarray) -> np.ndarray:
    """Return a field's value where it is stated: what the advert's text says, else what the operation would say."""
    fact, means = TOLD[name]
    job = FAMILIES[1]
    number = next(i for i, one in enumerate(facts_of(job)) if one.name == fact)
    level = np.where(
        said.level[:, number] != SILENT, said.level[:, number], o.facts.level[plan.operation, number]
    )
    for at, said_level in enumerate(facts_of(job)[number].levels):
        if said_level in means:
            value = np.where(level == at, means[said_level], value)
    return value
