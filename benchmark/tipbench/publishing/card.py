"""Write the card of an export: ``README.md``, whose head of YAML tells ``datasets`` and the Hugging Face Hub what to
load.

Each task and split is a config with the parts train, validation and test; each table is a config with one part, and so
is what is hidden of it.
"""

from __future__ import annotations

from typing import Any

import yaml
from tipdata.core.world import is_draft
from tipdata.documents.shipped import ethics
from tipdata.release.exported import CHECKSUMS, MANIFEST

from tipbench.publishing.facts import KEYWORDS, LANGUAGES, Facts, TableFile, cite_as
from tipbench.publishing.parts import Config

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


def card(facts: Facts) -> str:
    """Return the card: its head, and what a reader must know first."""
    head = yaml.safe_dump(front_matter(facts), sort_keys=False, allow_unicode=True, width=1_000)
    return f"---\n{head}---\n\n{_body(facts)}"


def front_matter(facts: Facts) -> dict[str, Any]:
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
            *(_config(one, one is facts.default_config) for one in facts.configs),
            *map(_table, facts.table_files()),
        ],
    }


def _config(config: Config, default: bool) -> dict[str, Any]:
    files = [{"split": part, "path": config.file(part)} for part in config.rows]
    return {"config_name": config.name, **({"default": True} if default else {}), "data_files": files}


def _table(file: TableFile) -> dict[str, Any]:
    return {"config_name": file.name, "data_files": [{"split": PART, "path": file.path}]}


def _body(facts: Facts) -> str:
    draft = "\n\n**This data version is a draft and may still change.**" if is_draft(facts.version) else ""
    return f"""# {facts.title}

{facts.summary}{draft}

This size: {facts.about_size}.

**Read [RESPONSIBLE-USE.md](RESPONSIBLE-USE.md) first.** A score is an indicator for human review, it does not estimate
performance in the field, and harm to lawful groups is reported beside it.

{_test(facts)}

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


def _rules_and_files(facts: Facts) -> str:
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


def _test(facts: Facts) -> str:
    return f"""## What the test part holds

The units to be predicted, and **no labels: they are null there**, so that nothing learns from them by mistake. They
are no secret. The generator is public, and `truth/` in this export holds the hidden tables, so that anyone can score
and check everything. Never fit or tune on `truth/`, and believe no score on an open release that you did not compute
yourself; sealed rounds of tipbench keep their truth until they close. In a task that is handed over step by step
(`recruitment_onset`, `route_forecast`) the whole stream is in the tables: only tipbench withholds the steps to come.
{_validation(facts)}"""


def _validation(facts: Facts) -> str:
    without = sorted({config.name for config in facts.configs if "train" not in config.rows})
    return f"Nothing is learnt in {', '.join(without)}: all units are test.\n" if without else ""


def _tasks_table(facts: Facts) -> str:
    lines = ["| config | question | unit | access | labels | train | validation | test |"]
    lines += ["|---|---|---|---|---|--:|--:|--:|"]
    for one in facts.configs:
        task = one.task
        rows = " | ".join(f"{one.rows.get(part, 0):,}" for part in ("train", "validation", "test"))
        question = task.question if one.headline else ""
        lines.append(f"| {one.name} | {question} | {task.unit} | {task.tier} | {task.labels[0]} | {rows} |")
    return "\n".join(lines)


def _tables_table(facts: Facts) -> str:
    lines = ["| table | rows | key | columns seen | hidden |", "|---|--:|---|--:|--:|"]
    for table in facts.tables.values():
        hidden = len(table.names("truth"))
        lines.append(
            f"| {table.name} | {facts.rows[table.name]:,} | {', '.join(table.key)} | {len(table.observed)} | {hidden} |"
        )
    return "\n".join(lines)
