"""Reviews: a queue of adverts that drew attention, and reviewers' votes on each: harmful, clear or unsure.

Attention falls on operations, and several adverts of one are queued with it. Reviewers differ in skill and leaning,
know some languages and kinds of advert better than others, are prejudiced against migrants and independents, click
one button without looking, or act in brigades that condemn or shield one operation within hours. A review centre of
reviewers serves several neighbouring regions, so that each casts tens of votes.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, Ints, log, log_sum, normalise, probability, scale_exp, sigmoid
from tipdata.core.kinds import FAMILIES, INDEPENDENT, KINDS, LANGUAGES, TRAFFICKING
from tipdata.core.tables import decode, place_in_group, read_tables, with_nulls
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.operations.habits import posting_kinds
from tipdata.stages.operations.stage import Operations, prior_weights

TABLES = read_tables("reviews")
REVIEWERS = TABLES["reviews"].values("reviewer_kind")
BIASED, SPAMMER, BRIGADE = 1, 2, 3
VOTES = TABLES["reviews"].values("vote")
CLEAR, HARMFUL, UNSURE = range(3)
REVIEWER_ROOM = 256
"""Reviewers are numbered below this within their centre."""


@dataclass(frozen=True)
class Reviewers:
    """The reviewers of a centre; int64 arrays of one length unless stated, milli-nats where they are log-odds."""

    id: np.ndarray
    kind: np.ndarray
    activity: np.ndarray
    skill: np.ndarray
    leaning: np.ndarray
    caution: np.ndarray
    prejudice: np.ndarray
    button: np.ndarray
    """What a spammer clicks."""
    reads: np.ndarray
    """(reviewers, languages) bool."""
    family: np.ndarray
    """The kind of advert that each knows best."""


def draw_reviewers(region: Region) -> Reviewers:
    """Return the reviewers of the region's centre, the same in every region that the centre serves."""
    count = region["reviews.reviewers"]
    local = region.index // region["reviews.regions_a_centre"] * REVIEWER_ROOM + np.arange(count)
    world = region.world

    def normal(name: str) -> np.ndarray:
        level, spread = region.milli(f"reviews.{name}")
        return level + world.stream(f"reviewers/{name}").quantile(local, "normal") * spread // 1_000_000

    kind = world.stream("reviewers/kind").choose(local, region.values("reviews.kinds"))
    speed = np.array([region.milli(f"reviews.speed.{k}") for k in REVIEWERS])
    activity = world.stream("reviewers/activity").quantile(local, "normal") * region.milli("reviews.activity")
    spoken = region.values("operations.languages", LANGUAGES)
    reads = np.zeros((count, len(LANGUAGES)), dtype=bool)
    for turn in (0, 1):
        reads[np.arange(count), world.stream("reviewers/language").choose(local, spoken, turn)] = True
    presses = world.stream("reviewers/button").chance(local, probability(region["reviews.presses_harmful"]))
    return Reviewers(
        id=world.stream("id/reviewers").permute(local),
        kind=kind,
        activity=scale_exp(np.full(count, 1000), activity // 1_000_000 + speed[kind]),
        skill=np.maximum(normal("skill"), 0),
        leaning=normal("leaning"),
        caution=normal("caution"),
        prejudice=np.where(kind == BIASED, np.maximum(normal("prejudice"), 0), 0),
        button=np.where(presses, HARMFUL, CLEAR),
        reads=reads,
        family=world.stream("reviewers/family").below(local, len(FAMILIES)),
    )


def vote_chances(region: Region, who: Reviewers, r: Ints, o: Operations, operation: Ints) -> Ints:
    """Return (votes, kinds, faces, 3) probability out of 65,536 of each vote, were the advert of that kind and face.

    ``r``: the reviewer of each vote; ``operation``: whose advert it is on.

    The log-odds of *harmful* against *clear* are the reviewer's skill, signed by the truth and damped by ease, an
    unread language and an unfamiliar kind of advert, plus leaning, prejudice and what misleads everyone.
    """
    ease, looks = (np.array(region["reviews.face"][name]) for name in ("ease", "looks"))
    reads = who.reads[r, o.language[operation]]
    knows = who.family[r] == o.family[operation]
    skill = np.where(reads, who.skill[r], who.skill[r] * region.milli("reviews.unread") // 1000)
    skill = np.where(knows, skill, skill * region.milli("reviews.unfamiliar") // 1000)
    sign = np.where(np.arange(len(KINDS)) == TRAFFICKING, 1, -1)
    seen = skill[:, None, None] * sign[:, None] * ease // 1000
    migrant = o.traits["migrant"][operation] == 1
    suspect = migrant[:, None] | (np.arange(len(KINDS)) == INDEPENDENT)
    swayed = who.leaning[r][:, None] + who.prejudice[r][:, None] * suspect
    swayed = swayed + np.array([region.milli(f"reviews.kind_looks.{k}") for k in KINDS])
    harmful = sigmoid(seen + swayed[:, :, None] + looks)
    doubt = who.caution[r] + np.where(reads, 0, region.milli("reviews.unread_doubt"))
    unsure = sigmoid(doubt[:, None, None] + (1000 - ease) * region.milli("reviews.doubt") // 1000)
    unsure = np.broadcast_to(unsure, harmful.shape)
    yes = (ONE - unsure) * harmful >> 16
    looking = np.stack([ONE - unsure - yes, yes, unsure], axis=-1)
    slip = probability(region["reviews.spammer_slips"])
    pressed = np.where(np.arange(3) == who.button[r][:, None], ONE - 2 * slip, slip)
    return np.where((who.kind[r] == SPAMMER)[:, None, None, None], pressed[:, None, None, :], looking)


@dataclass(frozen=True)
class _Queue:
    """Queued adverts; int64 arrays of one length unless stated. ``at``: position among the stage adverts' rows."""

    at: np.ndarray
    row: np.ndarray
    operation: np.ndarray
    day: np.ndarray
    kind: np.ndarray
    face: np.ndarray
    """How the operation's adverts show to everyone: index into the parameter's levels."""
    brigade: np.ndarray
    """Local number of the brigade that targets the operation; -1 for most."""
    condemns: np.ndarray
    """bool: what that brigade says."""


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the queue of one region and the votes on it."""
    o: Operations = past["operations"]
    adverts: Adverts = past["adverts"]
    queue = _queue(region, o, adverts)
    reviewers = draw_reviewers(region)
    i, reviewer, number, brigaded = _assign_reviewers(region, o, queue, reviewers)
    likely = vote_chances(region, reviewers, reviewer, o, queue.operation[i])
    chances = likely[np.arange(len(i)), queue.kind[i], queue.face[i]]
    drawn = region.stream("reviews/vote").below(number, ONE)
    free = (np.cumsum(chances, axis=1)[:, :2] <= drawn[:, None]).sum(axis=1)
    vote = np.where(brigaded, np.where(queue.condemns[i], HARMFUL, CLEAR), free)
    own, pooled = _posteriors(region, o, queue, i, brigaded, vote, likely)
    gold = region.chance("queue/gold", queue.row, "reviews.gold")
    harmful, brigade = queue.kind == TRAFFICKING, region.ids("review brigades", np.maximum(queue.brigade, 0))
    waits = np.where(brigaded, region["reviews.brigade_minutes"], region["reviews.minutes"])
    taken = region.spread("reviews/minute", number, "exponential", waits)
    opens = region.stream("queue/minute").below(queue.row, MINUTES_A_DAY)
    minute = queue.day[i] * MINUTES_A_DAY + opens[i] + taken
    minute = np.minimum(minute, (adverts.until[queue.at][i] + 1) * MINUTES_A_DAY - 1)
    return None, {
        "queue": {
            "advert": adverts.id[queue.at],
            "day": queue.day,
            "gold": gold,
            "gold_label": decode(VOTES, np.where(gold, np.where(harmful, HARMFUL, CLEAR), -1)),
            "harmful": harmful,
            "ease": np.array(region["reviews.face"]["ease"])[queue.face],
            "looks": np.array(region["reviews.face"]["looks"])[queue.face],
            "brigade": with_nulls(brigade, queue.brigade >= 0),
            "log_odds": own,
            "operation_log_odds": pooled,
        },
        "reviews": {
            "review": region.ids("reviews", number),
            "advert": adverts.id[queue.at][i],
            "reviewer": reviewers.id[reviewer],
            "minute": minute,
            "vote": pl.Series(VOTES)[vote],
            "reviewer_kind": pl.Series(REVIEWERS)[reviewers.kind[reviewer]],
            "brigade": with_nulls(brigade[i], brigaded),
        },
    }


def _queue(region: Region, o: Operations, adverts: Adverts) -> _Queue:
    """Return operations in keyed order of attention, a few adverts of each, until both shares of the queue are full.

    An advert fills as much of the queue as its operation stands for: so a size that draws more trafficking has more of
    it in the queue, at the world's share.
    """
    local = np.arange(len(o.id))
    attention = region.values("reviews.attention", KINDS)[o.kind]
    waiting = region.stream("queue/attention").quantile(local, "exponential") * ONE // attention
    most = 1 + region.choose("queue/size", local, "reviews.adverts_an_operation")
    delay = region.spread("queue/delay", adverts.row, "exponential", region["reviews.delay_days"])
    day = adverts.day + 1 + delay
    order = np.lexsort((region.stream("queue/advert").bits(adverts.row), adverts.operation))
    order = order[(day < DAYS - region["reviews.last_days"])[order] & (day <= adverts.until)[order]]
    operation = adverts.operation[order]
    order = order[place_in_group(operation) < most[operation]]
    order = order[np.lexsort((order, waiting[adverts.operation[order]]))]
    harmful = o.kind[adverts.operation[order]] == TRAFFICKING
    share = probability(region["reviews.harmful_share"])
    weight, room = prior_weights(region, o)[adverts.operation[order]], region["reviews.queue"] * 1000
    first = np.cumsum(weight[harmful]) <= room * share >> 16
    taken = int(weight[harmful][first].sum())
    fewest = probability(region["reviews.least_harmful"])
    others = min(room - taken, taken * (ONE - fewest) // fewest)
    at = np.concatenate([order[harmful][first], order[~harmful][np.cumsum(weight[~harmful]) <= others]])
    operation = adverts.operation[at]
    targeted, condemns = _brigades(region, o, operation)
    face = region.stream("queue/face").choose(local, np.array(region["reviews.face"]["weights"]))
    return _Queue(
        at=at,
        row=adverts.row[at],
        operation=operation,
        day=day[at],
        kind=o.kind[operation],
        face=face[operation],
        brigade=targeted[operation],
        condemns=condemns[operation],
    )


def _brigades(region: Region, o: Operations, queued: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the brigade that targets each operation (-1 for none), and whether it condemns, by kind."""
    operations = np.unique(queued)
    order = operations[region.stream("queue/brigade").shuffle(operations)][: region["reviews.brigades"]]
    targeted = np.full(len(o.id), -1)
    targeted[order] = np.arange(len(order))
    p = region.chances("reviews.condemns", KINDS)[o.kind]
    return targeted, region.stream("queue/condemns").chance(np.arange(len(o.id)), p)


def _assign_reviewers(
    region: Region, o: Operations, queue: _Queue, reviewers: Reviewers
) -> tuple[Ints, Ints, Ints, np.ndarray]:
    """Return of each vote the position in the queue (rising), the reviewer, its number, and whether a brigade casts it.

    Who votes on what is a race of exponential times, faster for the active and readers, after brigades.
    """
    number = queue.row[:, None] * REVIEWER_ROOM + np.arange(len(reviewers.id))
    reads = reviewers.reads[:, o.language[queue.operation]].T
    weight = reviewers.activity * np.where(reads, region["reviews.readers_first"], 1)
    seat = np.maximum(queue.brigade, 0)[:, None] * REVIEWER_ROOM + np.arange(len(reviewers.id))
    member = region.chance("brigades/member", seat, "reviews.brigade_joins")
    turns_up = region.chance("reviews/turns_up", number, "reviews.brigade_votes")
    brigaded = (queue.brigade >= 0)[:, None] & (reviewers.kind == BRIGADE) & member & turns_up
    time = region.stream("reviews/time").quantile(number, "exponential") * 1000 // weight
    time = np.where(brigaded, time - (1 << 40), time)
    count = region.between("queue/votes", queue.row, region["reviews.votes"])
    place = np.argsort(np.argsort(time, axis=1, kind="stable"), axis=1, kind="stable")
    item, reviewer = np.nonzero(place < count[:, None])
    return item, reviewer, number[item, reviewer], brigaded[item, reviewer]


def _posteriors(
    region: Region, o: Operations, queue: _Queue, item: Ints, brigaded: np.ndarray, vote: Ints, likely: Ints
) -> tuple[np.ndarray, np.ndarray]:
    """Return log-odds of harmful, milli-nats: given an advert's own votes, and given all votes on its operation's
    adverts.

    Given are the true probabilities, which votes are a brigade's, and what that brigade wants; faces are summed out.
    """
    likelihood = log(np.maximum(likely[np.arange(len(vote)), :, :, vote], 1))
    likelihood = np.where(brigaded[:, None, None], 0, likelihood)
    own = _sum_by_group(likelihood, item, len(queue.row))
    operations, of = np.unique(queue.operation, return_inverse=True)
    order = np.argsort(of, kind="stable")
    pooled = _sum_by_group(own[order], of[order], len(operations))[of]
    condemning = region.chances("reviews.condemns", KINDS)
    wish = log(np.where(queue.condemns[:, None], condemning, ONE - condemning))
    wish = np.where((queue.brigade >= 0)[:, None], wish, 0)
    prior = _prior(region, queue, prior_weights(region, o)[queue.operation])
    face = log(normalise(np.array(region["reviews.face"]["weights"]) * ONE))
    odds = []
    for evidence in (own, pooled):
        by_kind = log_sum(evidence + face) + wish + prior
        odds.append(by_kind[:, TRAFFICKING] - log_sum(by_kind[:, TRAFFICKING + 1 :]))
    return odds[0], odds[1]


def _sum_by_group(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return sums [groups, ...] of integer rows sorted by group, none of which is empty."""
    return np.add.reduceat(values, np.searchsorted(group, np.arange(groups)), axis=0)


def _prior(region: Region, queue: _Queue, counts: Ints) -> np.ndarray:
    share = int(counts[queue.kind == TRAFFICKING].sum()) * ONE // max(int(counts.sum()), 1)
    weight = posting_kinds(region) * region.values("reviews.attention", KINDS)
    weight[TRAFFICKING] = 0
    weight = weight * (ONE - share) // weight.sum()
    weight[TRAFFICKING] = share
    return log(np.maximum(weight, 1))


STAGE = Stage("reviews", ("operations", "adverts"), tuple(TABLES.values()), generate)
