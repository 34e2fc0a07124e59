"""Suppliers: firms in tiers, recruitment agencies that several share, audits, complaints, and exploitation in force.

Every firm has some chances of an audit and of a complaint, each with its day. Auditors go where firms are large and
near the public, and more often, and more strictly, to small firms that migrants run, without more exploitation there.
An audit finds a third of the exploitation in force; the same findings also occur where firms merely treat their
workers badly. Complaints depend on the firm's size and care, on the hotline's reach in the workers' language, on
exploitation in force and on prejudice. A firm without either is unknown and not clean.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, Ints, log, log_add, normalise, probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import as_lists, read_tables, with_nulls
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places
from tipdata.stages.suppliers.firms import (
    DIRECT,
    NOBODY,
    SIZES,
    Agencies,
    Exploitation,
    Firms,
    draw_agencies,
    draw_exploitation,
    draw_firms,
    draw_trade,
)

AUDIT_ROOM = 16
"""An audit's local number is its firm's times this plus that of the chance."""
MOST_CHANCE = ONE - 1


def draw_audits(
    region: Region, firms: Firms, exploitation: Exploitation, suspected: np.ndarray
) -> tuple[Columns, Ints]:
    """Return the table ``audits``, and by firm what they say for exploitation, milli-nats.

    ``suspected``: (firms,) bool, the targets of prejudice.
    """
    number, firm, day = _visits(region, firms, suspected)
    announced = region.chance("audits/announced", number, "suppliers.audits.announced")
    finds = region["suppliers.audits.finds"]
    p_found = np.where(announced, probability(finds["announced"]), probability(finds["unannounced"]))
    during = exploitation.at(firm, day)
    found = during & exploitation.in_force[firm] & region.stream("audits/found").chance(number, p_found)
    codes = tuple(region["suppliers.audits.findings"])
    usual, worst = _finding_chances(region, firms, firm, suspected[firm])
    p = np.where(found[:, None], worst, usual)
    findings = region.stream("audits/findings").chance(number[:, None], p, np.arange(len(codes)))
    points = findings @ region.values("suppliers.audits.points", codes)
    without = np.where(findings, log(usual), log(ONE - usual)).sum(axis=1)
    with_it = np.where(findings, log(worst), log(ONE - worst)).sum(axis=1)
    either = log_add(log(p_found) + with_it, log(ONE - p_found) + without)
    evidence = np.zeros(firms.count, dtype=np.int64)
    np.add.at(evidence, firm, np.where(during, either - without, 0))
    return {
        "audit": region.ids("audits", number),
        "firm": firms.id[firm],
        "day": day,
        "announced": announced,
        "findings": as_lists(np.array(codes), findings),
        "grade": np.searchsorted(region.values("suppliers.audits.grades"), points, side="right"),
        "found": found,
    }, evidence


def _visits(region: Region, firms: Firms, suspected: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    chances = region["suppliers.audits.chances"]
    p = region.chances("suppliers.audits.chance")[firms.tier]
    p = p * region.chances("suppliers.audits.by_size")[firms.size] // ONE
    enrolled = region.chance("audits/programme", np.arange(firms.count), "suppliers.audits.programme")
    p = p * region.chances("suppliers.audits.by_programme")[enrolled.astype(int)] // ONE
    p = np.where(suspected, p * probability(region["suppliers.audits.suspected"]) // ONE, p)
    number = np.arange(firms.count)[:, None] * AUDIT_ROOM + np.arange(chances)[None, :]
    happens = region.stream("audits/happens").chance(number, p[:, None])
    number = number[happens]
    return number, number // AUDIT_ROOM, region.stream("audits/day").below(number, DAYS)


def _finding_chances(region: Region, firms: Firms, firm: Ints, suspected: np.ndarray) -> tuple[Ints, Ints]:
    """Return (audits, codes) probabilities out of 65,536 of findings without and with exploitation found."""
    listed = region["suppliers.audits.findings"].values()
    levels = region["suppliers.care"]["levels"]
    by_care = np.array([[probability(code[level]) for code in listed] for level in levels])
    usual = by_care[firms.care[firm]]
    strict = usual * probability(region["suppliers.audits.stricter"]) // ONE
    usual = np.where(suspected[:, None], np.minimum(strict, MOST_CHANCE), usual)
    for code, listed_chance in region["suppliers.audits.of_an_agency"].items():
        at = list(region["suppliers.audits.findings"]).index(code)
        has = firms.agency_habits[code][firm]
        usual[:, at] = np.where(has, np.maximum(usual[:, at], probability(listed_chance)), usual[:, at])
    worst = np.array([probability(code["found"]) for code in listed])
    return usual, np.maximum(usual, worst[None, :])


COMPLAINT_ROOM = 16
"""A complaint's local number is its firm's times this plus that of the chance."""
LIKELIEST = ONE // 2


def draw_complaints(
    region: Region,
    firms: Firms,
    exploitation: Exploitation,
    suspected: np.ndarray,
    jurisdiction: Ints,
    majority: int,
) -> tuple[Columns, Ints]:
    """Return the table ``complaints``, and by firm what they and their absence say for exploitation, milli-nats.

    ``suspected`` (bool), ``jurisdiction``: one value for each firm.
    """
    chances = region["suppliers.complaints.chances"]
    number = np.arange(firms.count)[:, None] * COMPLAINT_ROOM + np.arange(chances)[None, :]
    day = region.stream("complaints/day").below(number, DAYS)
    usual = _usual_chance(region, firms, suspected, jurisdiction, majority)[:, None]
    worse = np.minimum(usual * probability(region["suppliers.complaints.in_force"]) // ONE, LIKELIEST)
    during = exploitation.at(np.arange(firms.count)[:, None], day)
    p = np.where(during & exploitation.in_force[:, None], worse, usual)
    made = region.stream("complaints/made").chance(number, p)
    firm, number = np.nonzero(made)[0], number[made]
    topics, usual_topic, worse_topic = _topics(region, firms, firm, suspected[firm])
    truly = during[made] & exploitation.in_force[firm]
    weights = np.where(truly[:, None], worse_topic, usual_topic)
    topic = region.stream("complaints/topic").choose(number, weights)
    # What each chance says: made or not, and about what.
    evidence = np.where(during & ~made, log(ONE - worse) - log(ONE - usual), 0).sum(axis=1)
    ratio = (np.broadcast_to(log(worse) - log(usual), made.shape))[made]
    row = np.arange(len(firm))
    ratio = ratio + log(worse_topic[row, topic]) - log(usual_topic[row, topic])
    np.add.at(evidence, firm, np.where(during[made], ratio, 0))
    own = region.chance("complaints/own_language", number, "suppliers.complaints.in_own_language")
    channel = region.choose("complaints/channel", number, "suppliers.complaints.channels")
    return {
        "complaint": region.ids("complaints", number),
        "firm": firms.id[firm],
        "day": day[made],
        "language": pl.Series(LANGUAGES)[np.where(own, firms.workers[firm], majority)],
        "channel": pl.Series(tuple(region["suppliers.complaints.channels"]))[channel],
        "topic": pl.Series(topics)[topic],
    }, evidence


def _usual_chance(
    region: Region, firms: Firms, suspected: np.ndarray, jurisdiction: np.ndarray, majority: int
) -> np.ndarray:
    """Return (firms,) probability out of 65,536 that a chance becomes a complaint without exploitation."""
    p = np.full(firms.count, probability(region["suppliers.complaints.chance"]))
    for times in (
        region.chances("suppliers.complaints.by_size")[firms.size],
        region.chances("suppliers.complaints.by_care")[firms.care],
        np.where(suspected, probability(region["suppliers.complaints.suspected"]), ONE),
        _hotline_reach(region, jurisdiction, firms.workers, majority),
    ):
        p = p * times // ONE
    return np.clip(p, 1, LIKELIEST)


def _hotline_reach(region: Region, jurisdiction: Ints, workers: Ints, majority: int) -> Ints:
    levels = region.chances("suppliers.complaints.hotline_others")
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
    return tuple(listed), normalise(short * times // ONE), normalise(during * times // ONE)


@dataclass(frozen=True)
class Suppliers:
    """What later stages may read: agencies, firms, and exploitation in force."""

    agencies: Agencies
    firms: Firms
    exploitation: Exploitation


def generate(region: Region, past: Past) -> tuple[Suppliers, Tables]:
    """Draw the supply chain of one region."""
    places: Places = past["places"]
    o: Operations = past["operations"]
    agencies = draw_agencies(region, o, tuple(region["suppliers.sectors"]))
    firms = draw_firms(region, places, o, agencies)
    supplies, pressure = draw_trade(region, firms)
    e = draw_exploitation(region, places, o, agencies, firms, pressure)
    suspected = firms.migrant & (firms.size < region["suppliers.small_bands"])
    jurisdiction = places.jurisdiction[firms.town].astype(np.int64)
    audits, by_audits = draw_audits(region, firms, e, suspected)
    complaints, by_complaints = draw_complaints(region, firms, e, suspected, jurisdiction, o.majority)
    local = np.arange(firms.count)
    agency = agencies.id[firms.agency] if len(agencies.id) else local
    unrecorded = region.chance("firms/agency_unrecorded", local, "suppliers.agencies.unrecorded")
    housing = region.chance("firms/housing_unrecorded", local, "suppliers.housing_unrecorded")
    return Suppliers(agencies, firms, e), {
        "agencies": agencies.columns,
        "firms": {
            "firm": firms.id,
            "sector": pl.Series(firms.sectors)[firms.sector],
            "tier": firms.tier + 1,
            "town": places.town[firms.town],
            "jurisdiction": jurisdiction,
            "size": pl.Series(SIZES)[firms.size],
            "age_years": firms.age,
            "language": pl.Series(LANGUAGES)[firms.language],
            "seasonal": firms.seasonal,
            "workers_language": pl.Series(LANGUAGES)[firms.workers],
            "housing": with_nulls(firms.housing, ~housing),
            "agency": with_nulls(agency, (firms.agency != DIRECT) & ~unrecorded),
            "main_agency": with_nulls(agency, firms.agency != DIRECT),
            "tied_housing": firms.housing,
            "migrant_run": firms.migrant,
            "care": firms.care,
            "squeeze": firms.squeeze,
            "pressure": pressure,
            "exploits": e.in_force,
            "from_day": with_nulls(e.start, e.in_force),
            "to_day": with_nulls(e.end, e.in_force & (e.end < DAYS)),
            "operation": with_nulls(o.id[e.operation], e.operation != NOBODY),
            "log_odds": e.prior + by_audits + by_complaints,
        },
        "supplies": supplies,
        "audits": audits,
        "complaints": complaints,
    }


STAGE = Stage("suppliers", ("places", "operations"), tuple(read_tables("suppliers").values()), generate)
