"""The finding of a task: one sentence that says no more than intervals allow, and the values that it is made of.

Console, notebook, task page, figure and board show it first. :func:`findings` takes the results of runs in one open
world, which has no ranks: there, methods are separated where their intervals do not overlap. The finding of a season
comes from its standings (``tipboard.seasons.findings``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl
from tipcore.spelling import count_of

from tipbench.metrics.registry import metric_of
from tipbench.runs.frames import frame_of
from tipbench.runs.report import READ, average_seeds, first_accused, name_variants, number
from tipbench.runs.results import Result, method_name
from tipbench.tasks import task_of

EXPERTS = "expert"
"""Labels that are shown beside the default of a task where this is another."""
LINES = frozenset({"prevalence/chao_fixed_range"})
"""Lines to beat: shipped methods that repeat another one's estimates, with an arbitrary interval. They are listed and
never compared."""
NAMED = 3
"""Methods that a sentence names at most; it counts the others."""
NOISE = "by more than noise"


class MethodScore(NamedTuple):
    """A method's primary score and its 95% interval, None where there is none."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Finding:
    """What is known of the methods of a task.

    Attributes:
        task, metric, data: their names; the metric is the primary one.
        methods: those that are compared, best first; without oracles and lines to beat.
        leaders: how many of them, from the first on, may be the best: the top group where there are ranks, else
            those whose intervals overlap that of the best.
        ranked: whether that rests on paired tests of a season, rather than on intervals alone.
        worlds: how many worlds a score is the mean of.
        entry_class: of the methods; "" outside of seasons.
        labels: what they learnt from, where that is not the default; else "".
        chance, oracle: scores to compare with; None where not known.
        best_known: the best of any class where that is another one, and ``best_known_class``.
        accused: lawful operations that the first method accuses per trafficking operation found, or the lawful rows
            that it names per true link.
        experts: the best of the methods that learnt from experts' labels, where the default are others.
        depends_on_assumptions: whether the order of methods does.
    """

    task: str
    metric: str
    methods: tuple[MethodScore, ...]
    leaders: int
    data: str = ""
    ranked: bool = False
    worlds: int = 1
    entry_class: str = ""
    labels: str = ""
    chance: float | None = None
    oracle: float | None = None
    best_known: MethodScore | None = None
    best_known_class: str = ""
    accused: float | None = None
    experts: MethodScore | None = None
    depends_on_assumptions: bool = False

    @property
    def top(self) -> tuple[str, ...]:
        """Names of the methods that may be the best."""
        return tuple(one.name for one in self.methods[: self.leaders])

    def beats_chance(self, one: MethodScore) -> bool:
        """Return whether the whole interval of a score is better than chance."""
        if self.chance is None or one.low is None or one.high is None:
            return False
        return one.high < self.chance if self._lower_is_better else one.low > self.chance

    @property
    def _lower_is_better(self) -> bool:
        return metric_of(self.metric).lower_is_better

    @property
    def any_beats_chance(self) -> bool | None:
        """Whether any method is better than chance by more than noise; None where that cannot be said."""
        if self.chance is None or not self.methods or self.methods[0].low is None:
            return None
        return any(map(self.beats_chance, self.methods))

    @property
    def sentence(self) -> str:
        """The finding in one line of plain text."""
        about = f"{self.task} ({self.entry_class})" if self.entry_class not in ("", "fold") else self.task
        if not self.methods:
            return f"{about}: no method has a score."
        parts = [self._opening(), *self._details()]
        return f"{about}: {'; '.join(parts)}."

    @property
    def headline(self) -> str:
        """Who leads, for a table that has the numbers."""
        if not (count := len(self.methods)):
            said = "no method has a score"
        elif self.any_beats_chance is False:
            said = self._none_beats("chance")
        elif count == 1:
            said = f"{self.methods[0].name} is the only method"
        elif self.methods[0].low is None:
            said = f"no interval separates {count} methods"
        else:
            said = self._lead()
        if said.startswith(("no ", "all ", "both ")):
            said = said[0].upper() + said[1:]
        said += "; the order depends on assumptions" if self.depends_on_assumptions else ""
        return f"{said}."

    def _none_beats(self, chance: str) -> str:
        best = self.methods[0]
        who = "no method is" if len(self.methods) > 1 else f"{best.name} is not"
        return f"{who} better than {chance} {NOISE}"

    def _lead(self) -> str:
        """Return which of several methods are ahead."""
        best, count = self.methods[0], len(self.methods)
        if self.leaders == 1:
            return f"{best.name} {'leads' if self.ranked else 'is clear of'} {count_of(count - 1, 'other')}"
        everyone = "both" if count == 2 else f"all {count}"
        who = everyone if self.leaders == count else f"{self.leaders} of {count}"
        stand = "are in the top group" if self.ranked else "may be the best by their intervals"
        return f"{who} methods {stand}"

    def _opening(self) -> str:
        best, count = self.methods[0], len(self.methods)
        title = metric_of(self.metric).title
        end, lower = ("lowest", ", lower is better") if self._lower_is_better else ("highest", "")
        if best.low is None or best.high is None:
            return self._without_interval(title, lower)
        value = f"{number(best.value)} (95% {number(best.low)} to {number(best.high)}{lower})"
        if self.any_beats_chance is False:
            return f"{self._none_beats(f'chance ({number(self.chance)})')}: the {end} {title} is {value}"
        if count == 1:
            opening = f"{best.name} has {title} {value}"
        elif self.leaders == 1:
            opening = f"{self._lead()} with {title} {value}"
        else:
            opening = f"{self._lead()} ({_join_names(self.top)}): the {end} {title} is {value}"
        return opening + self._distances(best)

    def _without_interval(self, title: str, lower: str) -> str:
        values = sorted(one.value for one in self.methods)
        if len(values) == 1:
            return f"{self.methods[0].name} has {title} {number(values[0])}{lower}, without an interval"
        ends = f"{number(values[0])} to {number(values[-1])}{lower}"
        return f"{len(values)} methods have {title} {ends}, and no interval tells them apart"

    def _distances(self, best: MethodScore) -> str:
        """Return how far the best is from chance and the oracle."""
        found = []
        if self.chance is not None and self.beats_chance(best):
            found.append(self._distance(best.value, self.chance, "chance"))
        elif self.chance is not None:
            able = sum(map(self.beats_chance, self.methods))
            others = f"{able} of them {'is' if able == 1 else 'are'}"
            found.append(f"itself not better than chance ({number(self.chance)}) {NOISE}, as {others}")
        if self.oracle is not None:
            found.append(self._distance(best.value, self.oracle, "the oracle"))
        return f", {' and '.join(found)}" if found else ""

    def _distance(self, value: float, other: float, name: str) -> str:
        """Return the difference of two scores as tables show them, so that a reader finds the same."""
        apart = round(round(value, 3) - round(other, 3), 3)
        if not apart:
            return f"level with {name} ({number(other)})"
        better = (apart > 0) != self._lower_is_better
        return f"{number(abs(apart))} {'better' if better else 'worse'} than {name} ({number(other)})"

    def _details(self) -> list[str]:
        found = []
        if self.labels:
            found.append(f"learnt from labels={self.labels}")
        if self.best_known is not None:
            known = self.best_known
            found.append(
                f"best known is {number(known.value)} by {known.name}, of class {self.best_known_class}"
            )
        if self.accused is not None:
            harm, who = f"{self.accused:.1f}", "it" if self.leaders == 1 else self.methods[0].name
            if "wrongful_links" in task_of(self.task).metrics:
                found.append(f"{who} names {harm} lawful rows per true link")
            else:
                found.append(f"{who} accuses {harm} lawful operations per trafficking operation found")
        if self.experts is not None:
            able = self.chance is None or self.beats_chance(self.experts)
            more = "" if able else f", not better than chance {NOISE}"
            found.append(f"learnt from experts' labels the best is {number(self.experts.value)}{more}")
        if self.depends_on_assumptions:
            found.append("the order depends on assumptions")
        return found


