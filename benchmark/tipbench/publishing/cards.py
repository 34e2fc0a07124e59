"""cards"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from tipdata.core.grounds import Grounds, grounds_of
from tipdata.core.tables import LABEL, TIERS, Table
from tipdata.core.world import FOLDER, entry_of, is_draft, parameters, profile
from tipdata.documents.project_files import ethics
from tipdata.release import manifest_folder
from tipdata.release.release import CHECKSUMS, MANIFEST
from tipdata.stages import stages_of

from tipbench.publishing.data_files import Config
from tipbench.publishing.facts import KEYWORDS, LANGUAGES, ReleaseFacts, TableFile, authors, cite_as
from tipbench.tasks import tasks

RESPONSIBLE_USE = (
    "Intended use",
    "Prohibited use",
    "What an open test cannot show",
    "Harm is measured beside detection",
    "What it leaves out, on purpose",
    "Review and retirement",
    "Report a concern",
)


def responsible_use(facts: ReleaseFacts) -> str:
    """Return the statement as Markdown."""
    parts = "\n\n".join(f"## {heading}\n{ethics()[heading]}" for heading in RESPONSIBLE_USE)
    return (
        f"# Responsible use of tipbench {facts.name}\n\n"
        "This page belongs to the data: keep it with every copy. The licence (LICENSE-DATA) asks for credit; the "
        f"authors ask for what follows.\n\n{parts}\n"
    )


PART = "table"
"""The one part of a table's config."""
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
)
_TASK_CATEGORIES = ["text-classification", "tabular-classification", "graph-ml", "time-series-forecasting"]


def card(facts: ReleaseFacts) -> str:
    """Return the card: its head, and what a reader must know first."""
    head = yaml.safe_dump(front_matter(facts), sort_keys=False, allow_unicode=True, width=1_000)
    return f"---\n{head}---\n\n{_body(facts)}"


def front_matter(facts: ReleaseFacts) -> dict[str, Any]:
    """Return the metadata of the card."""
    return {
        "pretty_name": facts.title,
        "license": "cc-by-4.0",
        "language": list(LANGUAGES),
        "multilinguality": "multilingual",
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "source_datasets": ["original"],
        "size_categories": [next((name for most, name in _SIZES if facts.total < most), "n>10M")],
        "task_categories": _TASK_CATEGORIES,
        "tags": [word.replace(" ", "-") for word in KEYWORDS],
        "configs": [
            *(_task_config(one, one is facts.default_config) for one in facts.configs),
            *map(_table_config, facts.table_files()),
        ],
    }


def _task_config(config: Config, default: bool) -> dict[str, Any]:
    files = [{"split": part, "path": config.file(part)} for part in config.rows]
    return {"config_name": config.name, **({"default": True} if default else {}), "data_files": files}


def _table_config(file: TableFile) -> dict[str, Any]:
    return {"config_name": file.name, "data_files": [{"split": PART, "path": file.path}]}


def _body(facts: ReleaseFacts) -> str:
    draft = "\n\n**This data version is a draft and may still change.**" if is_draft(facts.version) else ""
    return f"""# {facts.title}

{facts.summary}{draft}

This size: {facts.about_size}.

**Read [RESPONSIBLE-USE.md](RESPONSIBLE-USE.md) first.** A score is an indicator for human review, it does not estimate
performance in the field, and harm to lawful groups is reported beside it.

{_test_section(facts)}

## Load it

```python
from datasets import load_dataset

parts = load_dataset("PATH_OR_NAME", "{facts.default_config.name}")  # train, validation, test
adverts = load_dataset("PATH_OR_NAME", "adverts", split="{PART}")  # a whole table
```

```python
import tipbench  # checks the files, and gives every split, access and label set of a task with the tables beside it

fold = tipbench.load("{facts.default_config.task.name}", release="PATH_OR_URL", split="forward")
```

## Tasks

A config `TASK.SPLIT` holds the units of a task in the columns that a method of the task's access may see, beside the
labels of its default supervision. Rows of other tables are joined by the ids that both hold. A unit with several labels
has a row for each (`case_linkage`). The first config of a task is its headline split.

{_tasks_table(facts)}

## Tables

One file each in `tables/`, what is hidden in `truth/` (configs `NAME.truth`, joined by the key).
[schema.svg](schema.svg) draws them; each column's access, unit and meaning is in [croissant.json](croissant.json).

{_tables_table(facts)}

{_rules_and_files(facts)}"""


def _rules_and_files(facts: ReleaseFacts) -> str:
    """Return what is prohibited, what is left out, what each file is, where a concern goes, and how to cite."""
    return f"""## Prohibited use

{ethics()["Prohibited use"]}

## What it leaves out

{ethics()["What it leaves out, on purpose"]}

## Files

| file | what it is |
|---|---|
| `tasks/`, `tables/`, `truth/` | the data, parquet |
| `DATASHEET.md` | why and how it was made, what its parameters rest on, limits, retirement |
| `RESPONSIBLE-USE.md`, `LICENSE-DATA` | uses that are intended and prohibited; CC BY 4.0 |
| `croissant.json` | Croissant 1.1 with Responsible-AI fields |
| `datacite.json`, `.zenodo.json`, `CITATION.cff` | metadata for a DOI, a deposit, a reference |
| `{MANIFEST}` | digests of every column by region, whatever the file format |
| `{CHECKSUMS}` | SHA-256 of every other file: `sha256sum -c {CHECKSUMS}` |

## Report a concern

{ethics()["Report a concern"]}

## Cite

```bibtex
{cite_as(facts)}
```
"""


