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
            raise ValueError(
                f"{file}: {path} has no value, and coverage targets are worked out from one: give it."
            )
    sampled = Span(*[parameters[SAMPLE]["value"]["posts"]] * 2)
    views = _view_spans(parameters)
    most = UNBOUNDED | {view: span.high for view, span in views.items()}
    for names, found, least, upper, what in (
        (
            f"{SAMPLE} (posts)",
            sampled,
            0.45,
            1.0,
            "of posting trafficking operations are in the sample of payments",
        ),
        (
            f"{SAMPLE} and operations.hidden_kind",
            _silent_share(parameters),
            *(0.4, 0.6, "of illicit payments are of operations that never post"),
        ),
        (
            f"{SAMPLE}, operations.traits and operations.form",
            Span(0, at_most(list(most.values()), 4)),
            *(0.35, 1.0, "of posting trafficking operations are seen in four views or more"),
        ),
        (
            "operations.traits and operations.form",
            Span(0, at_most(list({**most, "payments": 1.0}.values()), 4)),
            *(0.5, 1.0, "of those in the sample of payments are seen in four views or more"),
        ),
        (
            "messages.lost",
            Span(0, 1 - least_of(parameters["messages.lost"])),
            *(0.85, 1.0, "of commitments gain their person"),
        ),
    ):
        if not found.meets(least, upper):
            wanted = f"at least {least:.0%}" if upper == 1 else f"{least:.0%} to {upper:.0%}"
            raise ValueError(f"{file}: with {names} {found} {what}, and the target is {wanted}.")


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

    The habit of touring does not depend on the line of work. Lines of work that make journeys may make none, or all.
    """
    stays, tours = parameters["operations.traits.circuit"]["value"]["trafficking"]
    forms = parameters["operations.form"]["value"]
    own_way = set(parameters["trips.own_way.returns"]["value"])
    journeys = sum(
        weight * _share(parameters[f"operations.category.{form}"]["value"], own_way)
        for form, weight in forms.items()
    ) / sum(forms.values())
    share = tours / (stays + tours)
    return Span(share * (1 - journeys), 1 - (1 - share) * (1 - journeys))


def _placing_share(parameters: Mapping[str, Entry]) -> float:
    return _share(
        parameters["operations.form"]["value"], set(parameters["suppliers.agencies.forms"]["value"])
    )


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
