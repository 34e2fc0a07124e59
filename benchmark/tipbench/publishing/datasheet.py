"""Write the datasheet of a release from manifest, tables, tasks and world file, so that it cannot drift from them.

``python -m tipbench.publishing.datasheet`` writes the datasheet of each published release to
``datasets/cards/releases``; with ``--check`` it says which are not up to date, and ends with 1. Its questions are those
of Gebru et al. (2021), Datasheets for datasets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tipdata.core.grounds import Grounds, grounds_of
from tipdata.core.tables import LABEL, TIERS, Table
from tipdata.core.world import FOLDER, entry_of, is_draft, parameters, profile
from tipdata.documents.shipped import ethics
from tipdata.release import manifest_folder
from tipdata.stages import stages_of

from tipbench.publishing.facts import Facts, authors
from tipbench.tasks import tasks

CARDS = FOLDER.parent / "cards" / "releases"
_COUNTED = (*TIERS, LABEL)


def datasheet(facts: Facts) -> str:
    """Return the datasheet of a release as Markdown."""
    return "\n\n".join(
        f"## {heading}\n\n{body}" if heading else body
        for heading, body in (
            ("", f"# Datasheet of tipbench {facts.name}\n\n{facts.summary}"),
            ("Motivation", _motivation(facts)),
            ("Composition", _composition(facts)),
            ("How it was made", _making(facts)),
            ("Labels and splits", _tasks()),
            ("Intended uses", ethics()["Intended use"]),
            ("Prohibited uses", ethics()["Prohibited use"]),
            ("Limits", _limits(facts)),
            ("Distribution", _distribution(facts)),
            ("Maintenance and retirement", f"{_versions(facts)}\n\n{ethics()['Review and retirement']}"),
            ("Report a concern", ethics()["Report a concern"]),
        )
    ) + "\n"  # fmt: skip


def _motivation(facts: Facts) -> str:
    return (
        "Real data on trafficking in persons is private, gated or unsafe to share, so that methods are compared on "
        "scrapes that nobody else can see, with proxy labels. This release is drawn from one simulated world whose "
        "truth is known: methods can be compared in the open, leakage and the bias of proxy labels be measured, and "
        f"harm to lawful groups be counted beside every detection score. This size: {facts.about_size}.\n\n"
        f"Made by {' and '.join(authors())}. The repository names no funder."
    )


def _composition(facts: Facts) -> str:
    header = "| table | what a row is | rows | " + " | ".join(f"{tier}" for tier in _COUNTED) + " |"
    lines = [header, "|---|---|--:|" + "--:|" * len(_COUNTED)]
    lines += [_table_line(table, facts.rows[table.name]) for table in facts.tables.values()]
    return (
        f"{facts.regions} regions, independent of each other but for shared world factors; {facts.total:,} rows in "
        f"{len(facts.rows)} tables over 730 days. Columns are counted by who may see them: anyone (public), the "
        "company that runs a site, hotline or audit (platform), a court (legal); `truth` is hidden from methods, "
        "`label` is supervision. Missing values are part of the data: the field was left empty, or does not apply.\n\n"
        + "\n".join(lines)
        + f"\n\n{ethics()['What the data holds']}\n\nIt describes no person, so that nobody could be identified or "
        "give consent. Text is in Arabic, Chinese, English, French, Russian and Spanish."
    )


def _table_line(table: Table, rows: int) -> str:
    counts = " | ".join(str(len(table.names(tier))) for tier in _COUNTED)
    note = (table.note.split(". ")[0].rstrip(".") or ", ".join(table.key)).replace("|", "/")
    return f"| {table.name} | {note} | {rows:,} | {counts} |"


def _making(facts: Facts) -> str:
    entry = entry_of(facts.version)
    return (
        f"Nothing was collected. The simulator of tipbench drew it from the parameters in `{entry['world']}` with the "
        f"seed {entry['seed']}{_world(facts)}: a region is a pure function of version, seed and number, so that "
        f"`tipbench data make release={facts.size}` makes the same values anywhere (digest "
        f"`{facts.manifest['digest']}`)."
        f"{_profile(facts)}\n\nReason for this version: {entry['reason']}.\n\n{_grounds(facts)}"
    )


def _world(facts: Facts) -> str:
    return (
        f" of independent world {facts.world}, which is no published release and no board's"
        if facts.world
        else ""
    )


def _profile(facts: Facts) -> str:
    own = profile(facts.size)
    if not own:
        return ""
    return (
        f" This size sets {len(own)} parameters of its own, so that rare kinds are seen often enough; the column "
        "`operations.weight` restores the world's shares."
    )


def _grounds(facts: Facts) -> str:
    """Return what parameters rest on, by stage and in all, each parameter counted once."""
    listed = parameters(facts.version)
    lines = [
        "| stage | parameters | sign and magnitude have a source | the sign alone | assumed | definitions |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [_grounds_line(stage, grounds) for stage, grounds in grounds_by_stage(facts.version)]
    total = grounds_of(listed.values())
    lines.append(_grounds_line("**all**", total))
    return (
        f"What its {total.total:,} parameters rest on. An assumed one is never a point: it has a range, and rankings "
        "are to be held against draws of it.\n\n"
        + "\n".join(lines)
        + f"\n\nSources: {', '.join(total.sources)} "
        "(`datasets/sources.bib`)."
    )


def grounds_by_stage(version: str) -> Iterator[tuple[str, Grounds]]:
    """Yield what the parameters of each stage rest on, and of those that are of no stage alone; each counted once."""
    left = dict(parameters(version))
    for stage in stages_of(version):
        own = {path: left.pop(path) for path in list(left) if stage.owns(path)}
        if own:
            yield stage.name, grounds_of(own.values())
    if left:
        yield "of the world", grounds_of(left.values())


def _grounds_line(name: str, of: Grounds) -> str:
    return f"| {name} | {of.total} | {of.both} | {of.sign} | {of.assumed} | {of.definitions} |"


def _tasks() -> str:
    lines = ["| task | question | unit | access | labels, the default first | splits, the default first |"]
    lines += ["|---|---|---|---|---|---|"]
    for task in tasks().values():
        lines.append(
            f"| {task.name} | {task.question} | {task.unit} | {task.tier} | {', '.join(task.labels)} | "
            f"{', '.join(task.splits)} |"
        )
    return (
        "A label is a function of hidden state, never of an emitted column. What a method learns from need not be true "
        "(expert raters, flags, shared phone numbers); the test is always scored on the truth. A small size may not "
        "have every split.\n\n" + "\n".join(lines)
    )


def _limits(facts: Facts) -> str:
    return (
        "*A synthetic score does not estimate field performance.* "
        f"{facts.about_size[0].upper()}{facts.about_size[1:]}.\n\n{ethics()['What it leaves out, on purpose']}\n\n"
        f"{ethics()['What an open test cannot show']}"
    )


def _distribution(facts: Facts) -> str:
    where = f" It is published at {facts.url}." if facts.url else ""
    doi = f" DOI: {facts.doi}." if facts.doi else ""
    return (
        "Licence CC BY 4.0 with a statement on responsible use (LICENSE-DATA, RESPONSIBLE-USE.md)."
        f"{where}{doi} `tipbench data export` writes it with checksums and metadata; `tipbench data make` makes it."
    )


def _versions(facts: Facts) -> str:
    status = "a draft, which may still change" if is_draft(facts.version) else "released, which never changes"
    return (
        f"Data version {facts.version} is {status}. A change of values is a new version with a reason in CHANGELOG.md; "
        "older ones stay readable by their manifests."
    )


def published() -> dict[str, str]:
    """Return the datasheets of all published releases by the name of their file below :data:`CARDS`."""
    files = sorted(manifest_folder().glob("*/*.json"))
    return {
        f"{path.parent.name}/{path.stem}.md": datasheet(Facts(json.loads(path.read_text(encoding="utf-8"))))
        for path in files
    }


def main(words: list[str], folder: Path = CARDS) -> int:
    """Write every datasheet, or with ``--check`` say which are not up to date; returns the exit code."""
    made = published()
    if words == ["--check"]:
        old = [name for name, text in made.items() if not _is(folder / name, text)]
        sys.stdout.writelines(f"not up to date: {folder / name}\n" for name in old)
        return 1 if old else 0
    for name, text in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
