"""Reviewers: who they are, and how likely each is to vote what on what. The reviews stage draws with it.

A review centre serves several neighbouring regions; its reviewers are drawn for the world, so that every region of a
centre finds the same people.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import ONE, probability, scaled, sigmoid
from tipdata.core.kinds import FAMILIES, INDEPENDENT, KINDS, LANGUAGES, TRAFFICKING
from tipdata.core.world import Region

REVIEWERS = ("careful", "biased", "spammer", "brigade")
CAREFUL, BIASED, SPAMMER, BRIGADE = range(4)
VOTES = ("clear", "harmful", "unsure")
CLEAR, HARMFUL, UNSURE = range(3)
ROOM = 256
"""Reviewers are numbered below this within their centre."""


@dataclass(frozen=True)
class Reviewers:
    """The reviewers of a centre; int64 arrays of one length unless said, milli-nats where they are log-odds."""

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


def reviewers_of(region: Region) -> Reviewers:
    """Return the reviewers of the region's centre: drawn for the world, the same in every region that the centre
    serves."""
    count = region["reviews.reviewers"]
    local = region.index // region["reviews.regions_a_centre"] * ROOM + np.arange(count)
    world = region.world

    def normal(name: str) -> np.ndarray:
        level, spread = (round(x * 1000) for x in region[f"reviews.{name}"])
        return level + world.stream(f"reviewers/{name}").quantile(local, "normal") * spread // 1_000_000

    kind = world.stream("reviewers/kind").choose(local, np.array(list(region["reviews.kinds"].values())))
    speed = np.array([_milli(region, "speed." + k) for k in REVIEWERS])
    activity = world.stream("reviewers/activity").quantile(local, "normal") * _milli(region, "activity")
    spoken = np.array([region["operations.languages"][code] for code in LANGUAGES])
    first = world.stream("reviewers/language").choose(local, spoken)
    second = world.stream("reviewers/language").choose(local, spoken, 1)
    reads = np.zeros((count, len(LANGUAGES)), dtype=bool)
    reads[np.arange(count), first] = reads[np.arange(count), second] = True
    presses = world.stream("reviewers/button").chance(local, probability(region["reviews.presses_harmful"]))
    return Reviewers(
        id=world.stream("id/reviewers").permute(local),
        kind=kind,
        activity=scaled(np.full(count, 1000), activity // 1_000_000 + speed[kind]),
        skill=np.maximum(normal("skill"), 0),
        leaning=normal("leaning"),
        caution=normal("caution"),
        prejudice=np.where(kind == BIASED, np.maximum(normal("prejudice"), 0), 0),
        button=np.where(presses, HARMFUL, CLEAR),
        reads=reads,
        family=world.stream("reviewers/family").below(local, len(FAMILIES)),
    )


def chances(
    region: Region,
    who: Reviewers,
    r: np.ndarray,
    language: np.ndarray,
    family: np.ndarray,
    migrant: np.ndarray,
) -> np.ndarray:
    """Return (votes, kinds, faces, 3) probability out of 65,536 of each vote, were the advert of that kind and face.

    ``r``: the reviewer of each vote; ``language``, ``family``, ``migrant`` (int64): of the advert it is on.

    The log-odds of *harmful* against *clear* are the reviewer's skill, signed by the truth and damped by ease, an
    unread language and an unfamiliar kind of advert, plus leaning, prejudice and what misleads everyone.
    """
    ease, looks = (np.array(region["reviews.face"][name]) for name in ("ease", "looks"))
    reads = who.reads[r, language]
    knows = who.family[r] == family
    skill = who.skill[r]
    skill = np.where(reads, skill, skill * _milli(region, "unread") // 1000)
    skill = np.where(knows, skill, skill * _milli(region, "unfamiliar") // 1000)
    sign = np.where(np.arange(len(KINDS)) == TRAFFICKING, 1, -1)
    seen = skill[:, None, None] * sign[:, None] * ease // 1000
    suspect = (migrant == 1)[:, None] | (np.arange(len(KINDS)) == INDEPENDENT)
    swayed = who.leaning[r][:, None] + who.prejudice[r][:, None] * suspect
    swayed = swayed + np.array([_milli(region, f"kind_looks.{k}") for k in KINDS])
    harmful = sigmoid(seen + swayed[:, :, None] + looks)
    doubt = who.caution[r] + np.where(reads, 0, _milli(region, "unread_doubt"))
    unsure = sigmoid(doubt[:, None, None] + (1000 - ease) * _milli(region, "doubt") // 1000)
    unsure = np.broadcast_to(unsure, harmful.shape)
    yes = (ONE - unsure) * harmful >> 16
    looking = np.stack([ONE - unsure - yes, yes, unsure], axis=-1)
    slip = probability(region["reviews.spammer_slips"])
    pressed = np.where(np.arange(3) == who.button[r][:, None], ONE - 2 * slip, slip)
    return np.where((who.kind[r] == SPAMMER)[:, None, None, None], pressed[:, None, None, :], looking)


def _milli(region: Region, name: str) -> int:
    return round(region[f"reviews.{name}"] * 1000)
