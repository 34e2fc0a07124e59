"""Audits of firms: when, announced or not, what they find, and what that says about exploitation.

Every firm has some chances of an audit, each with its day. Some firms are in an audit programme and most others are
never audited; auditors go where firms are large and near the public, and more often, and more strictly, to small firms
that migrants run. An audit finds exploitation for a third of those that come while it is in force; what it then finds
is also found where firms merely treat their workers badly.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, log, log_add, probability
from tipdata.core.lists import lists
from tipdata.core.tables import Column, InWorld, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages.suppliers.exploitation import Exploitation
from tipdata.stages.suppliers.firms import Firms

ROOM = 16
"""An audit's local number is its firm's times this plus that of the chance."""
MOST = ONE - 1

AUDITS = Table(
    "audits",
    ("audit",),
    (
        Column("region", pl.Int32(), "platform"),
        Column("audit", pl.Int64(), "platform", id_of="audits"),
        Column("firm", pl.Int64(), "platform", id_of="firms"),
        Column("day", pl.Int32(), "platform", "day"),
        Column("announced", pl.Boolean(), "platform"),
        Column(
            "findings",
            pl.List(pl.String()),
            "platform",
            note="codes, in their listed order",
            values=InWorld(("suppliers.audits.findings",)),
        ),
        Column("grade", pl.Int8(), "platform", "level 0-3", "0 nothing found, 3 worst"),
        Column("found", pl.Boolean(), "truth", note="exploitation was in force and came to light"),
    ),
    "Audits of firms; many firms have none.",
)


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
    """Return the audits of one region. ``suspected``: bool [firms], whom prejudice is against."""
    number, firm, day = _visits(region, firms, suspected)
    announced = region.stream("audits/announced").chance(
        number, probability(region["suppliers.audits.announced"])
    )
    finds = region["suppliers.audits.finds"]
    p_found = np.where(announced, probability(finds["announced"]), probability(finds["unannounced"]))
    during = exploitation.at(firm, day)
    found = during & exploitation.in_force[firm] & region.stream("audits/found").chance(number, p_found)
    codes = tuple(region["suppliers.audits.findings"])
    usual, worst = _chances(region, firms, firm, suspected[firm])
    stream = region.stream("audits/findings")
    findings = stream.chance(
        number[:, None], np.where(found[:, None], worst, usual), np.arange(len(codes))[None, :]
    )
    points = findings @ np.array([region["suppliers.audits.points"][code] for code in codes])
    grade = np.searchsorted(np.array(region["suppliers.audits.grades"]), points, side="right")
    return Audits(
        number,
        firm,
        day,
        announced,
        findings,
        codes,
        grade,
        found,
        _evidence(firms.count, firm, during, p_found, findings, usual, worst),
    )


def _visits(region: Region, firms: Firms, suspected: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return number, firm and day of every audit, in order of their numbers."""
    chances = region["suppliers.audits.chances"]
    p = np.array([probability(x) for x in region["suppliers.audits.chance"]])[firms.tier]
    p = p * np.array([probability(x) for x in region["suppliers.audits.by_size"]])[firms.size] // ONE
    enrolled = region.stream("audits/programme").chance(
        np.arange(firms.count), probability(region["suppliers.audits.programme"])
    )
    p = (
        p
        * np.array([probability(x) for x in region["suppliers.audits.by_programme"]])[enrolled.astype(int)]
        // ONE
    )
    p = np.where(suspected, p * probability(region["suppliers.audits.suspected"]) // ONE, p)
    number = np.arange(firms.count)[:, None] * ROOM + np.arange(chances)[None, :]
    happens = region.stream("audits/happens").chance(number, p[:, None])
    number = number[happens]
    return number, number // ROOM, region.stream("audits/day").below(number, DAYS)


def _chances(
    region: Region, firms: Firms, firm: np.ndarray, suspected: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (audits, codes) probabilities out of 65,536 of each finding, where exploitation is not found and where it
    is."""
    listed = region["suppliers.audits.findings"].values()
    levels = region["suppliers.care"]["levels"]
    by_care = np.array([[probability(code[level]) for code in listed] for level in levels])
    usual = by_care[firms.care[firm]]
    strict = usual * probability(region["suppliers.audits.stricter"]) // ONE
    usual = np.where(suspected[:, None], np.minimum(strict, MOST), usual)
    for code, listed_chance in region["suppliers.audits.of_an_agency"].items():
        at = list(region["suppliers.audits.findings"]).index(code)
        has = firms.agency_habits[code][firm]
        usual[:, at] = np.where(has, np.maximum(usual[:, at], probability(listed_chance)), usual[:, at])
    worst = np.array([probability(code["found"]) for code in listed])
    return usual, np.maximum(usual, worst[None, :])


def _evidence(
    firms: int,
    firm: np.ndarray,
    during: np.ndarray,
    p_found: np.ndarray,
    findings: np.ndarray,
    usual: np.ndarray,
    worst: np.ndarray,
) -> np.ndarray:
    """Return log-likelihood ratio of all findings of each firm, milli-nats; nothing outside the spell."""
    without = np.where(findings, log(usual), log(ONE - usual)).sum(axis=1)
    with_it = np.where(findings, log(worst), log(ONE - worst)).sum(axis=1)
    either = log_add(log(p_found) + with_it, log(ONE - p_found) + without)
    total = np.zeros(firms, dtype=np.int64)
    np.add.at(total, firm, np.where(during, either - without, 0))
    return total


def audit_frame(region: Region, firms: Firms, audits: Audits) -> pl.DataFrame:
    """Return the table ``audits``."""
    return pl.DataFrame(
        {
            "region": np.full(len(audits.number), region.index, dtype=np.int32),
            "audit": region.ids("audits", audits.number),
            "firm": firms.id[audits.firm],
            "day": audits.day,
            "announced": audits.announced,
            "findings": lists(np.array(audits.codes), audits.findings),
            "grade": audits.grade,
            "found": audits.found,
        }
    )
