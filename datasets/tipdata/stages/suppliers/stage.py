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

from tipdata.core.draw import ONE, log, log_add, normalise, probability
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
    trade_frame,
)

AUDIT_ROOM = 16
"""An audit's local number is its firm's times this plus that of the chance."""
MOST_CHANCE = ONE - 1


@dataclass(frozen=True)
class Audits:
    """Audits by position, and ``evidence`` a firm: what they say for exploitation, milli-nats."""

    number: np.ndarray
    firm: np.ndarray
    day: np.ndarray
    announced: np.ndarray
    findings: np.ndarray
    """(audits, codes) bool."""
    codes: tuple[str, ...]
    grade: np.ndarray
    found: np.ndarray
    evidence: np.ndarray


def draw_audits(region: Region, firms: Firms, exploitation: Exploitation, suspected: np.ndarray) -> Audits:
    """Return the audits of one region. ``suspected``: (firms,) bool, the targets of prejudice."""
    number, firm, day = _visits(region, firms, suspected)
    announced = region.chance("audits/announced", number, "suppliers.audits.announced")
    finds = region["suppliers.audits.finds"]
    p_found = np.where(announced, probability(finds["announced"]), probability(finds["unannounced"]))
    during = exploitation.at(firm, day)
    found = during & exploitation.in_force[firm] & region.stream("audits/found").chance(number, p_found)
    codes = tuple(region["suppliers.audits.findings"])
    usual, worst = _finding_chances(region, firms, firm, suspected[firm])
    stream = region.stream("audits/findings")
    findings = stream.chance(
        number[:, None], np.where(found[:, None], worst, usual), np.arange(len(codes))[None, :]
    )
    points = findings @ region.values("suppliers.audits.points", codes)
    grade = np.searchsorted(region.values("suppliers.audits.grades"), points, side="right")
    without = np.where(findings, log(usual), log(ONE - usual)).sum(axis=1)
    with_it = np.where(findings, log(worst), log(ONE - worst)).sum(axis=1)
    either = log_add(log(p_found) + with_it, log(ONE - p_found) + without)
    total = np.zeros(firms.count, dtype=np.int64)
    np.add.at(total, firm, np.where(during, either - without, 0))
    return Audits(number, firm, day, announced, findings, codes, grade, found, total)


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


def _finding_chances(
    region: Region, firms: Firms, firm: np.ndarray, suspected: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
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
    """Return the complaints of one region. ``suspected`` (bool), ``jurisdiction``: one value for each firm."""
    chances = region["suppliers.complaints.chances"]
    number = np.arange(firms.count)[:, None] * COMPLAINT_ROOM + np.arange(chances)[None, :]
    day = region.stream("complaints/day").below(number, DAYS)
    usual = _usual_chance(region, firms, suspected, jurisdiction, majority)[:, None]
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
    ratio = (np.broadcast_to(log(worse) - log(usual), made.shape))[made]
    row = np.arange(len(firm))
    ratio = ratio + log(worse_topic[row, topic]) - log(usual_topic[row, topic])
    np.add.at(evidence, firm, np.where(during[made], ratio, 0))
    return Complaints(number[made], firm, day[made], topic, topics, evidence)


def _usual_chance(
    region: Region, firms: Firms, suspected: np.ndarray, jurisdiction: np.ndarray, majority: int
) -> np.ndarray:
    """Return (firms,) probability out of 65,536 that a chance becomes a complaint without exploitation."""
    here = region.group("suppliers.complaints")
    p = np.full(firms.count, probability(here["chance"]))
    for times in (
        np.array([probability(x) for x in here["by_size"]])[firms.size],
        np.array([probability(x) for x in here["by_care"]])[firms.care],
        np.where(suspected, probability(here["suspected"]), ONE),
        _hotline_reach(region, jurisdiction, firms.workers, majority),
    ):
        p = p * times // ONE
    return np.clip(p, 1, LIKELIEST)


def _hotline_reach(
    region: Region, jurisdiction: np.ndarray, workers: np.ndarray, majority: int
) -> np.ndarray:
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


def complaint_frame(region: Region, firms: Firms, complaints: Complaints, majority: int) -> Columns:
    """Return the table ``complaints``."""
    number = complaints.number
    channels = region["suppliers.complaints.channels"]
    channel = region.stream("complaints/channel").choose(number, np.array(list(channels.values())))
    own = region.chance("complaints/own_language", number, "suppliers.complaints.in_own_language")
    return {
        "complaint": region.ids("complaints", number),
        "firm": firms.id[complaints.firm],
        "day": complaints.day,
        "language": pl.Series(LANGUAGES)[np.where(own, firms.workers[complaints.firm], majority)],
        "channel": pl.Series(tuple(channels))[channel],
        "topic": pl.Series(complaints.topics)[complaints.topic],
    }


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
    trade = draw_trade(region, firms)
    exploitation = draw_exploitation(region, places, o, agencies, firms, trade.pressure)
    suspected = firms.migrant & (firms.size < region["suppliers.small_bands"])
    jurisdiction = places.jurisdiction[firms.town].astype(np.int64)
    audits = draw_audits(region, firms, exploitation, suspected)
    complaints = draw_complaints(region, firms, exploitation, suspected, jurisdiction, o.majority)
    log_odds = exploitation.prior + audits.evidence + complaints.evidence
    suppliers = Suppliers(agencies, firms, exploitation)
    f, e = suppliers.firms, suppliers.exploitation
    local = np.arange(f.count)
    agency = agencies.id[f.agency] if len(agencies.id) else local
    unrecorded = region.chance("firms/agency_unrecorded", local, "suppliers.agencies.unrecorded")
    housing = region.chance("firms/housing_unrecorded", local, "suppliers.housing_unrecorded")
    return suppliers, {
        "agencies": agencies.columns,
        "firms": {
            "firm": f.id,
            "sector": pl.Series(f.sectors)[f.sector],
            "tier": f.tier + 1,
            "town": places.town[f.town],
            "jurisdiction": places.jurisdiction[f.town],
            "size": pl.Series(SIZES)[f.size],
            "age_years": f.age,
            "language": pl.Series(LANGUAGES)[f.language],
            "seasonal": f.seasonal,
            "workers_language": pl.Series(LANGUAGES)[f.workers],
            "housing": with_nulls(f.housing, ~housing),
            "agency": with_nulls(agency, (f.agency != DIRECT) & ~unrecorded),
            "main_agency": with_nulls(agency, f.agency != DIRECT),
            "tied_housing": f.housing,
            "migrant_run": f.migrant,
            "care": f.care,
            "squeeze": f.squeeze,
            "pressure": trade.pressure,
            "exploits": e.in_force,
            "from_day": with_nulls(e.start, e.in_force),
            "to_day": with_nulls(e.end, e.in_force & (e.end < DAYS)),
            "operation": with_nulls(o.id[e.operation], e.operation != NOBODY),
            "log_odds": log_odds,
        },
        "supplies": trade_frame(region, firms, trade),
        "audits": {
            "audit": region.ids("audits", audits.number),
            "firm": firms.id[audits.firm],
            "day": audits.day,
            "announced": audits.announced,
            "findings": as_lists(np.array(audits.codes), audits.findings),
            "grade": audits.grade,
            "found": audits.found,
        },
        "complaints": complaint_frame(region, firms, complaints, o.majority),
    }


STAGE = Stage("suppliers", ("places", "operations"), tuple(read_tables("suppliers").values()), generate)
