"""Write the fact sheet from text/facts.yaml and the world file: ``python -m tipdata.documents.fact_sheet``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tipdata.core.grounds import ASSUMED, grounds_of
from tipdata.core.kinds import FAMILIES, KINDS
from tipdata.core.world import FOLDER, newest_released, parameters, versions
from tipdata.stages.operations.facts import BY_ADOPTION, BY_MIGRATION
from tipdata.text.facts import ALL, Fact, facts
from tipdata.text.reading import read

VERSION = newest_released()
SHEET = FOLDER.parents[1] / "docs" / "facts.md"
LEANING = (
    (
        "category",
        "What leans by category",
        "The weight of a level, times this, whoever posts in the category.",
    ),
    (
        "form",
        "What leans by form",
        "The weight of a level in trafficking of a form, times this beside the ratio of trafficking.",
    ),
)
"""Group of parameters, and head and opening of its table."""
HEADS = {ALL: "Facts of all families", **{family: f"Facts of {family}" for family in FAMILIES}}


def sheet() -> str:
    """Return the fact sheet as Markdown."""
    listed = facts()
    levels = sum(len(fact.levels) for own in listed.values() for fact in own)
    parts = [_opening(sum(map(len, listed.values())), levels)]
    for part, own in listed.items():
        parts.append(f"## {HEADS[part]}\n")
        parts += [_fact(fact) for fact in own]
    return "\n".join([*parts, _leaning(), _together()])


def _opening(count: int, levels: int) -> str:
    return f"""# What adverts say

Written by `python -m tipdata.documents.fact_sheet` from `text/facts.yaml` and `{versions()[VERSION]["world"]}`; do
not edit it by hand.

An advert is drawn in three layers: *facts*, *words*, *noise*. This page is about the first:
{count} facts with {levels} levels. A fact has a law: a weight of each level by family, and by kind a ratio that
multiplies it; a category multiplies it for all kinds alike, a form for trafficking of it alone. Nothing else of an
advert's text depends on the kind: the sentences of a level (`text/frames/`) are chosen without it.

A level with a ratio of 1 for all kinds is null. *Sign* is what it rests on that a level is more or less frequent in
trafficking; *magnitude* what its size rests on. `assumed` is a guess of the authors and no finding; the range of an
assumed ratio is from itself divided by the number after it to itself times it. A ratio is an assumption about a
simulated world. **It must not be used to judge an advert, let alone a person.**

{_rests_on()}
"""


def _rests_on() -> str:
    """Return the table of what the parameters of the world rest on, by their first name."""
    named: dict[str, list[dict[str, Any]]] = {}
    for path, entry in parameters(VERSION).items():
        named.setdefault(path.split(".")[0], []).append(entry)
    every = {**named, "all": list(parameters(VERSION).values())}
    counted = {name: grounds_of(entries) for name, entries in every.items()}
    rows = [
        f"| {name} | {own.total} | {own.both} | {own.sign} | {own.assumed} | {own.definitions} |"
        for name, own in counted.items()
    ]
    return "\n".join(
        [
            f"What the parameters of `{versions()[VERSION]['world']}` rest on. All that is assumed, if only in its",
            "magnitude, has a width, from which `tipdata.core.assumptions` draws other worlds.\n",
            "| parameters of | all | sign and magnitude have a source | the sign alone | assumed | definitions |",
            "|---|--:|--:|--:|--:|--:|",
            *rows,
        ]
    )


def _fact(fact: Fact) -> str:
    if fact.name == BY_ADOPTION:
        lines = "\n".join(f"| `{level}` | {meaning} |" for level, meaning in fact.levels.items())
        why = "Follows from whether contacts are obfuscated on the day; all who fear moderation adopt it (`tactics`)."
        return f"### {fact.name}\n\n{why}\n\n| level | meaning |\n|---|---|\n{lines}\n"
    entry = parameters(VERSION)[f"facts.law.{fact.part}.{fact.name}"]
    grounds = f"Sign: {entry['sign']}. Magnitude: {entry['magnitude']}"
    grounds += f", times or divided by {entry['times']:g}." if entry["magnitude"] == ASSUMED else "."
    note = f" {entry['note'].capitalize()}." if "note" in entry else ""
    if fact.name in BY_MIGRATION:
        grounds = f"Depends on migration alone, and so says nothing about the kind. {grounds}"
    return f"### {fact.name}\n\n{grounds}{note}\n\n{_table(fact, entry['value'])}\n"


def _table(fact: Fact, value: dict[str, dict[str, Any]]) -> str:
    if fact.name in BY_MIGRATION:
        heads, numbers = ["resident", "migrant"], [[x["resident"], x["migrant"]] for x in value.values()]
    else:
        weights = FAMILIES if fact.part == ALL else ("weight",)
        heads = [*weights, *KINDS]
        numbers = [[*value[level]["weight"], *value[level]["ratio"]] for level in fact.levels]
    rows = [
        f"| `{level}` | {meaning} | {' | '.join(f'{number:g}' for number in row)} |"
        for (level, meaning), row in zip(fact.levels.items(), numbers, strict=True)
    ]
    lines = [f"| level | meaning | {' | '.join(heads)} |", "|---|---|" + "--:|" * len(heads), *rows]
    return "\n".join(lines)


def _leaning() -> str:
    """Return the tables of what leans by category and by form."""
    made = []
    for group, head, about in LEANING:
        made.append(f"## {head}\n\n{about}\n\n| {group} | level: ratio | sign |\n|---|---|---|")
        rows: dict[tuple[str, str], list[str]] = {}
        for path, entry in parameters(VERSION).items():
            if path.startswith(f"facts.{group}."):
                name, fact = path.removeprefix(f"facts.{group}.").split(".")
                said = [f"`{fact}={level}`: {ratio:g}" for level, ratio in entry["value"].items()]
                rows.setdefault((name, entry["sign"]), []).extend(said)
        made += [f"| {name} | {', '.join(said)} | {sign} |" for (name, sign), said in rows.items()]
        made.append("")
    return "\n".join(made)


def _together() -> str:
    document = read("facts")
    made = ["## Which go together\n", "Ruled out in one advert, so that no text contradicts itself:\n"]
    for part, listed in document["apart"].items():
        made += [
            f"- {part}: `{rule['said']}` with {', '.join(f'`{x}`' for x in rule['not'])}" for rule in listed
        ]
    made.append(
        "\nMay both hold for an operation, but are not said in one advert (the later fact stays unsaid):\n"
    )
    for part, listed in document["unsaid"].items():
        made += [
            f"- {part}: `{rule['said']}` with {', '.join(f'`{x}`' for x in rule['not'])}" for rule in listed
        ]
    made.append(
        "\nLikelier together, whoever posts (the weight of the second is multiplied where the first holds):\n"
    )
    for part, listed in document["together"].items():
        made += [f"- {part}: `{one}` and `{two}`, times {times:g}" for one, two, times in listed]
    made.append("\n*Indicators*, which are counted per advert and held against published counts:\n")
    made += [
        f"- {family}: {', '.join(f'`{x}`' for x in said)}" for family, said in document["indicators"].items()
    ]
    return "\n".join(made) + "\n"


def write(path: Path = SHEET) -> None:
    """Write the sheet."""
    path.write_text(sheet(), encoding="utf-8")


if __name__ == "__main__":
    write()
