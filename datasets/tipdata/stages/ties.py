"""Ties: who follows, comments on and writes to whom. Accounts find friends, strangers are approached, some answer.

Each operation, and each account of nobody, draws habits given its kind (whom it approaches, how close its own accounts
are, whether it works with others …), all shared by lawful groups. Ties then come about in rounds of time: friends of
one's language and town, friends of friends, what is popular, strangers by the habit's aim, one's own circle, partners,
and those who offer work. A label is read from none of it: the habits are the latent state.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.attachment import Neighbours, Pool
from tipdata.draw import ONE, exp, log, log_sum, normalised, probability
from tipdata.stages import Past, Stage
from tipdata.stages.accounts import BACKGROUND, MAX_SITES, Accounts
from tipdata.stages.operations import KINDS, LANGUAGES, TRAFFICKING, Operations, within
from tipdata.stages.places import Places
from tipdata.tables import Column, Table
from tipdata.world import DAYS, Region

RESIDENT = len(KINDS)
GROUPS = (*KINDS, "resident")
"""Kinds of actors: those of operations, and nobody's accounts."""
ROOM = 1024
"""A tie's local number is its source account's times this plus its own; the upper half answers the lower."""
REASONS = ("friend", "closure", "popular", "approach", "core", "partner", "employer")
FRIEND, CLOSURE, POPULAR, APPROACH, CORE, PARTNER, EMPLOYER = range(len(REASONS))
AIMS = ("anyone", "newcomers", "seekers", "migrants")
FOLLOW, COMMENT, MESSAGE = range(3)
TIE_KINDS = ("follow", "comment", "message")

TIES = Table(
    "ties",
    ("tie",),
    (
        Column("region", pl.Int32(), "public"),
        Column("tie", pl.Int64(), "public"),
        Column("source", pl.Int64(), "public", note="the account that follows, comments or writes"),
        Column("target", pl.Int64(), "public"),
        Column("kind", pl.String(), "public", note="follow, comment or message; messages are of tier platform"),
        Column("day", pl.Int32(), "public", "day", "of the first follow, comment or message"),
        Column("count", pl.Int32(), "platform", "messages or comments", "1 for a follow"),
        Column("reason", pl.String(), "truth", note="what it came of; answer where it answers another"),
        Column("within", pl.Boolean(), "truth", note="between two accounts of one operation"),
        Column("community", pl.Int32(), "truth", note="town and language of the source"),
    ),
    "Ties between accounts, about 15,000 a region. Rows of kind message are shown to those with platform access.",
    private_rows=("kind", ("message",), "platform"),
)
ACCOUNT_HABITS = Table(
    "account_habits",
    ("account",),
    (
        Column("region", pl.Int32(), "truth"),
        Column("account", pl.Int64(), "truth"),
        Column("group", pl.String(), "truth", note="kind of its operation, or resident for nobody's"),
        Column("outreach", pl.Boolean(), "truth", note="addresses strangers"),
        Column("town", pl.Int32(), "truth"),
        *(
            Column(name, pl.Int8(), "truth", "level", "habit of its operation")
            for name in (
                *("reach", "approach", "aim", "answered", "core", "cover"),
                *("partners", "channel", "pace", "company", "seeking"),
            )
        ),
        Column(
            "log_odds", pl.Int32(), "truth", "milli-nats", "of trafficking, given the habits and their parameters"
        ),
    ),
    "What decides whom an account ties itself to.",
)


@dataclass(frozen=True)
class Actors:
    """Accounts as those who tie: arrays with one entry an account, in the order of the accounts' local numbers."""

    number: np.ndarray
    actor: np.ndarray
    """Local number of the operation, or of the account itself where it is nobody's."""
    group: np.ndarray
    """Index into :data:`GROUPS`."""
    size: np.ndarray
    """Accounts of its actor."""
    habits: dict[str, np.ndarray]
    outreach: np.ndarray
    platform: np.ndarray
    language: np.ndarray
    town: np.ndarray
    circle: np.ndarray
    """Whose core it belongs to: its operation's, or a household of its community."""
    start: np.ndarray
    end: np.ndarray
    """First and last day on which it ties itself."""
    log_odds: np.ndarray


@dataclass
class Sent:
    """Ties before they have a target: arrays with one entry a tie, in order of source and number."""

    number: np.ndarray
    source: np.ndarray
    day: np.ndarray
    reason: np.ndarray


