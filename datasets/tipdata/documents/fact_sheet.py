"""Write the fact sheet from text/facts.yaml and the world file: ``python -m tipdata.documents.fact_sheet``."""

from __future__ import annotations

from collections.abc import Iterable
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
    ("category", "Ratios by category", "These ratios multiply the weights of all kinds in a category."),
    (
        "form",
        "Ratios by form",
        "These ratios multiply the weights of trafficking of a form, in addition to the ratio of trafficking.",
    ),
)
"""Group of parameters, and head and opening of its table."""
HEADS = {ALL: "Facts of all families", **{family: f"Facts of {family}" for family in FAMILIES}}


def sheet() -> str:
    """Return the fact sheet as Markdown."""
    listed = facts()
    levels = sum(len(fact.levels) for own in listed.values() for fact in own)
    tables = [_part(part, own) for part, own in listed.items()]
    return "\n".join([_opening(sum(map(len, listed.values())), levels), *tables, _leaning(), _together()])


def _opening(count: int, levels: int) -> str:
    return f"""# What adverts say

`python -m tipdata.documents.fact_sheet` writes this page from `text/facts.yaml` and `{versions()[VERSION]["world"]}`.
Do not edit it by hand.

An advert is drawn in three layers: *facts*, *words* and *noise*. This page lists the facts: {count} facts with {levels}
levels. `voice=i` is the level `i` of the fact `voice`. Each level has a weight per family of adverts and a ratio per
kind of operation, which multiplies the weight. Categories and forms have further ratios. Nothing else in the text of
an advert depends on the kind: the sentences of a level (`text/frames/`) are chosen without it.

An empty cell is a ratio of 1. A level with ratio 1 for all kinds does not depend on the kind. `assumed` is a guess of
the authors, not a finding. An assumed ratio *r* with width *w* may lie anywhere between *r*/*w* and *r* × *w*. Ratios
are assumptions about a simulated world. **They must not be used to judge an advert, let alone a person.**

## What the parameters rest on

{_rests_on()}

{_sources()}
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
            f"This table counts the parameters of `{versions()[VERSION]['world']}`. The *sign* says whether",
            "a value is higher or lower, the *magnitude* by how much. Every assumed magnitude has a width;",
            "`tipdata.core.assumptions` draws other worlds from these widths.\n",
            "| parameters of | all | source for sign and magnitude | source for sign only | assumed | definitions |",
            "|---|--:|--:|--:|--:|--:|",
            *rows,
        ]
    )


def _sources() -> str:
    """Return what the ratios of the facts rest on: the usual grounds, and a table of the facts that have a source."""
    listed = [fact for own in facts().values() for fact in own if fact.name != BY_ADOPTION]
    entries = [(fact.name, parameters(VERSION)[f"facts.law.{fact.part}.{fact.name}"]) for fact in listed]
    rows = [
        f"| {name} | {entry['sign']} | {entry.get('note', '')} |"
        for name, entry in entries
        if entry["sign"] != ASSUMED
    ]
    return "\n".join(
        [
            f"The magnitudes of all facts are assumed, with width {_width(entry for _, entry in entries)}. The",
            "signs of these facts have a source; all others are assumed:\n",
            "| fact | source of the sign | note |",
            "|---|---|---|",
            *rows,
        ]
    )


def _width(entries: Iterable[dict[str, Any]]) -> str:
    """Return the one width that parameters share; raise ValueError where they do not share one."""
    (width,) = {(entry["magnitude"], entry.get("times")) for entry in entries}
    if width[0] != ASSUMED:
        raise ValueError(f"the page says that magnitudes are assumed, not {width[0]}")
    return f"{width[1]:g}"


def _part(part: str, own: tuple[Fact, ...]) -> str:
    """Return the tables of the facts of a family, or of all families."""
    by_kind = [fact for fact in own if fact.name not in (BY_ADOPTION, *BY_MIGRATION)]
    weights = FAMILIES if part == ALL else ("weight",)
    made = [f"## {HEADS[part]}\n", _table(by_kind, (*weights, *KINDS))]
    if by_migration := [fact for fact in own if fact.name in BY_MIGRATION]:
        made += ["The weights of these facts depend on migration alone, not on the kind:\n"]
        made += [_table(by_migration, ("resident", "migrant"))]
    for fact in own:
        if fact.name == BY_ADOPTION:
            made += [
                "This level holds on days when contacts are obfuscated, which all who fear moderation adopt"
            ]
            made += ["(`tactics`):\n", _table([fact], ())]
    return "\n".join(made)


def _table(listed: list[Fact], heads: tuple[str, ...]) -> str:
    """Return a table with a row for each level of the facts: its meaning, and a number for each head."""
    lines = [
        f"| level | meaning |{''.join(f' {head} |' for head in heads)}",
        "|---|---|" + "--:|" * len(heads),
    ]
    for fact in listed:
        value = parameters(VERSION)[f"facts.law.{fact.part}.{fact.name}"]["value"] if heads else {}
        for level, meaning in fact.levels.items():
            cells = "".join(f" {cell} |" for cell in _numbers(value[level])) if heads else ""
            lines.append(f"| `{fact.name}={level}` | {meaning} |{cells}")
    return "\n".join(lines) + "\n"


def _numbers(law: dict[str, Any]) -> list[str]:
    """Return the weights and ratios of a level, with nothing in the place of a ratio of 1."""
    if "ratio" not in law:
        return [f"{law[head]:g}" for head in ("resident", "migrant")]
    ratios = [f"{ratio:g}" if ratio != 1 else "" for ratio in law["ratio"]]
    return [*(f"{weight:g}" for weight in law["weight"]), *ratios]


def _leaning() -> str:
    """Return the tables of ratios by category and by form."""
    made = []
    for group, head, about in LEANING:
        entries = [entry for path, entry in parameters(VERSION).items() if path.startswith(f"facts.{group}.")]
        about = f"{about} Their magnitudes are assumed, with width {_width(entries)}."
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
    likelier = [
        f"| {part} | `{one}` | `{two}` | {times:g} |"
        for part, listed in document["together"].items()
        for one, two, times in listed
    ]
    return "\n".join(
        [
            "## Which levels go together\n",
            "These pairs never hold for the same operation, so that no advert contradicts itself.",
            *_pairs(document["apart"]),
            "\nThese pairs may hold for the same operation, but no advert states both; it leaves out the later fact.",
            *_pairs(document["unsaid"]),
            "\nThese pairs are more likely together, for all kinds. Where the first level holds, the factor",
            "multiplies the weight of the second:\n",
            "| family | first | second | factor |",
            "|---|---|---|--:|",
            *likelier,
            "\n*Indicators* are counted per advert and compared with published counts:\n",
            "| family | indicators |",
            "|---|---|",
            *(f"| {family} | {_codes(said)} |" for family, said in document["indicators"].items()),
            "",
        ]
    )


def _pairs(rules: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return a list per family of levels that do not go together."""
    lines = []
    for part, listed in rules.items():
        lines += ["", "All families:" if part == ALL else f"{part.capitalize()}:", ""]
        lines += [f"- `{rule['said']}` with {_codes(rule['not'])}" for rule in listed]
    return lines


def _codes(levels: Iterable[str]) -> str:
    return ", ".join(f"`{level}`" for level in levels)


def write(path: Path = SHEET) -> None:
    """Write the sheet."""
    path.write_text(sheet(), encoding="utf-8")


if __name__ == "__main__":
    write()
