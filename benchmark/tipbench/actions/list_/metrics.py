"""What ``tipbench list metrics`` says of each metric, as its entry of the registry has it."""

from typing import Any

from tipbench.metrics.registry import families


def complete(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a line per metric, with the kinds that it scores; no file describes a metric."""
    found: dict[str, dict[str, Any]] = {}
    for family in families().values():
        for metric in family.metrics:
            line = found.setdefault(metric.name, {"name": metric.name, "kind": "", "summary": metric.about})
            kinds = [one for one in line["kind"].split(", ") if one]
            line["kind"] = ", ".join(dict.fromkeys((*kinds, family.kind.name)))
            line["better"] = "lower" if metric.lower_is_better else "higher"
            line["unit"] = metric.unit
    return [*lines, *found.values()]
