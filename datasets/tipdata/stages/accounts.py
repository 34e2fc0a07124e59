"""Accounts: on which sites each operation is, and everybody else who has an account there."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import Ints, normalise, probability
from tipdata.core.kinds import FAMILIES, INDEPENDENT, KINDS, LANGUAGES, TRAFFICKING
from tipdata.core.tables import read_tables, with_nulls
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.operations.habits import ARMED
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places

HOUSEHOLDS = 1024
"""Room for the households of one community in the number of a circle."""
OTHERS = 1 << 20
"""Circles of households are numbered from here on; those before are operations."""


def draw_circles(
    region: Region, places: Places, o: Operations, number: Ints, owner: Ints, language: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return ``size``, ``town`` and ``circle`` of :class:`Accounts`.

    Accounts that have no other circle belong to households of about ``ties.circle`` accounts. ``owner``: operation of
    each account, -1 if it is nobody's; ``language``: index of each account's.
    """
    owned = owner >= 0
    size = np.where(owned, np.bincount(owner[owned], minlength=len(o.id))[owner], 1)
    anywhere = region.choose("account_habits/town", number, "places.town_weights")
    town = np.where(owned, o.town[owner], anywhere)
    community = language * len(places.town) + town
    households = np.maximum(np.bincount(community) // region["ties.circle"], 1)[community]
    household = community * HOUSEHOLDS + region.stream("account_habits/circle").below(number, households)
    return size, town, np.where(owned & (size > 1), owner, OTHERS + household)


HANDS = 8
"""The number of the person who runs an account is the operation's times this plus the person's own; without an
operation it is the account's."""
ROOM = 16
"""A device's number is its person's times this, plus which of theirs it is."""
REPLACED = 4
"""Devices that follow one another before numbers repeat, which takes years."""
COMMON, PUBLIC = 1 << 26, 1 << 28
"""Local numbers of devices of circles, and of shops, start here."""


def draw_devices(
    region: Region, o: Operations, number: Ints, owner: Ints, circle: Ints, opened: Ints
) -> Ints:
    """Return the local number of each account's device.

    ``owner``: operation of each account, -1 if it is nobody's; ``circle``: to which it belongs; ``opened``: day.
    """
    hands = region.values("accounts.hands", region["operations.organisation"])
    hand = region.stream("accounts/hand").below(number, hands[o.organisation[owner]])
    person = np.where(owner >= 0, owner * HANDS + hand, number)
    keeps = region["accounts.device_days"]
    turn = (opened + region.stream("accounts/device_from").below(person, keeps)) // keeps
    which = region.choose("accounts/which_device", number, "accounts.devices")
    own = person * ROOM + turn % REPLACED * (ROOM // REPLACED) + which
    common, shared = (
        region.chance(f"accounts/{name}_device", number, f"accounts.{name}_device")
        for name in ("common", "shared")
    )
    cafe = region.stream("accounts/cafe").below(number, region["accounts.cafes"])
    return np.where(shared, PUBLIC + cafe, np.where(common, COMMON + circle, own))


_NEW_SITE = 14
"""Days within which operations open accounts on a site that opens while they post."""


def choose_sites(
    region: Region, places: Places, o: Operations, numbers: Ints, weights: Ints
) -> tuple[np.ndarray, Ints, Ints]:
    """Return where operations have accounts, the first choice of each, and days of opening successors.

    ``numbers``, ``weights``: (operations, platforms present) local numbers of accounts, and weights of the sites.
    """
    there = places.closed > o.first_day[:, None]
    at_first = there & (places.opened <= o.first_day[:, None])
    home = region.stream("accounts/home").choose(np.arange(len(o.id)), np.where(at_first, weights, 0))
    further = region.chance("accounts/elsewhere", numbers, "accounts.elsewhere")
    later = there & (places.opened <= o.last_day[:, None])
    has = (further & later & (weights > 1)) | (np.arange(len(places.platform)) == home[:, None])
    moved = _successor_days(region, places, o, numbers, np.where(has, 0, weights), home)
    return has | (moved >= 0), home, moved


def _successor_days(
    region: Region, places: Places, o: Operations, numbers: Ints, weights: Ints, home: Ints
) -> Ints:
    """Return the day on which an operation opens an account elsewhere because its first choice closed, else -1."""
    lasting = (places.closed == DAYS) & (places.opened == 0)
    pull = np.where(lasting & (weights > 1), weights, 0)
    luck = region.stream("accounts/successor").quantile(numbers, "exponential") + 1
    time = np.where(pull > 0, luck * 1000 // np.maximum(pull, 1), 1 << 60)
    turn = np.argsort(np.argsort(time, axis=1), axis=1)
    wait = region.spread("accounts/moves", numbers, "exponential", region["accounts.move_days"])
    day = places.closed[home][:, None].astype(np.int64) + 1 + wait
    lives = (day <= o.ends[:, None]) & (day < DAYS)
    return np.where((turn < region["accounts.successors"]) & (pull > 0) & lives, day, -1)


def background_site(region: Region, places: Places, number: Ints) -> Ints:
    """Return the position of the platform of accounts without operation; it is open when they first do something."""
    start = background_start(region, number)[..., None]
    open_ = (places.opened <= start) & (start < places.closed)
    return region.stream("accounts/site").choose(number, open_.astype(np.int64))


def background_start(region: Region, number: Ints) -> Ints:
    """Return the day on which each account without operation first does something."""
    return region.stream("accounts/start").below(number, DAYS)


def draw_lives(
    region: Region,
    places: Places,
    o: Operations,
    number: Ints,
    owner: Ints,
    site: Ints,
    age: Ints,
    moved: Ints,
    first: np.ndarray,
) -> tuple[Ints, Ints, Ints]:
    """Return ``created``, ``until`` and ``closed`` of :class:`Accounts`.

    Args:
        owner: operation of each, -1 if it is nobody's.
        site: position of each account's platform.
        age: days that it has before its first advert, if it is no successor.
        moved: day on which it is opened as a successor, -1 if it is none.
        first: bool, its operation's first choice, by which it talks before it posts.
    """
    owned = owner >= 0
    start = np.where(owned, o.first_day[owner], background_start(region, number))
    weekday = region.choose("accounts/weekday", number, "schedule.weekday_weights")
    created = np.minimum((start - age) // 7 * 7 + weekday, start)
    settled = region.spread("accounts/settles", number, "exponential", region["accounts.settles_days"])
    created = np.where(first, np.minimum(created, o.begins[owner] + settled), created)
    created = np.where(moved >= 0, moved, created)
    opened = places.opened[site].astype(np.int64)
    latest = np.maximum(start, np.minimum(opened + _NEW_SITE, np.where(owned, o.last_day[owner], start)))
    anew = opened + region.stream("accounts/anew").below(number, np.maximum(latest - opened, 0) + 1)
    created = np.where((opened > 0) & (created < opened), anew, created)
    lifetime = region.spread("accounts/lifetime", number, "exponential", region["accounts.lifetime_days"])
    ends = np.where(owned, o.ends[owner], start + lifetime)
    closed = ends + 1 + region.spread("accounts/left", number, "exponential", region["accounts.left_days"])
    husk = region.chance("accounts/husk", number, "accounts.husks")
    closed = np.minimum(np.where(husk | (closed >= DAYS), DAYS, closed), places.closed[site])
    until = np.minimum(np.minimum(ends, closed - 1), DAYS - 1)
    return created, np.maximum(until, created), closed


MAX_SITES = 16
"""An account's local number is its operation's times this plus the position of its platform."""
BACKGROUND = 1 << 20
"""Local numbers of accounts that belong to no operation start here."""
TABLES = read_tables("accounts")
CLIENTS, CADENCES, ROLES = map(TABLES["accounts"].values, ("client", "cadence", "role"))
RECRUITS, ADVERTISES, OTHER = ROLES


@dataclass(frozen=True)
class Accounts:
    """Which operation has an account where.

    Attributes:
        has: (operations, platforms present) bool.
        weights: (operations, platforms present) of :func:`operation_site_weights`.
        home: position of each operation's first choice of platform.
        id: (operations, platforms present) account ids, also if there is none.
        number: local number of each account; those of operations stand before those of nobody.
        owner: operation of each account, -1 if it is nobody's.
        site: position of each account's platform.
        columns: of the table, in the order of the numbers.
        language: index of each account's.
        created: day, negative before the first day.
        until: last day on which it does anything.
        closed: first day on which it no longer exists; past the end of time if it stays.
        size: accounts of its operation; 1 for nobody's.
        town: rank.
        circle: its operation if that has several accounts, else a household of the community.
    """

    has: np.ndarray
    weights: np.ndarray
    home: np.ndarray
    id: np.ndarray
    number: np.ndarray
    owner: np.ndarray
    site: np.ndarray
    columns: Columns
    language: Ints
    created: Ints
    until: Ints
    closed: Ints
    size: Ints
    town: Ints
    circle: Ints

    def alive(self, operation: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return (rows, platforms present) bool: where each row's operation has an account that lives on its day."""
        owned = self.owner >= 0
        created, closed = np.full(self.has.shape, DAYS), np.zeros(self.has.shape, dtype=np.int64)
        created[self.has], closed[self.has] = self.created[owned], self.closed[owned]
        return (created[operation] <= day[:, None]) & (day[:, None] < closed[operation])


def generate(region: Region, past: Past) -> tuple[Accounts, Tables]:
    """Draw the accounts of one region."""
    places: Places = past["places"]
    o: Operations = past["operations"]
    weights = operation_site_weights(region, places, o)
    numbers = np.arange(len(o.id))[:, None] * MAX_SITES + np.arange(len(places.platform))
    has, home, successors = choose_sites(region, places, o, numbers, weights)
    operation, site = np.nonzero(has)
    count = max(region["accounts.total"] - len(operation), 0)
    others = BACKGROUND + np.arange(count)
    number = np.append(numbers[has], others)
    owner = np.append(operation, np.full(count, -1))
    moved = np.append(successors[has], np.full(count, -1))
    first = np.append(home[operation] == site, np.zeros(count, dtype=bool))
    site = np.append(site, background_site(region, places, others))
    owned = owner >= 0
    kind = np.where(owned, o.kind[owner], INDEPENDENT)
    mean = region.values("accounts.age_days", KINDS)[kind]
    age = region.spread("accounts/age", number, "exponential", mean)
    created, until, closed = draw_lives(region, places, o, number, owner, site, age, moved, first)
    language = np.where(owned, o.language[owner], spoken_language(region, o, number))
    size, town, circle = draw_circles(region, places, o, number, owner, language)
    device = draw_devices(region, o, number, owner, circle, created)
    verified = region.chances("accounts.verified", KINDS)[kind]
    recruits = (kind == TRAFFICKING) & region.chance("accounts/role", number, "accounts.recruits")
    cadence = region.choose("accounts/cadence", number, "accounts.cadence")
    columns = {
        "account": region.ids("accounts", number),
        "platform": pl.Series(places.codes)[places.platform[site]],
        "client": np.where(region.chance("accounts/client", number, "accounts.app"), *CLIENTS),
        "language": pl.Series(LANGUAGES)[language],
        "created_day": created,
        "closed_day": with_nulls(closed, closed != DAYS),
        "verified": region.stream("accounts/verified").chance(number, verified),
        "cadence": pl.Series(CADENCES)[cadence],
        "device_cluster": region.ids("devices", device),
        "operation": with_nulls(o.id[owner], owned),
        "role": np.where(owned, np.where(recruits, RECRUITS, ADVERTISES), OTHER),
    }
    ids = region.ids("accounts", numbers)
    accounts = Accounts(
        has=has,
        weights=weights,
        home=home,
        id=ids,
        number=number,
        owner=owner,
        site=site,
        columns=columns,
        language=language,
        created=created,
        until=until,
        closed=closed,
        size=size,
        town=town,
        circle=circle,
    )
    return accounts, {"accounts": columns}


def spoken_language(region: Region, o: Operations, number: np.ndarray) -> np.ndarray:
    """Return language of accounts that belong to no operation (index into LANGUAGES)."""
    spoken = region.stream("accounts/language").choose(number, np.ones(len(LANGUAGES), dtype=np.int64))
    resident = region.chance("accounts/resident", number, "accounts.resident")
    return np.where(resident, o.majority, spoken)


def site_weights(region: Region, places: Places) -> np.ndarray:
    """Return (families, platforms present) integer weights: kinds by family, the dominant site before its rivals."""
    table = np.zeros((len(FAMILIES), len(places.platform)), dtype=np.int64)
    share = probability(region["platforms.dominant_share"])
    for f, family in enumerate(FAMILIES):
        listed = region[f"platforms.by_family.{family}"]
        for k, kind in enumerate(places.kinds):
            at = np.flatnonzero(places.platform_kind == k)
            if not len(at):
                continue
            within = np.full(len(at), 65536 // len(at))
            if places.dominant in at and len(at) > 1:
                within = np.where(at == places.dominant, share, (65536 - share) // (len(at) - 1))
            table[f, at] = listed.get(kind, 0) * within
    return normalise(table)


def operation_site_weights(region: Region, places: Places, o: Operations) -> np.ndarray:
    """Return (operations, platforms present) integer weights of sites; armed groups keep to some kinds more."""
    usual = site_weights(region, places)[o.family]
    factor = np.array([region["platforms.armed"].get(kind, 1) for kind in places.kinds])[places.platform_kind]
    armed = o.organisation == list(region["operations.organisation"]).index(ARMED)
    usual[armed] = normalise(np.where(usual[armed] > 1, usual[armed] * factor, usual[armed]))
    return usual


STAGE = Stage(
    "accounts", ("places", "operations"), tuple(TABLES.values()), generate, parameters=("ties.circle",)
)
