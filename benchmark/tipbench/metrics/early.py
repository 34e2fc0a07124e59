"""How early a method alarms where an alarm is due, and how often where none is.

A unit is positive from its onset on. ``delay`` = max(0, step - onset) of an alarm, in steps. An alarm more than
five steps before the onset (:data:`PREMATURE`) came for no reason that was there: it counts as a false positive
in precision, and its unit as missed in recall and in ERDE.

- ``f_latency`` = F1 * ``speed`` (Sadeque, Xu and Bethard 2018, section 4, "Measuring the latency of depression
  detection"), ``speed`` = 1 - the median penalty over true positives, penalty = -1 + 2 / (1 + exp(-p delay)).
  There a penalty is counted from the first item, here from the onset, and p is set so that a delay of
  twenty steps (:data:`HALF_SPEED_DELAY`) costs one half: p = ln 3 / 20. Without a true positive it is 0.
- ``erde_5``, ``erde_50``: the early-risk detection error (Losada and Crestani 2016, section 3, "A test collection
  for research on depression and language use"), lower is better: the mean cost of a unit, which is for a true
  positive 1 - 1 / (1 + exp(k - o)) with k = delay + 1, for a miss 1, for a false positive the share of positives,
  for a true negative 0.
- ``precision``, ``recall``, ``f1``; ``median_delay`` over true positives, in steps.
- ``harm_gap`` where groups are known, ``protection_gap`` where form, sex or language of those exploited are:
  as in :mod:`tipbench.metrics.harm`, of alarms in the place of scores over a threshold. Here the lawful groups
  are all but trafficking and spam, and those under twenty clusters are not compared.

All are headline-weighted, and all are functions of the clusters' multiplicities. A median is the mean of the
first values at which the cumulated weight reaches, and exceeds, half of the whole: with equal weights the usual.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.bootstrap import FEWEST_CLUSTERS, ClusterSums, Metrics, observed, ratio
from tipbench.case import Case
from tipbench.metrics import Family, Measured, together
from tipbench.metrics.harm import ATTRIBUTES, LAWFUL, accusations, protection

PREMATURE = 5
HALF_SPEED_DELAY = 20
P = float(np.log(3) / HALF_SPEED_DELAY)
ERDE = {"erde_5": 5, "erde_50": 50}

TRAFFICKING, SPAM = "trafficking", "spam"
#: Negatives of trafficking operations: conversations that never reach commitment.
UNCOMMITTED = "uncommitted"

# What two sums of the same weights may differ by, relatively, through the order of their terms.
_ROUNDING = 1e-9


def penalty(delay: NDArray) -> NDArray[np.float64]:
    """What a delay in steps costs, from 0 (none) to 1; one half at twenty."""
    return -1 + 2 / (1 + np.exp(-P * np.asarray(delay, dtype=np.float64)))


def latency_cost(delay: NDArray, o: float) -> NDArray[np.float64]:
    """ERDE's cost of a true positive with this delay in steps: one half where delay + 1 = o."""
    # The exponent is bounded, beyond which the cost is 1 to the last bit.
    return 1 - 1 / (1 + np.exp(np.minimum(np.asarray(delay, dtype=np.float64) + 1 - o, 700.0)))


def is_timely(step: NDArray, onset: NDArray) -> NDArray[np.bool_]:
    """Whether an alarm at this step is no more than five before the onset."""
    return step >= onset - PREMATURE


