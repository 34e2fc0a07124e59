"""Accounts: on which sites each operation is, and everybody else who has an account there."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.columns import known
from tipdata.core.draw import normalised, probability
from tipdata.core.kinds import FAMILIES, INDEPENDENT, KINDS, LANGUAGES, TRAFFICKING
from tipdata.core.tables import Column, Sealed, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage
from tipdata.stages.accounts.circles import Circles, draw_circles
from tipdata.stages.accounts.devices import draw_devices
from tipdata.stages.accounts.lives import Lives, background_site, choose_sites, draw_lives
from tipdata.stages.operations.organisations import ARMED
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places

MAX_SITES = 16
"""An account's local number is its operation's times this plus the position of its platform."""
BACKGROUND = 1 << 20
"""Local numbers of accounts that belong to no operation start here."""
CLIENTS = ("app", "web")
CADENCES = ("slow", "steady", "bursts")
ROLES = ("recruits", "advertises", "other")
RECRUITS, ADVERTISES, OTHER = ROLES

ACCOUNTS = Table(
    "accounts",
    ("account",),
    (
        Column("region", pl.Int32(), "public"),
        Column("account", pl.Int64(), "public", id_of="accounts"),
        Column("platform", pl.String(), "public", id_of="platforms"),
        Column("client", pl.String(), "public", values=CLIENTS),
        Column("language", pl.String(), "public", values=LANGUAGES),
        Column("created_day", pl.Int32(), "platform", "day", "negative before the first day"),
        Column(
            "closed_day",
            pl.Int32(),
            "platform",
            "day",
            "from which on it is no more; null where it stays",
        ),
        Column("verified", pl.Boolean(), "platform"),
        Column("cadence", pl.String(), "platform", values=CADENCES),
        Column(
            "device_cluster",
            pl.Int64(),
            "platform",
            note="opened on one device: of one person, or of a household, an office or guests of a shop",
            sealed=Sealed("label", "device"),
        ),
        Column(
            "operation",
            pl.Int64(),
            "truth",
            note="null for accounts of nobody's operation",
            id_of="operations",
        ),
        Column("role", pl.String(), "truth", values=ROLES),
    ),
    "Accounts of operations and of other people.",
)


@dataclass(frozen=True)
class Accounts:
    """Which operation has an account where.

    Attributes:
        has: (operations, platforms present) bool.
        weights: (operations, platforms present) of :func:`sites_of`.
        home: position of each operation's first choice of platform.
        id: (operations, platforms present) account ids, also where there is none.
        number: local number of each account; those of operations stand before those of nobody.
        owner: operation of each account, -1 where it is nobody's.
        site: position of each account's platform.
        frame: the table's rows, in the order of the numbers.
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
    frame: pl.DataFrame
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
        """Return (operations, platforms present) days of their accounts, from days of all accounts."""
        table = np.full(self.has.shape, otherwise, dtype=np.int64)
        owned = self.owner >= 0
        table[self.owner[owned], self.site[owned]] = days[owned]
        return table


def generate(region: Region, past: Past) -> tuple[Accounts, dict[str, pl.DataFrame]]:
    """Draw the accounts of one region."""
    places: Places = past["places"]
    operations: Operations = past["operations"]
    local = np.arange(len(operations.id))
    weights = sites_of(region, places, operations)
    sites = np.arange(len(places.platform))
    numbers = local[:, None] * MAX_SITES + sites[None, :]
    chosen = choose_sites(region, places, operations, numbers, weights)
    o, site = np.nonzero(chosen.has)
    count = max(region["accounts.total"] - len(o), 0)
    others = BACKGROUND + np.arange(count)
    number = np.concatenate([numbers[o, site], others])
    owner = np.concatenate([o, np.full(count, -1)])
    moved = np.concatenate([chosen.moved[o, site], np.full(count, -1)])
    first = np.concatenate([chosen.home[o] == site, np.zeros(count, dtype=bool)])
    site = np.concatenate([site, background_site(region, places, others)])
    days = _lives(region, places, operations, number, owner, site, moved, first)
    language = np.where(owner >= 0, operations.language[owner], spoken_language(region, operations, number))
    circles = draw_circles(region, places, operations, number, owner, language)
    device = draw_devices(region, operations, number, owner, circles.circle, days.created)
    frame = _frame(region, places, operations, number, owner, site, days, language, device)
    ids = region.ids("accounts", numbers)
    accounts = Accounts(
        chosen.has, weights, chosen.home, ids, number, owner, site, frame, days, language, circles
    )
    return accounts, {"accounts": frame}


