"""Complaints about firms to a hotline: who can reach it decides as much as what there is to complain of.

Every firm has some chances of a complaint, each with its day. How often one comes of it depends on the firm's size and
care, on the hotline's reach in the workers' language, on exploitation in force, and on prejudice against small firms
that migrants run.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, log, normalised, probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import Column, InWorld, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages.suppliers.exploitation import Exploitation
from tipdata.stages.suppliers.firms import Firms

ROOM = 16
"""A complaint's local number is its firm's times this plus that of the chance."""
LIKELIEST = ONE // 2

COMPLAINTS = Table(
    "complaints",
    ("complaint",),
    (
        Column("region", pl.Int32(), "platform"),
        Column("complaint", pl.Int64(), "platform", id_of="complaints"),
        Column("firm", pl.Int64(), "platform", id_of="firms"),
        Column("day", pl.Int32(), "platform", "day"),
        Column("language", pl.String(), "platform", values=LANGUAGES),
        Column("channel", pl.String(), "platform", values=InWorld(("suppliers.complaints.channels",))),
        Column(
            "topic",
            pl.String(),
            "platform",
            note="one code a complaint",
            values=InWorld(("suppliers.complaints.topics",)),
        ),
    ),
    "Complaints about firms to a hotline; most firms have none, and some could not have.",
)


@dataclass(frozen=True)
class Complaints:
    """Complaints by position, and ``evidence`` a firm: what they and their absence say for exploitation, milli-nats."""

    number: np.ndarray
    firm: np.ndarray
    day: np.ndarray
    topic: np.ndarray
    topics: tuple[str, ...]
    evidence: np.ndarray


def draw_complaints(
    region: Region,
    firms: Firms,
    exploitation: Exploitation,
    suspected: np.ndarray,
    jurisdiction: np.ndarray,
    majority: int,
) -> Complaints:
    """Return the complaints of one region. ``suspected``: bool [firms]; ``jurisdiction``: of each firm."""
    chances = region["suppliers.complaints.chances"]
    number = np.arange(firms.count)[:, None] * ROOM + np.arange(chances)[None, :]
    day = region.stream("complaints/day").below(number, DAYS)
    usual = _usual(region, firms, suspected, jurisdiction, majority)[:, None]
    worse = np.minimum(usual * probability(region["suppliers.complaints.in_force"]) // ONE, LIKELIEST)
    during = exploitation.at(np.arange(firms.count)[:, None], day)
    p = np.where(during & exploitation.in_force[:, None], worse, usual)
    made = region.stream("complaints/made").chance(number, p)
    firm = np.nonzero(made)[0]
    topics, usual_topic, worse_topic = _topics(region, firms, firm, suspected[firm])
    truly = during[made] & exploitation.in_force[firm]
    topic = region.stream("complaints/topic").choose(
        number[made], np.where(truly[:, None], worse_topic, usual_topic)
    )
    # What each chance says: made or not, and about what.
    evidence = np.where(during & ~made, log(ONE - worse) - log(ONE - usual), 0).sum(axis=1)
    told = (np.broadcast_to(log(worse) - log(usual), made.shape))[made]
    row = np.arange(len(firm))
    told = told + log(worse_topic[row, topic]) - log(usual_topic[row, topic])
    np.add.at(evidence, firm, np.where(during[made], told, 0))
    return Complaints(number[made], firm, day[made], topic, topics, evidence)


def _usual(
    region: Region, firms: Firms, suspected: np.ndarray, jurisdiction: np.ndarray, majority: int
) -> np.ndarray:
    """Return probability out of 65,536 that a chance comes to a complaint where no exploitation is in force,
    [firms]."""
    here = region.group("suppliers.complaints")
    p = np.full(firms.count, probability(here["chance"]))
    for times in (
        np.array([probability(x) for x in here["by_size"]])[firms.size],
        np.array([probability(x) for x in here["by_care"]])[firms.care],
        np.where(suspected, probability(here["suspected"]), ONE),
        _reach(region, jurisdiction, firms.workers, majority),
    ):
        p = p * times // ONE
    return np.clip(p, 1, LIKELIEST)


def _reach(region: Region, jurisdiction: np.ndarray, workers: np.ndarray, majority: int) -> np.ndarray:
    """Return the hotline's reach, out of 65,536, among speakers of the workers' language where the firm is."""
    levels = np.array([probability(x) for x in region["suppliers.complaints.hotline_others"]])
    level = region.stream("complaints/reach").below(jurisdiction * len(LANGUAGES) + workers, len(levels))
    most = probability(region["suppliers.complaints.hotline_majority"])
    return np.where(workers == majority, most, levels[level])


def _topics(
    region: Region, firms: Firms, firm: np.ndarray, suspected: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Return topics, and (complaints, topics) probabilities out of 65,536 of each, short of exploitation and during it.

    ``firm``: of each complaint; ``suspected``: whether prejudice is against it.
    """
    listed: dict[str, list[int]] = region["suppliers.complaints.topics"]
    usual, during, outsiders = np.array(list(listed.values()), dtype=np.int64).T * ONE
    times = np.full((len(firm), len(listed)), ONE)
    for topic, factor in region["suppliers.complaints.of_an_agency"].items():
        times[firms.agency_habits[topic][firm], list(listed).index(topic)] = probability(factor)
    short = np.where(suspected[:, None], outsiders, usual)
    return tuple(listed), normalised(short * times // ONE), normalised(during * times // ONE)


def complaint_frame(region: Region, firms: Firms, complaints: Complaints, majority: int) -> pl.DataFrame:
    """Return the table ``complaints``."""
    number = complaints.number
    channels = region["suppliers.complaints.channels"]
    channel = region.stream("complaints/channel").choose(number, np.array(list(channels.values())))
    own = region.stream("complaints/own_language").chance(
        number, probability(region["suppliers.complaints.in_own_language"])
    )
    return pl.DataFrame(
        {
            "region": np.full(len(number), region.index, dtype=np.int32),
            "complaint": region.ids("complaints", number),
            "firm": firms.id[complaints.firm],
            "day": complaints.day,
            "language": pl.Series(LANGUAGES)[np.where(own, firms.workers[complaints.firm], majority)],
            "channel": pl.Series(tuple(channels))[channel],
            "topic": pl.Series(complaints.topics)[complaints.topic],
        }
    )