def _test_section(facts: ReleaseFacts) -> str:
    return f"""## What the test part holds

The units to be predicted, and **no labels: they are null there**, so that nothing learns from them by mistake. They
are no secret. The generator is public, and `truth/` in this export holds the hidden tables, so that anyone can score
and check everything. Never fit or tune on `truth/`, and believe no score on an open release that you did not compute
yourself; sealed rounds of tipbench keep their truth until they close. In a task that is handed over step by step
(`recruitment_onset`, `route_forecast`) the whole stream is in the tables: only tipbench withholds the steps to come.
{_validation(facts)}"""


def _validation(facts: ReleaseFacts) -> str:
    without = sorted({config.name for config in facts.configs if "train" not in config.rows})
    return f"Nothing is learnt in {', '.join(without)}: all units are test.\n" if without else ""


def _tasks_table(facts: ReleaseFacts) -> str:
    lines = ["| config | question | unit | access | labels | train | validation | test |"]
    lines += ["|---|---|---|---|---|--:|--:|--:|"]
    for one in facts.configs:
        task = one.task
        rows = " | ".join(f"{one.rows.get(part, 0):,}" for part in ("train", "validation", "test"))
        question = task.question if one.headline else ""
        lines.append(f"| {one.name} | {question} | {task.unit} | {task.tier} | {task.labels[0]} | {rows} |")
    return "\n".join(lines)


def _tables_table(facts: ReleaseFacts) -> str:
    lines = ["| table | rows | key | columns seen | hidden |", "|---|--:|---|--:|--:|"]
    for table in facts.tables.values():
        hidden = len(table.names("truth"))
        lines.append(
            f"| {table.name} | {facts.rows[table.name]:,} | {', '.join(table.key)} | {len(table.observed)} | {hidden} |"
        )
    return "\n".join(lines)


CARDS = FOLDER.parent / "cards" / "releases"
_COUNTED = (*TIERS, LABEL)


def datasheet(facts: ReleaseFacts) -> str:
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


def _motivation(facts: ReleaseFacts) -> str:
    return (
        "Real data on trafficking in persons is private, gated or unsafe to share, so that methods are compared on "
        "scrapes that nobody else can see, with proxy labels. This release is drawn from one simulated world whose "
        "truth is known: methods can be compared in the open, leakage and the bias of proxy labels be measured, and "
        f"harm to lawful groups be counted beside every detection score. This size: {facts.about_size}.\n\n"
        f"Made by {' and '.join(authors())}. The repository names no funder."
    )


def _composition(facts: ReleaseFacts) -> str:
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


def _making(facts: ReleaseFacts) -> str:
    entry = entry_of(facts.version)
    return (
        f"Nothing was collected. The simulator of tipbench drew it from the parameters in `{entry['world']}` with the "
        f"seed {entry['seed']}{_world(facts)}: a region is a pure function of version, seed and number, so that "
        f"`tipbench data make release={facts.size}` makes the same values anywhere (digest "
        f"`{facts.manifest['digest']}`)."
        f"{_profile(facts)}\n\nReason for this version: {entry['reason']}.\n\n{_grounds(facts)}"
    )


def _world(facts: ReleaseFacts) -> str:
    return (
        f" of independent world {facts.world}, which is no published release and no board's"
        if facts.world
        else ""
    )


def _profile(facts: ReleaseFacts) -> str:
    own = profile(facts.size)
    if not own:
        return ""
    return (
        f" This size sets {len(own)} parameters of its own, so that rare kinds are seen often enough; the column "
        "`operations.weight` restores the world's shares."
    )


def _grounds(facts: ReleaseFacts) -> str:
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


def _limits(facts: ReleaseFacts) -> str:
    return (
        "*A synthetic score does not estimate field performance.* "
        f"{facts.about_size[0].upper()}{facts.about_size[1:]}.\n\n{ethics()['What it leaves out, on purpose']}\n\n"
        f"{ethics()['What an open test cannot show']}"
    )


def _distribution(facts: ReleaseFacts) -> str:
    where = f" It is published at {facts.url}." if facts.url else ""
    doi = f" DOI: {facts.doi}." if facts.doi else ""
    return (
        "Licence CC BY 4.0 with a statement on responsible use (LICENSE-DATA, RESPONSIBLE-USE.md)."
        f"{where}{doi} `tipbench data export` writes it with checksums and metadata; `tipbench data make` makes it."
    )


def _versions(facts: ReleaseFacts) -> str:
    status = "a draft, which may still change" if is_draft(facts.version) else "released, which never changes"
    return (
        f"Data version {facts.version} is {status}. A change of values is a new version with a reason in CHANGELOG.md; "
        "older ones stay readable by their manifests."
    )


def published_datasheets() -> dict[str, str]:
    """Return the datasheets of all published releases by the name of their file below :data:`CARDS`."""
    files = sorted(manifest_folder().glob("*/*.json"))
    return {
        f"{path.parent.name}/{path.stem}.md": datasheet(
            ReleaseFacts(json.loads(path.read_text(encoding="utf-8")))
        )
        for path in files
    }


def main(words: list[str], folder: Path = CARDS) -> int:
    """Write every datasheet, or with ``--check`` say which are not up to date; returns the exit code."""
    made = published_datasheets()
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
