"""Check, when a world file is loaded, whether its parameters can meet the coverage targets.

For each target that parameters decide, the smallest and largest value that their ranges allow is computed. If no value
in between meets the target, the file is refused. Other draws (how long lives are, where sites close) are not
considered: a file that passes may still miss a target, but a refused file cannot meet it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tipdata.core.parameters import iterate_numbers

SAMPLE = "payments.sampled"
BURDEN = 1.5
"""Payments of an operation that posts, divided by those of one that never does, lie between 1 / BURDEN and BURDEN."""
VIEW_ROWS = 3
"""An operation is seen in a view if it has at least so many rows there."""

NEEDED = (
    *("payments.sampled", "operations.traits.volume", "operations.traits.circuit", "operations.form"),
    *("operations.count", "operations.posting", "operations.hidden_kind"),
    *("trips.own_way.returns", "suppliers.agencies.forms"),
)
"""Parameters that must have a value; of others the ranges are read."""
UNBOUNDED = {"conversations": 1.0, "help": 1.0}
"""Views that no parameter bounds: who talks, is queued or is the subject of a contact follows from many draws. They
count as if every operation were seen in them."""

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Span:
    """A span of possible values, from ``low`` to ``high``."""

    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.high:.0%}"
        return f"{self.low:.0%} to {self.high:.0%}" if self.low else f"at most {self.high:.0%}"

    def meets(self, least: float, most: float = 1.0) -> bool:
        """Return whether some value of the span lies between these."""
        return self.high >= least and self.low <= most


def check(file: str, parameters: Mapping[str, Entry]) -> None:
    """Raise ValueError, with file, parameter, range and target, if no value in the ranges meets a target."""
    for path in NEEDED:
        if "value" not in parameters.get(path, {}):
            why = "has no value, and coverage targets are worked out from one"
            raise ValueError(f"{file}: {path} {why}: give it.")

    def meet(names: str, found: Span, what: str, least: float, most: float = 1.0) -> None:
        if not found.meets(least, most):
            wanted = f"at least {least:.0%}" if most == 1 else f"{least:.0%} to {most:.0%}"
            raise ValueError(f"{file}: with {names} {found} {what}, and the target is {wanted}.")

    posts = parameters[SAMPLE]["value"]["posts"]
    every, silent = "of posting trafficking operations", _silent_share(parameters)
    traits, many = "operations.traits and operations.form", "are seen in four views or more"
    seen = UNBOUNDED | {view: span.high for view, span in _view_spans(parameters).items()}
    meet(f"{SAMPLE} (posts)", Span(posts, posts), f"{every} are in the sample of payments", 0.45)
    what = "of illicit payments are of operations that never post"
    meet(f"{SAMPLE} and operations.hidden_kind", silent, what, 0.4, 0.6)
    meet(f"{SAMPLE}, {traits}", Span(0, at_most(list(seen.values()), 4)), f"{every} {many}", 0.35)
    sampled = Span(0, at_most(list({**seen, "payments": 1.0}.values()), 4))
    meet(traits, sampled, f"of those in the sample of payments {many}", 0.5)
    kept = Span(0, 1 - least_of(parameters["messages.lost"]))
    meet("messages.lost", kept, "of commitments gain their person", 0.85)


def at_most(shares: list[float], views: int) -> float:
    """Return the largest share that can be seen in ``views`` views or more, given the share seen in each view.

    The bound holds for any dependence: who is seen in ``views`` of all views is in ``views - k`` of those that remain
    when any k are removed.
    """
    rising = sorted(shares)
    bounds = [sum(rising[: len(rising) - k]) / (views - k) for k in range(views)]
    return min(1.0, *bounds)


def least_of(entry: Entry) -> float:
    """Return the smallest possible number of a parameter."""
    return min(iterate_numbers(entry.get("value", entry.get("range"))))


def most_of(entry: Entry) -> float:
    """Return the largest possible number of a parameter."""
    return max(iterate_numbers(entry.get("value", entry.get("range"))))


def _share(weights: Mapping[str, Any], names: set[str]) -> float:
    return sum(weight for name, weight in weights.items() if name in names) / sum(weights.values())


def _view_spans(parameters: Mapping[str, Entry]) -> dict[str, Span]:
    volume = parameters["operations.traits.volume"]["value"]
    few = {level for level in volume["levels"] if int(level.split("-")[-1]) < VIEW_ROWS}
    by_level = dict(zip(volume["levels"], volume["trafficking"], strict=True))
    return {
        "adverts": Span(0, 1 - _share(by_level, few)),
        "payments": Span(0, parameters[SAMPLE]["value"]["posts"]),
        "movement": Span(0, _moving_share(parameters).high),
        "firms": Span(0, _placing_share(parameters)),
    }


def _moving_share(parameters: Mapping[str, Entry]) -> Span:
    """Return the possible share of trafficking operations that tour or make journeys.

    Lines of work that make journeys may make none, or all.
    """
    stays, tours = parameters["operations.traits.circuit"]["value"]["trafficking"]
    forms = parameters["operations.form"]["value"]
    times = parameters["operations.touring"]["value"] if "operations.touring" in parameters else {}
    mean = sum(weight * times.get(form, 1) for form, weight in forms.items()) / sum(forms.values())
    own_way = set(parameters["trips.own_way.returns"]["value"])
    low = high = 0
    for form, weight in forms.items():
        share = tours / (stays + tours) * times.get(form, 1) / mean
        journeys = _share(parameters[f"operations.category.{form}"]["value"], own_way)
        low += weight * share * (1 - journeys)
        high += weight * (1 - (1 - share) * (1 - journeys))
    return Span(low / sum(forms.values()), high / sum(forms.values()))


def _placing_share(parameters: Mapping[str, Entry]) -> float:
    forms = set(parameters["suppliers.agencies.forms"]["value"])
    return _share(parameters["operations.form"]["value"], forms)


def _silent_share(parameters: Mapping[str, Entry]) -> Span:
    sampled = parameters[SAMPLE]["value"]
    count, posting = (parameters[f"operations.{name}"]["value"] for name in ("count", "posting"))
    hidden = (count - posting) * _share(parameters["operations.hidden_kind"]["value"], {"trafficking"})
    kinds = {path: entry for path, entry in parameters.items() if path.startswith("operations.kind.")}
    ours = kinds.pop("operations.kind.trafficking")
    low = least_of(ours) / (least_of(ours) + sum(map(most_of, kinds.values())))
    high = most_of(ours) / (most_of(ours) + sum(map(least_of, kinds.values())))
    moving = _moving_share(parameters)
    shares = (moving.low, 1 - (1 - moving.high) * (1 - _placing_share(parameters)))
    mixed = [hidden * (share * sampled["seen"] + (1 - share) * sampled["silent"]) for share in shares]
    few, many = min(mixed), max(mixed)
    least, most = (posting * share * sampled["posts"] for share in (low, high))
    if few + least * BURDEN <= 0 or many + most <= 0:
        return Span(0, 0)
    return Span(few / (few + most * BURDEN), many / (many + least / BURDEN))
