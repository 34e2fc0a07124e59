"""Write the documents of an export: its card ``README.md``, its datasheet, and the statement on responsible use.

The head of the card is YAML, which tells ``datasets`` and the Hugging Face Hub what to load: each task and split is a
config with the parts train, validation and test; each table, and its hidden columns, is a config with one part. The
datasheet answers the questions of Gebru et al. (2021), Datasheets for datasets.

``python -m tipbench.publishing.cards`` writes the datasheet of each published release to ``datasets/cards/releases``.
With ``--check`` it names those that are not up to date and exits with 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from tipdata.core.kinds import LANGUAGES
from tipdata.core.parameters import Grounds, count_grounds
from tipdata.core.tables import LABEL, TIERS
from tipdata.core.world import FOLDER, entry_of, is_draft, parameters, profile
from tipdata.documents.project_files import ethics, render_markdown, write_or_check
from tipdata.release import manifest_folder
from tipdata.stages import stages_of

from tipbench.publishing.facts import KEYWORDS, ExportFacts, authors, cite_as
from tipbench.tasks import tasks

TEMPLATES = Path(__file__).parent / "templates"
CARDS = FOLDER.parent / "cards" / "releases"
PART = "table"
"""The one part of a table's config."""
_SIZES = {10**3: "n<1K", 10**4: "1K<n<10K", 10**5: "10K<n<100K", 10**6: "100K<n<1M", 10**7: "1M<n<10M"}
_TASK_CATEGORIES = ["text-classification", "tabular-classification", "graph-ml", "time-series-forecasting"]


def responsible_use(facts: ExportFacts) -> str:
    """Return the statement on responsible use, which every copy of the data holds, as Markdown."""
    return render_markdown(TEMPLATES / "responsible_use.md.j2", facts=facts, ethics=ethics())


def card(facts: ExportFacts) -> str:
    """Return the card: its head, and what a reader must know first."""
    return render_markdown(
        TEMPLATES / "card.md.j2",
        head=yaml.safe_dump(front_matter(facts), sort_keys=False, allow_unicode=True, width=1_000),
        facts=facts,
        is_draft=is_draft(facts.version),
        untrained=sorted({config.name for config in facts.configs if "train" not in config.rows}),
        part=PART,
        ethics=ethics(),
        cite_as=cite_as(facts),
    )


def front_matter(facts: ExportFacts) -> dict[str, Any]:
    """Return the metadata of the card."""
    tasks_of = [
        {
            "config_name": one.name,
            **({"default": True} if one is facts.default_config else {}),
            "data_files": [{"split": part, "path": one.file(part)} for part in one.rows],
        }
        for one in facts.configs
    ]
    files = facts.table_files()
    tables = [{"config_name": o.name, "data_files": [{"split": PART, "path": o.path}]} for o in files]
    return {
        "pretty_name": facts.title,
        "license": "cc-by-4.0",
        "language": list(LANGUAGES),
        "multilinguality": "multilingual",
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "source_datasets": ["original"],
        "size_categories": [next((name for most, name in _SIZES.items() if facts.total < most), "n>10M")],
        "task_categories": _TASK_CATEGORIES,
        "tags": [word.replace(" ", "-") for word in KEYWORDS],
        "configs": [*tasks_of, *tables],
    }


def datasheet(facts: ExportFacts) -> str:
    """Return the datasheet of a release as Markdown."""
    total = count_grounds(parameters(facts.version).values())
    return render_markdown(
        TEMPLATES / "datasheet.md.j2",
        facts=facts,
        authors=authors(),
        tiers=(*TIERS, LABEL),
        entry=entry_of(facts.version),
        profile=profile(facts.version, facts.size),
        total=total,
        grounds=[*grounds_by_stage(facts.version), ("**all**", total)],
        tasks=list(tasks().values()),
        is_draft=is_draft(facts.version),
        ethics=ethics(),
    )


def grounds_by_stage(version: str) -> Iterator[tuple[str, Grounds]]:
    """Yield what the parameters of each stage rest on, and of those that are of no stage alone; each counted once."""
    left = dict(parameters(version))
    for stage in stages_of(version):
        own = {path: left.pop(path) for path in list(left) if stage.owns(path)}
        if own:
            yield stage.name, count_grounds(own.values())
    if left:
        yield "of the world", count_grounds(left.values())


def published_datasheets() -> dict[str, str]:
    """Return the datasheets of all published releases by the name of their file below :data:`CARDS`."""
    found = {}
    for path in sorted(manifest_folder().glob("*/*.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found[f"{path.parent.name}/{path.stem}.md"] = datasheet(ExportFacts(manifest))
    return found


def main(words: list[str], folder: Path = CARDS) -> int:
    """Write every datasheet, or with ``--check`` name those that are not up to date; returns the exit code."""
    return write_or_check(published_datasheets(), folder, words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