def generate(region: Region, past: Past) -> tuple[None, dict[str, pl.DataFrame]]:
    """Draw the ties of one region."""
    places: Places = past["places"]
    operations: Operations = past["operations"]
    accounts: Accounts = past["accounts"]
    actors = _actors(region, places, operations, accounts)
    sent = _sent(region, actors)
    target = _targets(region, operations, accounts, actors, sent)
    sent, target = _kept(actors, sent, target)
    frame = _frame(region, accounts, actors, *_with_answers(region, actors, sent, target))
    return None, {"ties": frame, "account_habits": _habits_frame(region, places, accounts, actors)}


def _actors(region: Region, places: Places, o: Operations, accounts: Accounts) -> Actors:
    number, owner = accounts.number, accounts.owner
    owned = owner >= 0
    actor = np.where(owned, owner, number)
    group = np.where(owned, o.kind[owner], RESIDENT)
    size = np.where(owned, np.bincount(owner[owned], minlength=len(o.id))[owner], 1)
    habits, habit_log = _habits(region, actor, group)
    outreach, outreach_log = _outreach(region, accounts, number, owner, group)
    language = np.searchsorted(np.array(LANGUAGES), accounts.frame["language"].to_numpy())
    town = np.where(
        owned, o.town[owner], region.stream("ties/town").choose(number, np.array(region["places.town_weights"]))
    )
    start, end = _span(region, o, accounts)
    return Actors(
        number,
        actor,
        group,
        size,
        habits,
        outreach,
        accounts.site,
        language,
        town,
        _circles(region, number, owner, size, language * len(places.town) + town),
        start,
        end,
        _log_odds(region, accounts, group, size, habit_log + outreach_log),
    )


