"""Ties: who follows, comments on, writes or links to whom. Accounts find friends, approach strangers, and some answer.

Ties come about in rounds of time from the habits behind each account: friends of one's language and town, friends of
friends, what is popular, strangers by the habit's aim, one's own circle, partners, and those who offer work. Whatever a
trafficking operation does here lawful recruiters, sellers, agencies, families or migrants' circles do as well.
"""

from dataclasses import dataclass, replace

import numpy as np

from tipdata.core.draw import EXP_SCALE, Clock, Ids, Ints, Stream, exp, probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import begins_group, decode, join_rows, read_tables, repeat_rows, take_rows
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.account_habits import Actors
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
        if not len(self._order):
            return np.full(len(ids), -1)
        there = (group >= 0) & (group < len(self._until) - 1)
        group = np.where(there, group, 0)
        low = self._until[group]
        weight = np.where(there, self._until[group + 1] - low, 0)
        at = np.searchsorted(self._total, low + stream.below(ids, np.maximum(weight, 1), k), side="right") - 1
        return np.where(weight > 0, self._order[np.minimum(at, len(self._order) - 1)], -1)


def friends_of_friends(stream: Stream, ids: Ids, node: Ints, source: Ints, target: Ints) -> Ints:
    """Return a random neighbour of a neighbour of each node (triadic closure), -1 if there is none.

    ``source``, ``target``: ends of the ties so far.
    """
    ties = Groups(source).weigh(np.ones(len(source), dtype=np.int64))
    for step in (0, 1):
        node = np.append(target, -1)[ties.draw(stream, ids, node, step)]
    return node


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
    region: Region, actors: Actors, account: Ints, number: Ints, source: Ints, hurried: np.ndarray
) -> Ints:
    """Return days of ties: while their account sends any, those that are hurried in bursts.

    ``account``: local number of each tie's account; ``number``, ``source``: of the ties; ``hurried``: bool.
    """
    first, last = actors.sends_from[source], actors.sends_until[source]
    steady = draw_days_in(region, "ties/day", number, first, last)
    burst = region.stream("ties/burst").below(number, region["ties.bursts"])
    peak = draw_days_in(region, "ties/peak", account, first, last, burst)
    later = region.spread("ties/in_burst", number, "exponential", region["ties.burst_days"]) // 2
    day = np.where(hurried, np.minimum(peak + later, last), steady)
    return np.where(last < first, DAYS, day)


