"""Name the variants of a method in a sweep by what differs between them: ``lightgbm [learning_rate=0.1]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tipbench.runs.cell import HASHED
from tipbench.runs.results import Result

PLACED = ("task", "release", "split")
"""Settings that have columns of their own or that the data's name says."""
ABSENT = "default"


def variant_names(results: Sequence[Result]) -> list[str]:
    """Return for each result what tells it from the other variants of its method on the same data; '' for an only one.

    A variant is a method with other parameters, labels, access, replicates or data config. Splits and seeds are none.
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for number, result in enumerate(results):
        groups.setdefault((result.data, result.task, result.method), []).append(number)
    names = [""] * len(results)
    for numbers in groups.values():
        settings = [dict(_settings(results[number])) for number in numbers]
        keys = sorted({key for one in settings for key in one})
        differing = [key for key in keys if len({repr(one.get(key, ABSENT)) for one in settings}) > 1]
        short = _short(differing)
        for number, one in zip(numbers, settings, strict=True):
            names[number] = ", ".join(f"{short[key]}={one.get(key, ABSENT)}" for key in differing)
    return names


def _settings(result: Result) -> Iterator[tuple[str, Any]]:
    """Yield what decides a result beside its place, by dotted key."""
    config: Mapping[str, Any] = dict(result.config)
    for key in (*HASHED, "data"):
        if key not in PLACED and key in config:
            yield from _flat(key, config[key])
    method = (config.get("baseline") or {}).get("method") or {}
    yield from _flat("method", method)


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{key}.{name}", inner)
    else:
        yield key, value


def _short(keys: Sequence[str]) -> dict[str, str]:
    """Return each key's last part, or the whole key where two share it."""
    last = [key.rpartition(".")[2] for key in keys]
    return {key: key if last.count(short) > 1 else short for key, short in zip(keys, last, strict=True)}
