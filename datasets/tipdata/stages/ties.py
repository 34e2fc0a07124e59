"""Ties: who follows, comments on, writes or links to whom. Accounts find friends, approach strangers, and some answer.

Ties come about in rounds of time from the habits behind each account: friends of one's language and town, friends of
friends, what is popular, strangers by the habit's aim, one's own circle, partners, and those who offer work. Whatever a
trafficking operation does here lawful recruiters, sellers, agencies, families or migrants' circles do as well.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import EXP_SCALE, Clock, Ids, Ints, Stream, exp, probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import decode, join_rows, read_tables, repeat_rows
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.account_habits import Actors, Spans, are_alive
from tipdata.stages.accounts import MAX_SITES, Accounts
from tipdata.stages.operations.stage import Operations


class Groups:
    """Candidates by group (int64, from 0), sorted once; their weights come later."""

    def __init__(self, group: Ints) -> None:
        self.order = np.argsort(group, kind="stable")
        self.start = np.concatenate([[0], np.cumsum(np.bincount(group))])

    def weigh(self, weight: Ints) -> "Pool":
        """Return the pool with these weights: int64, none below zero, the total of a group below 2**31."""
        return Pool(self, weight)


class Pool:
    """Candidates with weights; one is drawn in proportion to the weights of its group."""

    def __init__(self, groups: Groups, weight: Ints) -> None:
        self._order = groups.order
        self._total = np.concatenate([[0], np.cumsum(weight[groups.order])])
        self._until = self._total[groups.start]

    def draw(self, stream: Stream, ids: Ids, group: Ints, k: int = 0) -> Ints:
        """Return a candidate (position) of each id's group, -1 if there is no such group, or it weighs nothing."""
        there = (group >= 0) & (group < len(self._until) - 1)
        group = np.where(there, group, 0)
        low = self._until[group]
        weight = np.where(there, self._until[group + 1] - low, 0)
        at = np.searchsorted(self._total, low + stream.below(ids, np.maximum(weight, 1), k), side="right") - 1
        return np.where(weight > 0, self._order[np.minimum(at, len(self._order) - 1)], -1)


class TieNeighbours:
    """Ties so far, by their source: what a friend of a friend is drawn from."""

    def __init__(self, source: Ints, target: Ints, nodes: int) -> None:
        order = np.argsort(source, kind="stable")
        self._target = target[order]
        self._start = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=nodes))])

    def draw(self, stream: Stream, ids: Ids, node: Ints, k: int = 0) -> Ints:
        """Return a candidate (position) of each id's group, -1 if there is no such group, or it weighs nothing."""
        start = self._start[np.maximum(node, 0)]
        degree = self._start[np.maximum(node, 0) + 1] - start
        if not len(self._target):
            return np.full(len(ids), -1)
        at = np.minimum(start + stream.below(ids, np.maximum(degree, 1), k), len(self._target) - 1)
        return np.where((node >= 0) & (degree > 0), self._target[at], -1)

    def friend_of_friend(self, stream: Stream, ids: Ids, node: Ints) -> Ints:
        """Return a random neighbour of a neighbour of each node (triadic closure), -1 if there is none."""
        return self.draw(stream, ids, self.draw(stream, ids, node, 0), 1)


def partner_ties(region: Region, o: Operations, accounts: Accounts, number: Ints, source: Ints) -> Ints:
    """Return the account of a partner that each tie goes to, -1 if there is none."""
    owner = accounts.owner[source]
    local = np.arange(len(o.id))
    begins, ends = np.maximum(o.begins, 0), np.minimum(o.ends, DAYS - 1)
    both = np.minimum(ends[:, None], ends) - np.maximum(begins[:, None], begins) + 1
    both = np.maximum(both, 0)
    np.fill_diagonal(both, 0)
    of_kind = np.where(o.kind[:, None] == o.kind, both, 0)
    share = probability(region["ties.partners_of_a_kind"])
    chosen = []
    for turn in range(region["ties.partner_count"]):
        alike = region.stream(f"ties/partner_alike/{turn}").chance(local, share)
        weights = np.where(alike[:, None], of_kind, both)
        found = region.stream(f"ties/partner_of/{turn}").choose(local, weights)
        chosen.append(np.where(weights.any(axis=1), found, -1))
    partners = np.stack(chosen, axis=1)
    which = region.stream("ties/which_partner").below(number, partners.shape[1])
    partner = np.where(owner >= 0, partners[owner, which], -1)
    # The accounts of nobody's operation are the first group.
    pool = Groups(accounts.owner + 1).weigh(np.ones(len(accounts.owner), dtype=np.int64))
    return pool.draw(region.stream("ties/partner"), number, np.where(partner >= 0, partner + 1, -1))


