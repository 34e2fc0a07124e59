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


@dataclass(frozen=True)
class Circles:
    """Int64 arrays with one entry an account."""

    size: Ints
    """Accounts of its operation; 1 for nobody's."""
    town: Ints
    """Rank."""
    circle: Ints
    """The operation if it has several accounts, else a household of the community."""


def draw_circles(
    region: Region, places: Places, o: Operations, number: Ints, owner: Ints, language: Ints
) -> Circles:
    """Draw where accounts of nobody are, and the households of those who have no other circle, each of about so many.

    Args:
        owner: operation of each account, -1 if it is nobody's.
        language: index of each account's.
    """
    owned = owner >= 0
    size = np.where(owned, np.bincount(owner[owned], minlength=len(o.id))[owner], 1)
    anywhere = region.stream("account_habits/town").choose(number, region.values("places.town_weights"))
    town = np.where(owned, o.town[owner], anywhere)
    community = language * len(places.town) + town
    households = np.maximum(np.bincount(community) // region["ties.circle"], 1)[community]
    household = community * HOUSEHOLDS + region.stream("account_habits/circle").below(number, households)
    return Circles(size, town, np.where(owned & (size > 1), owner, OTHERS + household))


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

    Args:
        owner: operation of each account, -1 if it is nobody's.
        circle: number of the circle that each belongs to.
        opened: day.
    """
    owned = owner >= 0
    hands = region.values("accounts.hands", region["operations.organisation"])
    hand = region.stream("accounts/hand").below(number, hands[o.organisation[owner]])
    person = np.where(owned, owner * HANDS + hand, number)
    keeps = region["accounts.device_days"]
    turn = (opened + region.stream("accounts/device_from").below(person, keeps)) // keeps
    which = region.stream("accounts/which_device").choose(number, region.values("accounts.devices"))
    own = person * ROOM + turn % REPLACED * (ROOM // REPLACED) + which

    def happens(name: str) -> np.ndarray:
        return region.chance(f"accounts/{name}", number, f"accounts.{name}")

    cafe = region.stream("accounts/cafe").below(number, region["accounts.cafes"])
    device = np.where(happens("common_device"), COMMON + circle, own)
    return np.where(happens("shared_device"), PUBLIC + cafe, device)


_NEW_SITE = 14
"""Days within which operations open accounts on a site that opens while they post."""


@dataclass(frozen=True)
class Lives:
    """Days of accounts; int64 arrays with one entry an account."""

    created: Ints
    """Negative before the first day."""
    until: Ints
    """Last day on which it does anything."""
    closed: Ints
    """First day on which it no longer exists; past the end of time if it stays."""


def choose_sites(
    region: Region, places: Places, o: Operations, numbers: Ints, weights: Ints
) -> tuple[np.ndarray, Ints, Ints]:
    """Return where operations have accounts, the first choice of each, and days of opening successors.

    Args:
        numbers: (operations, platforms present) local numbers of accounts.
        weights: (operations, platforms present) of the sites.
    """
    local = np.arange(len(o.id))
    sites = np.arange(len(places.platform))
    there = places.closed[None, :] > o.first_day[:, None]
    at_first = there & (places.opened[None, :] <= o.first_day[:, None])
    home = region.stream("accounts/home").choose(local, np.where(at_first, weights, 0))
    further = region.chance("accounts/elsewhere", numbers, "accounts.elsewhere")
    later = there & (places.opened[None, :] <= o.last_day[:, None])
    has = (further & later & (weights > 1)) | (sites[None, :] == home[:, None])
    moved = _successor_days(region, places, o, numbers, np.where(has, 0, weights), home)
    return has | (moved >= 0), home, moved


def _successor_days(
    region: Region, places: Places, o: Operations, numbers: Ints, weights: Ints, home: Ints
) -> Ints:
    """Return the day on which an operation opens an account elsewhere because its first choice closed, else -1."""
    lasting = (places.closed == DAYS) & (places.opened == 0)
    pull = np.where(lasting[None, :] & (weights > 1), weights, 0)
    luck = region.stream("accounts/successor").quantile(numbers, "exponential") + 1
    turn = np.argsort(
        np.argsort(np.where(pull > 0, luck * 1000 // np.maximum(pull, 1), 1 << 60), axis=1), axis=1
    )
    wait = region["accounts.move_days"] * region.stream("accounts/moves").quantile(numbers, "exponential")
    day = places.closed[home][:, None].astype(np.int64) + 1 + wait // 1_000_000
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
) -> Lives:
    """Return the days of accounts.

    Args:
        owner: operation of each, -1 if it is nobody's.
        site: position of each account's platform.
        age: days that it has before its first advert, if it is no successor.
        moved: day on which it is opened as a successor, -1 if it is none.
        first: bool, its operation's first choice, by which it talks before it posts.
    """
    owned = owner >= 0
    start = np.where(owned, o.first_day[owner], background_start(region, number))
    week = region.values("schedule.weekday_weights")
    created = np.minimum(
        (start - age) // 7 * 7 + region.stream("accounts/weekday").choose(number, week), start
    )
    settled = region["accounts.settles_days"] * region.stream("accounts/settles").quantile(
        number, "exponential"
    )
    created = np.where(first, np.minimum(created, o.begins[owner] + settled // 1_000_000), created)
    created = np.where(moved >= 0, moved, created)
    opened = places.opened[site].astype(np.int64)
    latest = np.maximum(start, np.minimum(opened + _NEW_SITE, np.where(owned, o.last_day[owner], start)))
    anew = opened + region.stream("accounts/anew").below(number, np.maximum(latest - opened, 0) + 1)
    created = np.where((opened > 0) & (created < opened), anew, created)
    spread = region.stream("accounts/lifetime").quantile(number, "exponential")
    lifetime = region["accounts.lifetime_days"] * spread // 1_000_000
    ends = np.where(owned, o.ends[owner], start + lifetime)
    left = region.stream("accounts/left").quantile(number, "exponential")
    closed = ends + 1 + region["accounts.left_days"] * left // 1_000_000
    husk = region.chance("accounts/husk", number, "accounts.husks")
    closed = np.minimum(np.where(husk | (closed >= DAYS), DAYS, closed), places.closed[site])
    until = np.minimum(np.minimum(ends, closed - 1), DAYS - 1)
    return Lives(created, np.maximum(until, created), closed)


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
        lives: days of each account.
        language: index of each account's.
        circles: who is close to whom.
    """

    has: np.ndarray
    weights: np.ndarray
    home: np.ndarray
    id: np.ndarray
    number: np.ndarray
    owner: np.ndarray
    site: np.ndarray
    columns: Columns
    lives: Lives
    language: np.ndarray
    circles: Circles

    def alive(self, operation: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return (rows, platforms present) bool: where each row's operation has an account that lives on its day."""
        created, closed = (
            self._of_operations(self.lives.created, DAYS),
            self._of_operations(self.lives.closed, 0),
        )
        return (created[operation] <= day[:, None]) & (day[:, None] < closed[operation])

    def _of_operations(self, days: np.ndarray, otherwise: int) -> np.ndarray:
        table = np.full(self.has.shape, otherwise, dtype=np.int64)
        owned = self.owner >= 0
        table[self.owner[owned], self.site[owned]] = days[owned]
        return table


def generate(region: Region, past: Past) -> tuple[Accounts, Tables]:
    """Draw the accounts of one region."""
    places: Places = past["places"]
    operations: Operations = past["operations"]
    local = np.arange(len(operations.id))
    weights = operation_site_weights(region, places, operations)
    sites = np.arange(len(places.platform))
    numbers = local[:, None] * MAX_SITES + sites[None, :]
    has, home, successors = choose_sites(region, places, operations, numbers, weights)
    o, site = np.nonzero(has)
    count = max(region["accounts.total"] - len(o), 0)
    others = BACKGROUND + np.arange(count)
    number = np.concatenate([numbers[o, site], others])
    owner = np.concatenate([o, np.full(count, -1)])
    moved = np.concatenate([successors[o, site], np.full(count, -1)])
    first = np.concatenate([home[o] == site, np.zeros(count, dtype=bool)])
    site = np.concatenate([site, background_site(region, places, others)])
    owned = owner >= 0
    age = region.values("accounts.age_days", KINDS)[np.where(owned, operations.kind[owner], INDEPENDENT)]
    age = region.spread("accounts/age", number, "exponential", age)
    days = draw_lives(region, places, operations, number, owner, site, age, moved, first)
    language = np.where(owner >= 0, operations.language[owner], spoken_language(region, operations, number))
    circles = draw_circles(region, places, operations, number, owner, language)
    device = draw_devices(region, operations, number, owner, circles.circle, days.created)
    owned = owner >= 0
    kind = np.where(owned, operations.kind[owner], INDEPENDENT)
    verified = region.chances("accounts.verified", KINDS)[kind]
    recruits = region.chance("accounts/role", number, "accounts.recruits")
    role = np.where((kind == TRAFFICKING) & recruits, RECRUITS, ADVERTISES)
    app = region.chance("accounts/client", number, "accounts.app")
    cadence = region.stream("accounts/cadence").choose(number, region.values("accounts.cadence"))
    columns = {
        "account": region.ids("accounts", number),
        "platform": pl.Series(places.codes)[places.platform[site]],
        "client": np.where(app, *CLIENTS),
        "language": pl.Series(LANGUAGES)[language],
        "created_day": days.created,
        "closed_day": with_nulls(days.closed, days.closed != DAYS),
        "verified": region.stream("accounts/verified").chance(number, verified),
        "cadence": pl.Series(CADENCES)[cadence],
        "device_cluster": region.ids("devices", device),
        "operation": with_nulls(operations.id[owner], owned),
        "role": np.where(owned, role, OTHER),
    }
    ids = region.ids("accounts", numbers)
    accounts = Accounts(has, weights, home, ids, number, owner, site, columns, days, language, circles)
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