def median(weights: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted median of rising values [values] under each row of weights [rows, values]; NaN where a row
    has no weight."""
    cumulated = np.cumsum(weights, axis=1)
    total = cumulated[:, -1:] if values.size else np.zeros((len(weights), 1))
    found = np.full(len(weights), np.nan)
    some = total[:, 0] > 0
    if some.any():
        half = total[some] / 2
        first = np.argmax(cumulated[some] >= half * (1 - _ROUNDING), axis=1)
        second = np.argmax(cumulated[some] > half * (1 + _ROUNDING), axis=1)
        found[some] = (values[first] + values[second]) / 2
    return found


class Alarms:
    """The alarms of a test part beside its onsets.

    ``step`` and ``onset`` float [rows], NaN for no alarm and for negatives; ``weights`` float [rows] (headline).
    ``found``, ``false``: the rows that are true positives, and those of which the alarm is false.
    """

    def __init__(
        self, case: Case, step: NDArray[np.float64], onset: NDArray[np.float64], positive: NDArray[np.bool_]
    ) -> None:
        self.found = positive & is_timely(step, onset)
        self.false = ~np.isnan(step) & ~self.found
        self.delays, place = np.unique(
            np.maximum(step[self.found] - onset[self.found], 0.0), return_inverse=True
        )
        self._sums = ClusterSums(case.clusters)
        self._sums.add("all", case.weights)
        self._sums.add("positive", case.weights * positive)
        self._sums.add("false", case.weights * self.false)
        self._sums.add("false/negative", case.weights * (self.false & ~positive))
        # The weight of true positives of each delay, of the clusters that have any.
        self._clusters, row = np.unique(case.clusters.codes[self.found], return_inverse=True)
        self._by_delay = np.zeros((self._clusters.size, self.delays.size))
        np.add.at(self._by_delay, (row, place), case.weights[self.found])

    def by_delay(self, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weight of true positives [replicates, delays] under the multiplicities [replicates, clusters]."""
        return drawn[:, self._clusters] @ self._by_delay

    def metrics(self, drawn: NDArray[np.float64]) -> Metrics:
        """Every metric [replicates] under the multiplicities [replicates, clusters]."""
        total = self._sums.totals(drawn)
        everyone, positive, false = total("all"), total("positive"), total("false")
        by_delay = self.by_delay(drawn)
        true = by_delay.sum(axis=1)
        speed = 1 - median(by_delay, penalty(self.delays))
        f1 = ratio(2 * true, true + false + positive)
        f1[positive <= 0] = np.nan
        share = ratio(positive, everyone)
        other_costs = share * total("false/negative") + (positive - true)
        return {
            "f_latency": np.where(true > 0, f1 * speed, 0 * f1),
            **{
                name: ratio(by_delay @ latency_cost(self.delays, o) + other_costs, everyone)
                for name, o in ERDE.items()
            },
            "precision": ratio(true, true + false),
            "recall": ratio(true, positive),
            "f1": f1,
            "speed": speed,
            "median_delay": median(by_delay, self.delays),
        }

    def curve(self, drawn: NDArray[np.float64]) -> dict[str, list[float]]:
        """Recall by the alarms that come with no more than each delay, under one set of multiplicities."""
        positive = self._sums.totals(drawn)("positive")
        recall = ratio(np.cumsum(self.by_delay(drawn), axis=1), positive[:, None] + 0 * self.delays)[0]
        return {"delay": self.delays.tolist(), "recall": np.nan_to_num(recall).tolist()}


def measure(case: Case) -> Measured:
    """All metrics, and what they depend on.

    ``curves["early"]``: ``p``, ``half_speed_delay``, ``premature`` (steps before the onset from which an alarm is
    false), ``erde_o``, ``cost_miss``, ``cost_false_positive`` (the share of positives), ``alarmed_share`` and
    ``recall_by_delay`` {``delay``, ``recall``}. ``groups``: of each group of negatives, and of the ``lawful``
    together, ``false_alarms_per_unit``, ``false_alarms_per_operation``, ``units`` and ``operations``; trafficking
    that never reaches commitment is ``uncommitted`` and part of no lawful total. ``form=...``, ``sex=...`` and
    ``language=...`` as in :func:`tipbench.metrics.harm.measure`.
    """
    step = case.test["step"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    onset = case.test["onset"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    alarms = Alarms(case, step, onset, case.positive)
    ones = np.ones((1, case.clusters.count))
    once = observed(_shares(case, ~np.isnan(step)), case.clusters.count)
    about = {
        "p": P,
        "half_speed_delay": HALF_SPEED_DELAY,
        "premature": PREMATURE,
        "erde_o": list(ERDE.values()),
        "cost_miss": 1.0,
        "cost_false_positive": once["positive"],
        "alarmed_share": once["alarmed"],
        "recall_by_delay": alarms.curve(ones),
    }
    return together(
        [Measured(metrics=alarms.metrics, curves={"early": about}), *_harm(case, alarms, ~np.isnan(step))]
    )


def _shares(case: Case, alarmed: NDArray[np.bool_]) -> Callable[[NDArray[np.float64]], Metrics]:
    sums = ClusterSums(case.clusters)
    for name, rows in (("all", 1.0), ("positive", case.positive), ("alarmed", alarmed)):
        sums.add(name, case.weights * rows)

    def shares(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(total(name), total("all")) for name in ("positive", "alarmed")}

    return shares


def _harm(case: Case, alarms: Alarms, alarmed: NDArray[np.bool_]) -> list[Measured]:
    """False alarms by group, and protection by attribute, as far as the answers know them."""
    parts = []
    if "group" in case.test.columns:
        members = _members(case)
        compared = tuple(
            group
            for group, rows in members.items()
            if group not in (UNCOMMITTED, SPAM, LAWFUL)
            and np.unique(case.clusters.codes[rows]).size >= FEWEST_CLUSTERS
        )
        parts.append(accusations(case, members, compared, {"": alarmed}, "false_alarms"))
    attributes = [name for name in ATTRIBUTES if name in case.test.columns]
    if attributes:
        parts.append(protection(case, alarms.found, attributes))
    return parts


def _members(case: Case) -> dict[str, NDArray[np.bool_]]:
    """The negative rows of each group, [rows], and all lawful ones."""
    kind = case.test["group"]
    named = kind.replace({TRAFFICKING: UNCOMMITTED})
    members = {
        str(group): (named == group).fill_null(False).to_numpy() & ~case.positive
        for group in named.drop_nulls().unique().sort()
    }
    lawful = ~kind.is_in([TRAFFICKING, UNCOMMITTED, SPAM]).fill_null(True).to_numpy() & ~case.positive
    members = {group: rows for group, rows in members.items() if rows.any()}
    if "migrant" in case.test.columns:
        members["migrant"] = lawful & case.test["migrant"].fill_null(False).to_numpy()
    return {**members, LAWFUL: lawful}


FAMILY = Family("alarms", measure)