def draw_days_in(region: Region, stream: str, ids: Ints, first: Ints, last: Ints, k: int | Ints = 0) -> Ints:
    """Return a day of each span, both ends included, by the week's weights; where a span is empty, its first."""
    clock = Clock(np.array([region["ties.weekday_weights"]]))
    opens, closes = clock.busy(0, first), clock.busy(0, np.maximum(last, first) + 1)
    return clock.time(0, opens + region.stream(stream).below(ids, closes - opens, k))


def draw_sent_days(
    region: Region, spans: Spans, account: Ints, number: Ints, source: Ints, hurried: np.ndarray
) -> Ints:
    """Return days of ties: while their account sends any, those that are hurried in bursts.

    Args:
        account: local numbers of all accounts.
        number, source: of the ties.
        hurried: which come in bursts.
    """
    first, last = spans.sends_from, spans.sends_until
    steady = draw_days_in(region, "ties/day", number, first[source], last[source])
    burst = region.stream("ties/burst").below(number, region["ties.bursts"])
    peak = draw_days_in(region, "ties/peak", account[source], first[source], last[source], burst)
    later = region["ties.burst_days"] * region.stream("ties/in_burst").quantile(number, "exponential")
    day = np.where(hurried, np.minimum(peak + later // 2_000_000, last[source]), steady)
    return np.where(last[source] < first[source], DAYS, day)


ROOM = 1024
"""A tie's local number is its source account's times this plus its own; the upper half answers the lower."""
TABLES = read_tables("ties")
*REASONS, ANSWER = TABLES["ties"].values("reason")
"""Why a tie came about; the last one answers another tie."""
FRIEND, CLOSURE, POPULAR, APPROACH, CORE, PARTNER, EMPLOYER = range(len(REASONS))
AIMS = ("anyone", "newcomers", "seekers", "migrants")
BRIGHTEST = 1023
"""Fame beyond this counts no more: the squares of all accounts of a region stay under 2**31."""
TIE_KINDS = TABLES["ties"].values("kind")
FOLLOW, COMMENT, MESSAGE, LINK = range(len(TIE_KINDS))


@dataclass(frozen=True)
class SentTies:
    """Ties before they have a target: arrays with one entry a tie, in order of source and number."""

    number: np.ndarray
    source: np.ndarray
    day: np.ndarray
    reason: np.ndarray


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the ties of one region."""
    accounts: Accounts = past["accounts"]
    actors: Actors = past["account_habits"]
    # How many ties each account sends, when, and for what reason.
    factor = region.values("ties.reach")[actors.habits["reach"]]
    factor = factor * region.values("ties.outreach_reach")[actors.outreach.astype(np.int64)] // 1000
    drawn = region.stream("ties/sent").quantile(actors.number, "gamma_2.0")
    count = np.minimum(region["ties.sent"] * drawn // 2000 * factor // 1_000_000, ROOM // 2)
    source, place = repeat_rows(count)
    number = actors.number[source] * ROOM + place
    reason = region.stream("ties/reason").choose(number, _reasons(region, actors)[source])
    hurried = (reason == APPROACH) & (actors.habits["pace"][source] == 1)
    day = draw_sent_days(region, actors.spans, actors.number, number, source, hurried)
    sent = SentTies(number, source, day, reason)
    target = _targets(region, past["operations"], accounts, actors, sent)
    # Ties with another target while both live, the first of each pair: by pair, then day, then number.
    # Its own day if both live then, else another such day, or none.
    begin = np.maximum(actors.spans.sends_from[source], actors.spans.start[target])
    end = np.minimum(actors.spans.sends_until[source], actors.spans.end[target])
    other = draw_days_in(region, "ties/other_day", number, begin, end)
    day = np.where(begin > end, DAYS, np.where((day >= begin) & (day <= end), day, other))
    pair = sent.source * len(actors.number) + target
    order = np.argsort((pair * (DAYS + 1) + day) * len(pair) + np.arange(len(pair)))
    first = np.ones(len(order), dtype=bool)
    first[1:] = pair[order][1:] != pair[order][:-1]
    keep = first & (target[order] >= 0) & (target[order] != sent.source[order])
    keep = order[keep & are_alive(actors.spans, sent.source, target, day)[order]]
    sent, target = SentTies(sent.number[keep], sent.source[keep], day[keep], sent.reason[keep]), target[keep]
    # Those that are answered, and when.
    table = np.array([region["ties.returned"].get(reason, 0) for reason in REASONS])
    habit = region.values("ties.answered")[actors.habits["answered"][sent.source]]
    p = np.where(sent.reason == APPROACH, habit, table[sent.reason])
    answers = region.stream("ties/answer").below(sent.number, 1000) < p
    pair = sent.source * len(actors.number) + target
    back = target * len(actors.number) + sent.source
    answers &= ~np.isin(back, pair, kind="table")
    wait = region["ties.answer_days"] * region.stream("ties/wait").quantile(sent.number, "exponential")
    day = np.minimum(sent.day + wait // 1_000_000, DAYS - 1)
    answers &= are_alive(actors.spans, sent.source, target, day)
    answer = SentTies(sent.number[answers] + ROOM // 2, target[answers], day[answers], sent.reason[answers])
    ends = np.concatenate([target, sent.source[answers]])
    is_answer = np.arange(len(ends)) >= len(target)
    return None, {"ties": _columns(region, accounts, actors, join_rows([sent, answer]), ends, is_answer)}


def _reasons(region: Region, a: Actors) -> np.ndarray:

    def by_level(parameter: str, habit: str) -> np.ndarray:
        return region.values(f"ties.{parameter}")[a.habits[habit]]

    approach = by_level("approach", "approach")
    approach = approach * region.values("ties.outreach_approach")[a.outreach.astype(np.int64)] // 1000
    friend, closure = region["ties.friend"]
    weights = np.zeros((len(a.number), len(REASONS)), dtype=np.int64)
    weights[:, FRIEND], weights[:, CLOSURE] = friend, closure
    weights[:, POPULAR] = by_level("cover", "cover")
    weights[:, APPROACH] = approach
    weights[:, CORE] = by_level("core", "core")
    weights[:, PARTNER] = by_level("partner", "partners")
    weights[:, EMPLOYER] = by_level("employer", "seeking")
    return weights


def _targets(region: Region, o: Operations, accounts: Accounts, a: Actors, sent: SentTies) -> np.ndarray:
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
        near = company.weigh(np.tile(fame, 3))
        friends = TieNeighbours(sent.source[before], target[before], nodes)
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
                famous = sites.weigh(np.minimum(fame, BRIGHTEST) ** 2)
                found = famous.draw(region.stream("ties/popular"), number, site)
            elif reason == CORE:
                own = circles.weigh(there.astype(np.int64))
                first, second = (
                    own.draw(region.stream("ties/core"), number, circle[source], k) for k in (0, 1)
                )
                found = np.where(first != source, first, second)
            elif reason == EMPLOYER:
                work = sites.weigh(np.where(offers, fame, 0))
                found = work.draw(region.stream("ties/employer"), number, site)
            else:
                strangers = aims.weigh(_strangers(region, o, a, there, received, since))
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
    """Return a friend of the same platform or language; of several candidates the first of the same town."""
    wide = a.habits["company"][source] == 1
    across = region.chance("ties/across", number, "ties.across")
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


def _columns(
    region: Region, accounts: Accounts, a: Actors, ties: SentTies, target: np.ndarray, answer: np.ndarray
) -> Columns:
    ids = accounts.columns["account"]
    # An answer comes as what it answers: a message gets a message. People of one circle, partners and friends know
    # each other from elsewhere: where they are on different sites, one names the other's account.
    initiator = np.where(answer, target, ties.source)
    first = ties.number - np.where(answer, ROOM // 2, 0)
    private = region.values("ties.message")[a.habits["channel"][initiator]]
    kind = np.where(
        region.stream("ties/comments").below(first, 1000) < region["ties.comment"], COMMENT, FOLLOW
    )
    kind = np.where(region.stream("ties/writes").below(first, 1000) < private, MESSAGE, kind)
    kind = np.where(a.platform[ties.source] != a.platform[target], LINK, kind)
    more = region.stream("ties/exchanged").quantile(ties.number, "exponential") * region["ties.exchanged"]
    same = (accounts.owner[ties.source] == accounts.owner[target]) & (accounts.owner[target] >= 0)
    reason = decode((*REASONS, ANSWER), np.where(answer, len(REASONS), ties.reason))
    community = a.town * len(LANGUAGES) + a.language
    return {
        "tie": region.ids("ties", ties.number),
        "source": ids[ties.source],
        "target": ids[target],
        "kind": decode(TIE_KINDS, kind),
        "day": ties.day,
        "count": np.where((kind == FOLLOW) | (kind == LINK), 1, 1 + more // 1_000_000),
        "reason": reason,
        "within": same,
        "community": community[ties.source],
    }


STAGE = Stage("ties", ("operations", "accounts", "account_habits"), tuple(TABLES.values()), generate)