def spoken_language(region: Region, o: Operations, number: np.ndarray) -> np.ndarray:
    """Return language of accounts that belong to no operation (index into LANGUAGES)."""
    spoken = region.stream("accounts/language").choose(number, np.ones(len(LANGUAGES), dtype=np.int64))
    resident = region.stream("accounts/resident").chance(number, probability(region["accounts.resident"]))
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
    return normalised(table)


def sites_of(region: Region, places: Places, o: Operations) -> np.ndarray:
    """Return (operations, platforms present) integer weights: those of the family, with more of the
    channels that armed groups keep to, where the family has any."""
    usual = site_weights(region, places)[o.family]
    factor = np.array([region["platforms.armed"].get(kind, 1) for kind in places.kinds])[places.platform_kind]
    armed = o.organisation == list(region["operations.organisation"]).index(ARMED)
    usual[armed] = normalised(np.where(usual[armed] > 1, usual[armed] * factor, usual[armed]))
    return usual


def _lives(
    region: Region,
    places: Places,
    o: Operations,
    number: np.ndarray,
    owner: np.ndarray,
    site: np.ndarray,
    moved: np.ndarray,
    first: np.ndarray,
) -> Lives:
    """Return the days of accounts."""
    owned = owner >= 0
    age = np.array([region["accounts.age_days"][k] for k in KINDS])[
        np.where(owned, o.kind[owner], INDEPENDENT)
    ]
    age = age * region.stream("accounts/age").quantile(number, "exponential") // 1_000_000
    return draw_lives(region, places, o, number, owner, site, age, moved, first)


def _frame(
    region: Region,
    places: Places,
    o: Operations,
    number: np.ndarray,
    owner: np.ndarray,
    site: np.ndarray,
    days: Lives,
    language: np.ndarray,
    device: np.ndarray,
) -> pl.DataFrame:
    """Return rows of accounts; ``owner`` is -1 where an account belongs to no operation."""
    owned = owner >= 0
    kind = np.where(owned, o.kind[owner], INDEPENDENT)
    verified = np.array([probability(region["accounts.verified"][k]) for k in KINDS])[kind]
    recruits = region.stream("accounts/role").chance(number, probability(region["accounts.recruits"]))
    role = np.where((kind == TRAFFICKING) & recruits, RECRUITS, ADVERTISES)
    app = region.stream("accounts/client").chance(number, probability(region["accounts.app"]))
    cadence = region.stream("accounts/cadence").choose(number, np.array(region["accounts.cadence"]))
    return pl.DataFrame(
        {
            "region": np.full(len(number), region.index, dtype=np.int32),
            "account": region.ids("accounts", number),
            "platform": pl.Series(places.codes)[places.platform[site]],
            "client": np.where(app, *CLIENTS),
            "language": pl.Series(LANGUAGES)[language],
            "created_day": days.created.astype(np.int32),
            "closed_day": known(days.closed, days.closed != DAYS),
            "verified": region.stream("accounts/verified").chance(number, verified),
            "cadence": pl.Series(CADENCES)[cadence],
            "device_cluster": region.ids("devices", device),
            "operation": known(o.id[owner], owned),
            "role": np.where(owned, role, OTHER),
        }
    )


STAGE = Stage("accounts", ("places", "operations"), (ACCOUNTS,), generate, parameters=("ties.circle",))
