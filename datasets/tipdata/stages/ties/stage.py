"""Ties: who follows, comments on, writes or links to whom. Accounts find friends, approach strangers, and some answer.

Ties come about in rounds of time from the habits behind each account: friends of one's language and town, friends of
friends, what is popular, strangers by the habit's aim, one's own circle, partners, and those who offer work. Whatever a
trafficking operation does here lawful recruiters, sellers, agencies, families or migrants' circles do as well.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.columns import named
from tipdata.core.constants import EXP_SCALE
from tipdata.core.draw import exp, probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import Column, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage
from tipdata.stages.account_habits.spans import alive
from tipdata.stages.account_habits.stage import Actors
from tipdata.stages.accounts.stage import MAX_SITES, Accounts
from tipdata.stages.operations.stage import Operations
from tipdata.stages.ties.attachment import Groups, Neighbours, Pool
from tipdata.stages.ties.partners import partner_ties
from tipdata.stages.ties.timing import day_of_both, days_sent

ROOM = 1024
"""A tie's local number is its source account's times this plus its own; the upper half answers the lower."""
REASONS = ("friend", "closure", "popular", "approach", "core", "partner", "employer")
FRIEND, CLOSURE, POPULAR, APPROACH, CORE, PARTNER, EMPLOYER = range(len(REASONS))
ANSWER = "answer"
"""The reason of a tie that answers another."""
AIMS = ("anyone", "newcomers", "seekers", "migrants")
BRIGHTEST = 1023
"""Fame beyond this counts no more: the squares of all accounts of a region stay under 2**31."""
TIE_KINDS = ("follow", "comment", "message", "link")
FOLLOW, COMMENT, MESSAGE, LINK = range(len(TIE_KINDS))

TIES = Table(
    "ties",
    ("tie",),
    (
        Column("region", pl.Int32(), "public"),
        Column("tie", pl.Int64(), "public", id_of="ties"),
        Column(
            "source",
            pl.Int64(),
            "public",
            note="the account that follows, comments, writes or links",
            id_of="accounts",
        ),
        Column("target", pl.Int64(), "public", id_of="accounts"),
        Column(
            "kind",
            pl.String(),
            "public",
            note="on one site, but for links, which name an account of another; messages are of tier platform",
            values=TIE_KINDS,
        ),
        Column("day", pl.Int32(), "public", "day", "of the first follow, comment, message or link"),
        Column("count", pl.Int32(), "platform", "messages or comments", "1 for a follow or a link"),
        Column(
            "reason",
            pl.String(),
            "truth",
            note="what it came of; a link is answered by a link back",
            values=(*REASONS, ANSWER),
        ),
        Column("within", pl.Boolean(), "truth", note="between two accounts of one operation"),
        Column("community", pl.Int32(), "truth", note="town and language of the source"),
    ),
    "Ties between accounts. Rows of kind message are shown to those with platform access.",
    private_rows=("kind", ("message",), "platform"),
)


@dataclass
class Sent:
    """Ties before they have a target: arrays with one entry a tie, in order of source and number."""

    number: np.ndarray
    source: np.ndarray
    day: np.ndarray
    reason: np.ndarray


def generate(region: Region, past: Past) -> tuple[None, dict[str, pl.DataFrame]]:
    """Draw the ties of one region."""
    accounts: Accounts = past["accounts"]
    actors: Actors = past["account_habits"]
    sent = _sent(region, actors)
    target = _targets(region, past["operations"], accounts, actors, sent)
    sent, target = _kept(region, actors, sent, target)
    return None, {"ties": _frame(region, accounts, actors, *_with_answers(region, actors, sent, target))}


def _sent(region: Region, a: Actors) -> Sent:
    """Return how many ties each account sends, when, and for what reason."""
    factor = np.array(region["ties.reach"])[a.habits["reach"]]
    factor = factor * np.array(region["ties.outreach_reach"])[a.outreach.astype(np.int64)] // 1000
    drawn = region.stream("ties/sent").quantile(a.number, "gamma_2.0")
    count = np.minimum(region["ties.sent"] * drawn // 2000 * factor // 1_000_000, ROOM // 2)
    source = np.repeat(np.arange(len(count)), count)
    number = a.number[source] * ROOM + np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
    reason = region.stream("ties/reason").choose(number, _reasons(region, a)[source])
    hurried = (reason == APPROACH) & (a.habits["pace"][source] == 1)
    day = days_sent(region, a.spans, a.number, number, source, hurried)
    return Sent(number, source, day, reason)


def _reasons(region: Region, a: Actors) -> np.ndarray:
    """Return (accounts, reasons) permille-like weights of what an account's ties are for, from its habits."""

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
    """Return the account that each tie goes to (its position), -1 where none is found; round after round of time."""
    target = np.full(len(sent.number), -1)
    rows = np.flatnonzero(sent.reason == PARTNER)
    target[rows] = partner_ties(region, o, accounts, sent.number[rows], sent.source[rows])
    nodes, span = len(a.number), -(-DAYS // region["ties.rounds"])
    inborn, gained = region["ties.fame"]
    spread = region["ties.fame_spread"] * region.stream("ties/fame").quantile(a.number, "normal")
    born = np.minimum(1 + inborn * exp(spread // 1_000_000) // EXP_SCALE, BRIGHTEST)
    offers = (accounts.owner >= 0) & (o.family[accounts.owner] > 0)
    circle = np.unique(a.circle, return_inverse=True)[1]
    circles, sites, company = Groups(circle), Groups(a.platform), Groups(np.concatenate(_company(a)))
    # Candidates stand in the pool once for every aim.
    aims = Groups(np.concatenate([level * MAX_SITES + a.platform for level in range(len(AIMS))]))
    for since in range(0, DAYS, span):
        before = np.flatnonzero((target >= 0) & (sent.day < since))
        received = np.bincount(target[before], minlength=nodes)
        there = (a.spans.start < since + span) & (a.spans.end >= since)
        fame = np.where(there, born + received * gained, 0)
        near = company.weighed(np.tile(fame, 3))
        friends = Neighbours(sent.source[before], target[before], nodes)
        now = sent.day // span == since // span
        for reason in (FRIEND, CLOSURE, POPULAR, APPROACH, CORE, EMPLOYER):
            rows = np.flatnonzero(now & (sent.reason == reason))
            number, source = sent.number[rows], sent.source[rows]
            site = a.platform[source]
            if reason == FRIEND:
                found = _friends(region, a, near, number, source)
            elif reason == CLOSURE:
                found = friends.friend_of_friend(region.stream("ties/closure"), number, source)
                found = np.where(found >= 0, found, _friends(region, a, near, number, source))
            elif reason == POPULAR:
                famous = sites.weighed(np.minimum(fame, BRIGHTEST) ** 2)
                found = famous.draw(region.stream("ties/popular"), number, site)
            elif reason == CORE:
                own = circles.weighed(there.astype(np.int64))
                first, second = (
                    own.draw(region.stream("ties/core"), number, circle[source], k) for k in (0, 1)
                )
                found = np.where(first != source, first, second)
            elif reason == EMPLOYER:
                work = sites.weighed(np.where(offers, fame, 0))
                found = work.draw(region.stream("ties/employer"), number, site)
            else:
                strangers = aims.weighed(_strangers(region, o, a, there, received, since))
                aimed = a.habits["aim"][source] * MAX_SITES + site
                found = strangers.draw(region.stream("ties/approach"), number, aimed)
                found = np.where(found >= 0, found % nodes, -1)
            target[rows] = found
    return target


def _company(a: Actors) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the groups that each account is a friend in, (accounts,) each: language, platform, and both."""
    languages = len(LANGUAGES)
    both = languages + MAX_SITES + a.platform * languages + a.language
    return a.language, languages + a.platform, both


def _friends(region: Region, a: Actors, pool: Pool, number: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Return a friend of one's platform and language, or of one's language alone, or of the platform for those who keep
    wide company; of several candidates the first of one's own town."""
    wide = a.habits["company"][source] == 1
    across = region.stream("ties/across").chance(number, probability(region["ties.across"]))
    by_language, by_platform, by_both = _company(a)
    place = np.where(across, by_language[source], np.where(wide, by_platform[source], by_both[source]))
    found = np.full(len(number), -1)
    for take in range(region["ties.same_town"]):
        candidate = pool.draw(region.stream("ties/friend"), number, place, take)
        candidate = np.where(candidate >= 0, candidate % len(a.number), -1)
        nearer = (a.town[candidate] == a.town[source]) & (a.town[found] != a.town[source]) & ~wide
        found = np.where((found < 0) | nearer, candidate, found)
    return found


def _strangers(
    region: Region, o: Operations, a: Actors, there: np.ndarray, received: np.ndarray, since: int
) -> np.ndarray:
    """Return the weight of whom those with each aim approach, one aim after the other: the overlooked first."""
    times = region["ties.aims"]
    half = region["ties.overlooked"]
    chosen = {
        "newcomers": a.spans.start >= since - region["ties.newcomer_days"],
        "seekers": a.habits["seeking"] == 1,
        "migrants": a.language != o.majority,
    }
    overlooked = 1000 * half // (half + received)
    weights = [there.astype(np.int64)]
    weights += [np.where(there, overlooked * np.where(chosen[aim], times[aim], 1), 0) for aim in AIMS[1:]]
    return np.concatenate(weights)


def _kept(region: Region, a: Actors, sent: Sent, target: np.ndarray) -> tuple[Sent, np.ndarray]:
    """Return ties that have a target other than their source while both live, the first of each pair of accounts."""
    day = day_of_both(region, a.spans, sent.number, sent.source, target, sent.day)
    pair = sent.source * len(a.number) + target
    # By pair, then day, then number: in this order ties come in.
    order = np.argsort((pair * (DAYS + 1) + day) * len(pair) + np.arange(len(pair)))
    first = np.ones(len(order), dtype=bool)
    first[1:] = pair[order][1:] != pair[order][:-1]
    keep = first & (target[order] >= 0) & (target[order] != sent.source[order])
    keep = order[keep & alive(a.spans, sent.source, target, day)[order]]
    kept = Sent(sent.number[keep], sent.source[keep], day[keep], sent.reason[keep])
    return kept, target[keep]


def _with_answers(
    region: Region, a: Actors, sent: Sent, target: np.ndarray
) -> tuple[Sent, np.ndarray, np.ndarray]:
    """Return ties and those that answer them: sources and reasons, targets, and whether each is an answer."""
    table = np.array([region["ties.returned"].get(reason, 0) for reason in REASONS])
    habit = np.array(region["ties.answered"])[a.habits["answered"][sent.source]]
    p = np.where(sent.reason == APPROACH, habit, table[sent.reason])
    answers = region.stream("ties/answer").below(sent.number, 1000) < p
    pair = sent.source * len(a.number) + target
    back = target * len(a.number) + sent.source
    answers &= ~np.isin(back, pair, kind="table")
    wait = region["ties.answer_days"] * region.stream("ties/wait").quantile(sent.number, "exponential")
    day = np.minimum(sent.day + wait // 1_000_000, DAYS - 1)
    answers &= alive(a.spans, sent.source, target, day)
    both = Sent(
        np.concatenate([sent.number, sent.number[answers] + ROOM // 2]),
        np.concatenate([sent.source, target[answers]]),
        np.concatenate([sent.day, day[answers]]),
        np.concatenate([sent.reason, sent.reason[answers]]),
    )
    is_answer = np.arange(len(both.number)) >= len(sent.number)
    return both, np.concatenate([target, sent.source[answers]]), is_answer


def _frame(
    region: Region, accounts: Accounts, a: Actors, ties: Sent, target: np.ndarray, answer: np.ndarray
) -> pl.DataFrame:
    ids = accounts.frame["account"].to_numpy()
    # An answer comes as what it answers: a message gets a message. People of one circle, partners and friends know
    # each other from elsewhere: where they are on different sites, one names the other's account.
    asked = np.where(answer, target, ties.source)
    first = ties.number - np.where(answer, ROOM // 2, 0)
    private = np.array(region["ties.message"])[a.habits["channel"][asked]]
    kind = np.where(
        region.stream("ties/comments").below(first, 1000) < region["ties.comment"], COMMENT, FOLLOW
    )
    kind = np.where(region.stream("ties/writes").below(first, 1000) < private, MESSAGE, kind)
    kind = np.where(a.platform[ties.source] != a.platform[target], LINK, kind)
    more = region.stream("ties/exchanged").quantile(ties.number, "exponential") * region["ties.exchanged"]
    same = (accounts.owner[ties.source] == accounts.owner[target]) & (accounts.owner[target] >= 0)
    reason = named((*REASONS, ANSWER), np.where(answer, len(REASONS), ties.reason))
    community = a.town * len(LANGUAGES) + a.language
    return pl.DataFrame(
        {
            "region": np.full(len(target), region.index, dtype=np.int32),
            "tie": region.ids("ties", ties.number),
            "source": ids[ties.source],
            "target": ids[target],
            "kind": named(TIE_KINDS, kind),
            "day": ties.day.astype(np.int32),
            "count": np.where((kind == FOLLOW) | (kind == LINK), 1, 1 + more // 1_000_000).astype(np.int32),
            "reason": reason,
            "within": same,
            "community": community[ties.source].astype(np.int32),
        }
    )


STAGE = Stage("ties", ("operations", "accounts", "account_habits"), (TIES,), generate)