def are_alive(a: Actors, source: Ints, target: Ints, day: Ints) -> np.ndarray:
    """Return which ties lie in the lives of both accounts."""
    begin, end = np.maximum(a.start[source], a.start[target]), np.minimum(a.end[source], a.end[target])
    return (day >= begin) & (day <= end) & (day < DAYS)


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
class Ties:
    """Arrays with one entry a tie; ``source`` and ``target``: positions of accounts, -1 for no target."""

    number: Ints
    source: Ints
    day: Ints
    reason: Ints
    target: Ints


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the ties of one region."""
    accounts: Accounts = past["accounts"]
    a: Actors = past["account_habits"]
    # How many ties each account sends, when, and for what reason.
    factor = region.values("ties.reach")[a.habits["reach"]]
    factor = factor * region.values("ties.outreach_reach")[a.outreach.astype(np.int64)] // 1000
    drawn = region.stream("ties/sent").quantile(accounts.number, "gamma_2.0")
    count = np.minimum(region["ties.sent"] * drawn // 2000 * factor // 1_000_000, ROOM // 2)
    source, place = repeat_rows(count)
    number = accounts.number[source] * ROOM + place
    reason = region.stream("ties/reason").choose(number, _reasons(region, a)[source])
    hurried = (reason == APPROACH) & (a.habits["pace"][source] == 1)
    day = draw_sent_days(region, a, accounts.number[source], number, source, hurried)
    sent = Ties(number, source, day, reason, np.full(len(number), -1))
    sent = replace(sent, target=_targets(region, past["operations"], accounts, a, sent))
    sent = _first_of_pairs(region, a, sent)
    answers = _answers(region, a, sent)
    # Answers stand behind what was sent.
    is_answer = np.arange(len(sent.day) + len(answers.day)) >= len(sent.day)
    return None, {"ties": _columns(region, accounts, a, join_rows([sent, answers]), is_answer)}


def _first_of_pairs(region: Region, a: Actors, ties: Ties) -> Ties:
    """Return the ties with another account while both live, the first of each pair, by pair, then day, then number.

    A tie has its own day if both live then, else another such day.
    """
    source, target = ties.source, ties.target
    begin = np.maximum(a.sends_from[source], a.start[target])
    end = np.minimum(a.sends_until[source], a.end[target])
    other = draw_days_in(region, "ties/other_day", ties.number, begin, end)
    day = np.where((ties.day >= begin) & (ties.day <= end), ties.day, other)
    day = np.where(begin > end, DAYS, day)
    pair = source * len(a.start) + target
    order = np.lexsort((day, pair))
    possible = (target >= 0) & (target != source) & are_alive(a, source, target, day)
    kept = begins_group(pair[order]) & possible[order]
    return take_rows(replace(ties, day=day), order[kept])


def _answers(region: Region, a: Actors, ties: Ties) -> Ties:
    """Return the ties by which some are answered, from their target back to their source."""
    table = np.array([region["ties.returned"].get(reason, 0) for reason in REASONS])
    habit = region.values("ties.answered")[a.habits["answered"][ties.source]]
    p = np.where(ties.reason == APPROACH, habit, table[ties.reason])
    answers = region.stream("ties/answer").below(ties.number, 1000) < p
    pair, back = ties.source * len(a.start) + ties.target, ties.target * len(a.start) + ties.source
    answers &= ~np.isin(back, pair, kind="table")
    wait = region.spread("ties/wait", ties.number, "exponential", region["ties.answer_days"])
    day = np.minimum(ties.day + wait, DAYS - 1)
    answers &= are_alive(a, ties.source, ties.target, day)
    made = Ties(ties.number + ROOM // 2, ties.target, day, ties.reason, ties.source)
    return take_rows(made, answers)


def _reasons(region: Region, a: Actors) -> Ints:
    """Return (accounts, reasons) weights."""
    weights = np.zeros((len(a.start), len(REASONS)), dtype=np.int64)
    weights[:, FRIEND], weights[:, CLOSURE] = region["ties.friend"]
    for reason, parameter, habit in (
        (POPULAR, "cover", "cover"),
        (APPROACH, "approach", "approach"),
        (CORE, "core", "core"),
        (PARTNER, "partner", "partners"),
        (EMPLOYER, "employer", "seeking"),
    ):
        weights[:, reason] = region.values(f"ties.{parameter}")[a.habits[habit]]
    outreach = region.values("ties.outreach_approach")[a.outreach.astype(np.int64)]
    weights[:, APPROACH] = weights[:, APPROACH] * outreach // 1000
    return weights


def _targets(region: Region, o: Operations, accounts: Accounts, a: Actors, sent: Ties) -> Ints:
    """Return the target of each tie, found round by round; -1 where there is none."""
    target, platform = np.full(len(sent.number), -1), accounts.site
    rows = np.flatnonzero(sent.reason == PARTNER)
    target[rows] = partner_ties(region, o, accounts, sent.number[rows], sent.source[rows])
    nodes, span = len(platform), -(-DAYS // region["ties.rounds"])
    inborn, gained = region["ties.fame"]
    spread = region.spread("ties/fame", accounts.number, "normal", region["ties.fame_spread"])
    born = np.minimum(1 + inborn * exp(spread) // EXP_SCALE, BRIGHTEST)
    offers = (accounts.owner >= 0) & (o.family[accounts.owner] > 0)
    circle = np.unique(accounts.circle, return_inverse=True)[1]
    circles, sites, company = Groups(circle), Groups(platform), Groups(np.concatenate(_company(accounts)))
    # Candidates stand in the pool once for every aim.
    aims = Groups(np.concatenate([level * MAX_SITES + platform for level in range(len(AIMS))]))
    for since in range(0, DAYS, span):
        before = np.flatnonzero((target >= 0) & (sent.day < since))
        received = np.bincount(target[before], minlength=nodes)
        there = (a.start < since + span) & (a.end >= since)
        fame = np.where(there, born + received * gained, 0)
        near = company.weigh(np.tile(fame, 3))
        now = sent.day // span == since // span
        for reason in (FRIEND, CLOSURE, POPULAR, APPROACH, CORE, EMPLOYER):
            rows = np.flatnonzero(now & (sent.reason == reason))
            number, source = sent.number[rows], sent.source[rows]
            stream = region.stream(f"ties/{REASONS[reason]}")
            site = platform[source]
            if reason == FRIEND:
                found = _friends(region, accounts, a, near, number, source)
            elif reason == CLOSURE:
                found = friends_of_friends(stream, number, source, sent.source[before], target[before])
                found = np.where(found >= 0, found, _friends(region, accounts, a, near, number, source))
            elif reason == POPULAR:
                found = sites.weigh(np.minimum(fame, BRIGHTEST) ** 2).draw(stream, number, site)
            elif reason == CORE:
                own = circles.weigh(there.astype(np.int64))
                first, second = (own.draw(stream, number, circle[source], k) for k in (0, 1))
                found = np.where(first != source, first, second)
            elif reason == EMPLOYER:
                found = sites.weigh(np.where(offers, fame, 0)).draw(stream, number, site)
            else:
                strangers = aims.weigh(_strangers(region, o, accounts, a, there, received, since))
                found = strangers.draw(stream, number, a.habits["aim"][source] * MAX_SITES + site)
                found = np.where(found >= 0, found % nodes, -1)
            target[rows] = found
    return target


def _company(accounts: Accounts) -> tuple[Ints, Ints, Ints]:
    """Return the groups that each account is a friend in, (accounts,) each: language, platform, and both."""
    languages = len(LANGUAGES)
    both = languages + MAX_SITES + accounts.site * languages + accounts.language
    return accounts.language, languages + accounts.site, both


def _friends(region: Region, accounts: Accounts, a: Actors, pool: Pool, number: Ints, source: Ints) -> Ints:
    """Return a friend of the same platform or language; of several candidates the first of the same town."""
    wide = a.habits["company"][source] == 1
    across = region.chance("ties/across", number, "ties.across")
    by_language, by_platform, by_both = _company(accounts)
    place = np.where(across, by_language[source], np.where(wide, by_platform[source], by_both[source]))
    town, found = accounts.town, np.full(len(number), -1)
    for take in range(region["ties.same_town"]):
        candidate = pool.draw(region.stream("ties/friend"), number, place, take)
        candidate = np.where(candidate >= 0, candidate % len(town), -1)
        nearer = (town[candidate] == town[source]) & (town[found] != town[source]) & ~wide
        found = np.where((found < 0) | nearer, candidate, found)
    return found


def _strangers(
    region: Region,
    o: Operations,
    accounts: Accounts,
    a: Actors,
    there: np.ndarray,
    received: Ints,
    since: int,
) -> Ints:
    times, half = region["ties.aims"], region["ties.overlooked"]
    chosen = {
        "newcomers": a.start >= since - region["ties.newcomer_days"],
        "seekers": a.habits["seeking"] == 1,
        "migrants": accounts.language != o.majority,
    }
    overlooked = 1000 * half // (half + received)
    weights = [there.astype(np.int64)]
    weights += [np.where(there, overlooked * np.where(chosen[aim], times[aim], 1), 0) for aim in AIMS[1:]]
    return np.concatenate(weights)


def _columns(region: Region, accounts: Accounts, a: Actors, ties: Ties, answer: np.ndarray) -> Columns:
    ids, source, target = accounts.columns["account"], ties.source, ties.target
    # An answer comes as what it answers: a message gets a message. People of one circle, partners and friends know
    # each other from elsewhere: where they are on different sites, one names the other's account.
    initiator = np.where(answer, target, source)
    first = ties.number - np.where(answer, ROOM // 2, 0)
    private = region.values("ties.message")[a.habits["channel"][initiator]]
    comments = region.stream("ties/comments").below(first, 1000) < region["ties.comment"]
    writes = region.stream("ties/writes").below(first, 1000) < private
    kind = np.where(writes, MESSAGE, np.where(comments, COMMENT, FOLLOW))
    kind = np.where(accounts.site[source] != accounts.site[target], LINK, kind)
    more = region.spread("ties/exchanged", ties.number, "exponential", region["ties.exchanged"])
    return {
        "tie": region.ids("ties", ties.number),
        "source": ids[source],
        "target": ids[target],
        "kind": decode(TIE_KINDS, kind),
        "day": ties.day,
        "count": np.where((kind == FOLLOW) | (kind == LINK), 1, 1 + more),
        "reason": decode((*REASONS, ANSWER), np.where(answer, len(REASONS), ties.reason)),
        "within": (accounts.owner[source] == accounts.owner[target]) & (accounts.owner[target] >= 0),
        "community": accounts.town[source] * len(LANGUAGES) + accounts.language[source],
    }


STAGE = Stage("ties", ("operations", "accounts", "account_habits"), tuple(TABLES.values()), generate)