def _join_names(names: Sequence[str]) -> str:
    """Return names as a sentence lists them, some of them as a count."""
    more = len(names) - NAMED + 1
    shown = list(names) if len(names) <= NAMED else [*names[: NAMED - 1], count_of(more, "other")]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def count_leaders(methods: Sequence[MethodScore]) -> tuple[tuple[MethodScore, ...], int]:
    """Return methods, given best first, with those first whose interval overlaps that of the best, and their number."""
    if not methods or methods[0].low is None or methods[0].high is None:
        return tuple(methods), len(methods)
    low, high = methods[0].low, methods[0].high

    def is_apart(one: MethodScore) -> bool:
        return one.low is not None and one.high is not None and (one.high < low or one.low > high)

    return tuple(sorted(methods, key=is_apart)), sum(not is_apart(one) for one in methods)


def findings(results: Sequence[Result]) -> list[Finding]:
    """Return the finding of each task and data that have results, in the order of the results.

    Of a task's splits the default counts, or the first that is there; of its labels the default, or the first. Chance
    is known where results hold it, and from a method ``random``.
    """
    groups: dict[tuple[str, str], list[Result]] = {}
    for one in results:
        groups.setdefault((one.data, one.task), []).append(one)
    return [_finding(of_task) for of_task in groups.values()]


