"""Write the fact sheet from text/facts.yaml and the world file: ``python -m tipdata.documents.fact_sheet``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tipdata.core.kinds import FAMILIES, KINDS
from tipdata.core.parameters import ASSUMED, Grounds, count_grounds
from tipdata.core.world import FOLDER, newest_released, parameters, versions
from tipdata.documents.project_files import render_markdown
from tipdata.stages.operations.state import BY_ADOPTION, BY_MIGRATION, BY_TOURING, MIGRATION, TOURING
from tipdata.text.documents import read_document
from tipdata.text.facts import ALL, Fact, facts

VERSION = newest_released()
TEMPLATE = Path(__file__).parent / "templates" / "facts.md.j2"
SHEET = FOLDER.parents[1] / "docs" / "facts.md"
RATIOS = (
    ("category", "Ratios by category", "These ratios apply to all kinds of operations in a category."),
    ("form", "Ratios by form", "These ratios apply to one form of trafficking, in addition to those above."),
)
"""Group of parameters, and head and opening of its table."""
HEADS = {ALL: "Facts of all families", **{family: f"Facts of {family}" for family in FAMILIES}}


def sheet() -> str:
    """Return the fact sheet as Markdown."""
    listed = facts()
    every = [fact for own in listed.values() for fact in own]
    entries = [(fact.name, _law(fact)) for fact in every if fact.name != BY_ADOPTION]
    return render_markdown(
        TEMPLATE,
        ALL=ALL,
        world=versions()[VERSION]["world"],
        facts=len(every),
        count=sum(len(fact.levels) for fact in every),
        grounds=_grounds_by_name(),
        width=_shared_width(entry for _, entry in entries),
        sourced=[(name, entry) for name, entry in entries if entry["sign"] != ASSUMED],
        parts=[_tables_of_part(part, own) for part, own in listed.items()],
        ratios=[_ratio_table(*group) for group in RATIOS],
        document=read_document("facts"),
    )


def _law(fact: Fact) -> dict[str, Any]:
    return parameters(VERSION)[f"state.law.{fact.part}.{fact.name}"]


def _grounds_by_name() -> dict[str, Grounds]:
    """Return what the parameters of the world rest on, by their first name and in all."""
    named: dict[str, list[dict[str, Any]]] = {}
    for path, entry in parameters(VERSION).items():
        named.setdefault(path.split(".")[0], []).append(entry)
    named["all"] = list(parameters(VERSION).values())
    return {name: count_grounds(entries) for name, entries in named.items()}


def _shared_width(entries: Iterable[dict[str, Any]]) -> str:
    """Return the one width that parameters share; raise ValueError where they do not share one."""
    (width,) = {(entry["magnitude"], entry.get("times")) for entry in entries}
    if width[0] != ASSUMED:
        raise ValueError(f"the page says that magnitudes are assumed, not {width[0]}")
    return f"{width[1]:g}"


def _tables_of_part(part: str, own: tuple[Fact, ...]) -> dict[str, Any]:
    weight = f"weight: {'/'.join(FAMILIES)}" if part == ALL else "weight"
    by_kind = [fact for fact in own if fact.name not in (BY_ADOPTION, BY_TOURING, *BY_MIGRATION)]
    by_migration = [fact for fact in own if fact.name in BY_MIGRATION]
    by_touring = [fact for fact in own if fact.name == BY_TOURING]
    return {
        "head": HEADS[part],
        "by_kind": _level_table(by_kind, (weight, *KINDS)),
        "by_migration": _level_table(by_migration, MIGRATION),
        "by_touring": _level_table(by_touring, TOURING),
        "by_adoption": _level_table([fact for fact in own if fact.name == BY_ADOPTION], ()),
    }


def _level_table(listed: list[Fact], heads: tuple[str, ...]) -> dict[str, Any]:
    """Return a table with a row for each level of the facts: its meaning, and a number for each head."""
    rows: list[tuple[str, str, list[str]]] = []
    for fact in listed:
        for level, meaning in fact.levels.items():
            law = _law(fact)["value"][level] if heads else {}
            if "ratio" in law:  # nothing stands in the place of a ratio of 1
                numbers = ["/".join(f"{weight:g}" for weight in law["weight"])]
                numbers += [f"{ratio:g}" if ratio != 1 else "" for ratio in law["ratio"]]
            else:
                numbers = [f"{law[head]:g}" for head in heads]
            rows.append((f"{fact.name}={level}", meaning, numbers))
    return {"heads": heads, "rows": rows}


def _ratio_table(group: str, head: str, about: str) -> tuple[str, str, str, str, dict[Any, list[str]]]:
    """Return a table of the ratios by category or by form: a row for each name and sign."""
    prefix = f"state.{group}."
    entries = {path: entry for path, entry in parameters(VERSION).items() if path.startswith(prefix)}
    rows: dict[tuple[str, str], list[str]] = {}
    for path, entry in entries.items():
        name, fact = path.removeprefix(prefix).split(".")
        levels = [f"`{fact}={level}`×{ratio:g}" for level, ratio in entry["value"].items()]
        rows.setdefault((name, entry["sign"]), []).extend(levels)
    return group, head, about, _shared_width(entries.values()), rows


if __name__ == "__main__":
    SHEET.write_text(sheet(), encoding="utf-8")