def _habits(region: Region, actor: np.ndarray, group: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Level of each habit, and the sum over habits of log P(level | group), (accounts, groups) milli-nats."""
    jitter = probability(region["operations.jitter"])
    levels: dict[str, np.ndarray] = {}
    total = np.zeros((len(actor), len(GROUPS)), dtype=np.int64)
    for name, listed in region.group("ties.habits").items():
        weights = np.array([listed[g] for g in GROUPS], dtype=np.int64) * ONE
        cells = np.arange(weights.size).reshape(weights.shape)
        noise = region.stream(f"parameter/ties/{name}").quantile(cells, "normal") // 1000 * jitter // ONE
        p = normalised(weights * exp(noise) // ONE)
        levels[name] = region.stream(f"ties/{name}").choose(actor, p[group])
        total += log(p)[:, levels[name]].T
    return levels, total


def _outreach(
    region: Region, accounts: Accounts, number: np.ndarray, owner: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who addresses strangers, and log P of that over all accounts of the actor, (accounts, groups) milli-nats."""
    shares = {"trafficking": region["accounts.recruits"], **region["ties.outreach"]}
    p = np.array([probability(shares[g]) for g in GROUPS])
    recruits = accounts.frame["role"].to_numpy() == "recruits"
    drawn = region.stream("ties/outreach").chance(number, p[group])
    outreach = np.where(group == TRAFFICKING, recruits, drawn)
    own = np.where(outreach[:, None], log(p)[None, :], log(ONE - p)[None, :])
    total = np.zeros((owner.max(initial=-1) + 1, len(GROUPS)), dtype=np.int64)
    np.add.at(total, owner[owner >= 0], own[owner >= 0])
    return outreach, np.where((owner >= 0)[:, None], total[owner] if len(total) else own, own)


def _span(region: Region, o: Operations, accounts: Accounts) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each account's ties: from its creation until some time after its operation's last day."""
    number, owner = accounts.number, accounts.owner
    start = np.maximum(accounts.frame["created_day"].to_numpy().astype(np.int64), 0)
    spread = region.stream("ties/stay").quantile(number, "exponential")
    stay = np.where(owner >= 0, region["ties.stay_days"], region["ties.lifetime_days"]) * spread // 1_000_000
    last = np.where(owner >= 0, o.last_day[owner], start + 7) + stay
    return start, np.maximum(np.minimum(last, DAYS - 1), start)


def _circles(
    region: Region, number: np.ndarray, owner: np.ndarray, size: np.ndarray, community: np.ndarray
) -> np.ndarray:
    """The core that each account belongs to: its operation's, or a household of about so many in its community."""
    at_home = np.bincount(community)
    households = np.maximum(at_home // region["ties.circle"], 1)[community]
    household = community * ROOM + region.stream("ties/circle").below(number, households)
    return np.where((owner >= 0) & (size > 1), owner, BACKGROUND + household)


def _log_odds(
    region: Region, accounts: Accounts, group: np.ndarray, size: np.ndarray, habit_log: np.ndarray
) -> np.ndarray:
    """Log-odds of trafficking, milli-nats, given the actor's habits, its number of accounts and their verification.

    The prior is the region's own composition among actors with one account, and among those with several.
    """
    several = (size > 1).astype(np.int64)
    counts = np.stack([np.bincount(group[several == s], minlength=len(GROUPS)) for s in (0, 1)])
    prior = log(normalised(counts * ONE))
    shares = {**region["accounts.verified"]}
    p = np.array([probability(shares[g]) for g in KINDS] + [probability(shares["independent"])])
    verified = accounts.frame["verified"].to_numpy()
    own = np.where(verified[:, None], log(p)[None, :], log(ONE - p)[None, :])
    total = prior[several] + habit_log + own
    return total[:, TRAFFICKING] - log_sum(np.delete(total, TRAFFICKING, axis=1))


def _sent(region: Region, a: Actors) -> Sent:
    """How many ties each account sends, when, and for what reason."""
    factor = np.array(region["ties.reach"])[a.habits["reach"]]
    factor = factor * np.array(region["ties.outreach_reach"])[a.outreach.astype(np.int64)] // 1000
    drawn = region.stream("ties/sent").quantile(a.number, "gamma_2.0")
    count = np.minimum(region["ties.sent"] * drawn // 2000 * factor // 1_000_000, ROOM // 2)
    source = np.repeat(np.arange(len(count)), count)
    number = a.number[source] * ROOM + np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
    reason = region.stream("ties/reason").choose(number, _reasons(region, a)[source])
    span = a.end - a.start + 1
    steady = a.start[source] + region.stream("ties/day").below(number, span[source])
    burst = region.stream("ties/burst").below(number, region["ties.bursts"])
    peak = a.start[source] + region.stream("ties/peak").below(a.number[source], span[source], burst)
    within_burst = region.stream("ties/in_burst").below(number, region["ties.burst_days"])
    hurried = (reason == APPROACH) & (a.habits["pace"][source] == 1)
    day = np.where(hurried, np.minimum(peak + within_burst, a.end[source]), steady)
    return Sent(number, source, day, reason)


def _reasons(region: Region, a: Actors) -> np.ndarray:
    """(accounts, reasons) permille-like weights of what an account's ties are for, from its habits."""

    def by_level(parameter: str, habit: str) -> np.ndarray:
        return np.array(region[f"ties.{parameter}"])[a.habits[habit]]

    approach = by_level("approach", "approach")
    approach = approach * np.array(region["ties.outreach_approach"])[a.outreach.astype(np.int64)] // 1000
    friend, closure = region["ties.friend"]
    weights = np.zeros((len(a.number), len(REASONS)), dtype=np.int64)
    weights[:, FRIEND], weights[:, CLOSURE] = friend, closure
    weights[:, POPULAR] = by_level("cover", "cover")
    weights[:, APPROACH] = approach
    weights[:, CORE] = by_level("core", "core")
    weights[:, PARTNER] = by_level("partner", "partners")
    weights[:, EMPLOYER] = by_level("employer", "seeking")
    return weights


def _targets(region: Region, o: Operations, accounts: Accounts, a: Actors, sent: Sent) -> np.ndarray:
    """The account that each tie goes to (its position), -1 where none is found; round after round of time."""
    target = np.full(len(sent.number), -1)
    rounds = region["ties.rounds"]
    span = -(-DAYS // rounds)
    partner = _partners(region, o, accounts, a, sent)
    received = np.zeros(len(a.number), dtype=np.int64)
    for now in range(rounds):
        rows = np.flatnonzero(sent.day // span == now)
        there = a.start < (now + 1) * span
        before = np.flatnonzero((target >= 0) & (sent.day < now * span))
        received = np.bincount(target[before], minlength=len(a.number))
        friends = Neighbours(sent.source[before], target[before], len(a.number))
        target[rows] = _round(region, o, accounts, a, sent, rows, there, received, friends, now * span)
        joint = rows[sent.reason[rows] == PARTNER]
        target[joint] = partner[joint]
    return target


def _round(
    region: Region,
    o: Operations,
    accounts: Accounts,
    a: Actors,
    sent: Sent,
    rows: np.ndarray,
    there: np.ndarray,
    received: np.ndarray,
    friends: Neighbours,
    since: int,
) -> np.ndarray:
    """Targets of the ties of one round, which begins on day ``since``; -1 where none is found."""
    number, source, reason = sent.number[rows], sent.source[rows], sent.reason[rows]
    born = 1 + region.stream("ties/fame").quantile(a.number, "gamma_0.5") * 50 // 1_000_000
    fame = np.where(there, born + received * region["ties.fame"] // 10, 0)
    across = region.stream("ties/across").chance(number, probability(region["ties.across"]))
    languages = len(LANGUAGES)
    wide = a.habits["company"][source] == 1
    found = np.full(len(rows), -1)

    near = Pool(a.platform * languages + a.language, fame)
    anywhere = Pool(a.language, fame)
    on_site = Pool(a.platform, fame)
    stream = region.stream("ties/friend")
    befriends = reason == FRIEND
    for take in range(region["ties.same_town"]):
        candidate = np.where(
            across,
            anywhere.draw(stream, number, a.language[source], take),
            np.where(
                wide,
                on_site.draw(stream, number, a.platform[source], take),
                near.draw(stream, number, a.platform[source] * languages + a.language[source], take),
            ),
        )
        at_home = (a.town[candidate] == a.town[source]) & ~wide
        found = np.where(befriends & ((found < 0) | (at_home & (a.town[found] != a.town[source]))), candidate, found)

    closed = friends.friend_of_friend(region.stream("ties/closure"), number, source)
    instead = near.draw(stream, number, a.platform[source] * languages + a.language[source], 8)
    found = np.where(reason == CLOSURE, np.where(closed >= 0, closed, instead), found)
    famous = Pool(a.platform, np.minimum(fame, 20_000) ** 2 // 64)
    found = np.where(
        reason == POPULAR, famous.draw(region.stream("ties/popular"), number, a.platform[source]), found
    )
    own = Pool(a.circle, there.astype(np.int64))
    stream = region.stream("ties/core")
    first, second = (own.draw(stream, number, a.circle[source], k) for k in (0, 1))
    found = np.where(reason == CORE, np.where(first != source, first, second), found)
    offers = there & (accounts.owner >= 0) & (o.family[accounts.owner] > 0)
    work = Pool(a.platform, np.where(offers, 3 + received.clip(0, 30) // 6, 0))
    found = np.where(
        reason == EMPLOYER, work.draw(region.stream("ties/employer"), number, a.platform[source]), found
    )
    strangers = _strangers(region, o, a, there, received, since)
    aim = a.habits["aim"][source]
    group = aim * MAX_SITES + a.platform[source]
    approached = strangers.draw(region.stream("ties/approach"), number, group) % len(a.number)
    return np.where(reason == APPROACH, approached, found)


def _strangers(
    region: Region, o: Operations, a: Actors, there: np.ndarray, received: np.ndarray, since: int
) -> Pool:
    """Whom those with each aim approach: the overlooked first; candidates stand once for every aim."""
    times = region["ties.aims"]
    half = region["ties.overlooked"]
    chosen = {
        "newcomers": a.start >= since - region["ties.newcomer_days"],
        "seekers": a.habits["seeking"] == 1,
        "migrants": a.language != o.majority,
    }
    overlooked = 1200 * half // (half + received)
    weights = [np.where(there, 600, 0)]
    weights += [np.where(there, overlooked * np.where(chosen[aim], times[aim], 1), 0) for aim in AIMS[1:]]
    groups = [level * MAX_SITES + a.platform for level in range(len(AIMS))]
    return Pool(np.concatenate(groups), np.concatenate(weights))


def _partners(region: Region, o: Operations, accounts: Accounts, a: Actors, sent: Sent) -> np.ndarray:
    """Of each tie for partnership an account of one of the operation's partners, -1 for the others."""
    local = np.arange(len(o.id))
    everyone = np.ones(len(local), dtype=bool)
    anyone = np.zeros(len(local), dtype=np.int64)
    partners = []
    for turn in range(region["ties.partner_count"]):
        alike = region.stream(f"ties/partner_alike/{turn}").chance(
            local, probability(region["ties.partners_of_a_kind"])
        )
        of_kind = within(region, f"ties/partner_of_kind/{turn}", local, o.kind, everyone)
        of_any = within(region, f"ties/partner_of_any/{turn}", local, anyone, everyone)
        partners.append(np.where(alike, of_kind, of_any))
    which = region.stream("ties/which_partner").below(sent.number, len(partners))
    owner = accounts.owner[sent.source]
    partner = np.stack(partners)[which, owner]
    wanted = (sent.reason == PARTNER) & (owner >= 0) & (partner != owner)
    return Pool(accounts.owner, np.ones(len(a.number), dtype=np.int64)).draw(
        region.stream("ties/partner"), sent.number, np.where(wanted, partner, -2)
    )


def _kept(a: Actors, sent: Sent, target: np.ndarray) -> tuple[Sent, np.ndarray]:
    """Ties that have a target other than their source, the first of each pair of accounts."""
    day = np.maximum(sent.day, a.start[target])
    pair = sent.source * len(a.number) + target
    order = np.lexsort((sent.number, day, pair))
    first = np.ones(len(order), dtype=bool)
    first[1:] = pair[order][1:] != pair[order][:-1]
    keep = order[first & (target[order] >= 0) & (target[order] != sent.source[order])]
    kept = Sent(sent.number[keep], sent.source[keep], day[keep], sent.reason[keep])
    return kept, target[keep]


def _with_answers(
    region: Region, a: Actors, sent: Sent, target: np.ndarray
) -> tuple[Sent, np.ndarray, np.ndarray]:
    """Ties and those that answer them: sources and reasons, targets, and whether each is an answer."""
    table = np.array([region["ties.returned"].get(reason, 0) for reason in REASONS])
    habit = np.array(region["ties.answered"])[a.habits["answered"][sent.source]]
    p = np.where(sent.reason == APPROACH, habit, table[sent.reason])
    answers = region.stream("ties/answer").below(sent.number, 1000) < p
    pair = sent.source * len(a.number) + target
    back = target * len(a.number) + sent.source
    answers &= ~np.isin(back, pair)
    wait = region.stream("ties/wait").quantile(sent.number[answers], "exponential") * 3 // 1_000_000
    day = np.minimum(sent.day[answers] + wait, DAYS - 1)
    both = Sent(
        np.concatenate([sent.number, sent.number[answers] + ROOM // 2]),
        np.concatenate([sent.source, target[answers]]),
        np.concatenate([sent.day, day]),
        np.concatenate([sent.reason, sent.reason[answers]]),
    )
    is_answer = np.arange(len(both.number)) >= len(sent.number)
    return both, np.concatenate([target, sent.source[answers]]), is_answer


def _frame(
    region: Region, accounts: Accounts, a: Actors, ties: Sent, target: np.ndarray, answer: np.ndarray
) -> pl.DataFrame:
    ids = accounts.frame["account"].to_numpy()
    # An answer comes as what it answers: a message gets a message.
    asked = np.where(answer, target, ties.source)
    first = ties.number - np.where(answer, ROOM // 2, 0)
    private = np.array(region["ties.message"])[a.habits["channel"][asked]]
    kind = np.where(region.stream("ties/comments").below(first, 1000) < region["ties.comment"], COMMENT, FOLLOW)
    kind = np.where(region.stream("ties/writes").below(first, 1000) < private, MESSAGE, kind)
    more = region.stream("ties/exchanged").quantile(ties.number, "exponential") * region["ties.exchanged"]
    same = (accounts.owner[ties.source] == accounts.owner[target]) & (accounts.owner[target] >= 0)
    reason = np.where(answer, "answer", np.array(REASONS)[ties.reason])
    community = a.town * len(LANGUAGES) + a.language
    return pl.DataFrame(
        {
            "region": np.full(len(target), region.index, dtype=np.int32),
            "tie": region.ids("ties", ties.number),
            "source": ids[ties.source],
            "target": ids[target],
            "kind": np.array(TIE_KINDS)[kind],
            "day": ties.day.astype(np.int32),
            "count": np.where(kind == FOLLOW, 1, 1 + more // 1_000_000).astype(np.int32),
            "reason": reason,
            "within": same,
            "community": community[ties.source].astype(np.int32),
        }
    )


def _habits_frame(region: Region, places: Places, accounts: Accounts, a: Actors) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "region": np.full(len(a.number), region.index, dtype=np.int32),
            "account": accounts.frame["account"],
            "group": np.array(GROUPS)[a.group],
            "outreach": a.outreach,
            "town": places.town[a.town],
            **{name: level.astype(np.int8) for name, level in a.habits.items()},
            "log_odds": a.log_odds.astype(np.int32),
        }
    )


STAGE = Stage("ties", ("places", "operations", "accounts"), (TIES, ACCOUNT_HABITS), generate, since="0.2.0")