def _finding(results: Sequence[Result]) -> Finding:
    task, metric = task_of(results[0].task), results[0].primary
    split = _usual(task.splits, [one.split for one in results])
    on_split = [one for one in results if one.split == split]
    labels = _usual(task.labels, [one.labels for one in on_split])
    lines = _lines([one for one in on_split if one.labels == labels])
    sign = 1 if metric_of(metric).lower_is_better else -1
    able = [one for one in lines if not one["oracle_method"] and one["method"] not in LINES]
    compared = sorted(able, key=lambda one: sign * one["score"])
    methods, leaders = count_leaders([_score(one) for one in compared])
    by_experts = [] if labels == EXPERTS else _lines([one for one in on_split if one.labels == EXPERTS])
    experts = [one for one in by_experts if not one["oracle_method"]]
    known = next((one.oracle for one in on_split if one.oracle), {})
    oracles = [one["score"] for one in lines if one["oracle_method"]]
    random = next((one["score"] for one in compared if method_name(one["method"]) == "random"), None)
    scores = compared[0]["scores"] if compared else ()
    return Finding(
        task=task.name,
        metric=metric,
        methods=methods,
        leaders=leaders,
        data=results[0].data,
        labels="" if labels == task.labels[0] or split == "all" else labels,
        chance=known.get("prior", random),
        oracle=min(oracles, key=lambda one: sign * one, default=known.get("oracle")),
        accused=first_accused({one["name"]: one["value"] for one in scores}),
        experts=_score(min(experts, key=lambda one: sign * one["score"])) if experts else None,
    )


def _usual(order: Sequence[str], there: Sequence[str]) -> str:
    """Return the first name in an order that is there, or else the first that is there."""
    return next((one for one in order if one in there), there[0])


def _lines(results: Sequence[Result]) -> list[dict]:
    """Return a row per method and variant that has a score, means over seeds."""
    if not results:
        return []
    names = name_variants([one.method_name for one in results], results)
    frame = frame_of(results, READ).with_columns(shown=pl.Series(names))
    return average_seeds(frame, ["shown"]).filter(pl.col("score").is_not_null()).rows(named=True)


def _score(line: dict) -> MethodScore:
    return MethodScore(line["shown"], line["score"], line["low"], line["high"])
