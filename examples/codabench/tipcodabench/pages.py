"""The pages of a competition, filled in for a round from the texts in ``pages/``."""

from __future__ import annotations

from pathlib import Path
from string import Template

from tipbench.metrics.registry import metric_of
from tipbench.tasks import task_of
from tipboard.rounds.record import Round
from tipboard.submissions.files import MB, limits_of

from tipcodabench.columns import columns, shown

TEXTS = Path(__file__).with_name("pages")
FOLDER = "pages"
PAGES = {"Overview": "overview.md", "Data": "data.md", "Evaluation": "evaluation.md"}
"""Title -> file, in the order of their tabs."""

TERMS = "terms.md"


def pages(described: Round, title: str) -> dict[str, bytes]:
    """Return path in the bundle -> the page's text."""
    evaluator, _, digest = described.components.evaluator.rpartition("+")
    filled = {
        "title": title,
        "name": described.name,
        "release": described.release,
        "opens": str(described.opens),
        "closes": str(described.closes),
        "count": str(len(described.tasks)),
        "submissions": str(described.rules.submissions),
        "decimals": str(described.rules.decimals),
        "commitment": described.commitment,
        "evaluator": f"{evaluator}+{digest[:12]}",
        "megabytes": str(limits_of(described.size).file_bytes // MB),
        "columns": _columns(described),
        "metrics": _metrics(described),
    }
    return {
        f"{FOLDER}/{name}": Template((TEXTS / name).read_text(encoding="utf-8")).substitute(filled).encode()
        for name in (*PAGES.values(), TERMS)
    }


def _columns(described: Round) -> str:
    lines = ["| task | question | columns |", "|---|---|---|"]
    for name in described.tasks:
        task = task_of(name)
        listed = ", ".join(f"`{column}`" for column in task.kind.columns(task.unit))
        length = described.prefixes.get(name)
        until = f" (of the first {length} rows of each unit)" if length else ""
        lines.append(f"| {name} | {task.question}{until} | {listed} |")
    return "\n".join(lines)


def _metrics(described: Round) -> str:
    titles = {(column.task, column.metric): column.title for column in columns(described.tasks)}
    lines = ["| column | metric | better |", "|---|---|---|"]
    for name in described.tasks:
        for metric in shown(task_of(name)):
            better = "less" if metric_of(metric).lower_is_better else "more"
            lines.append(f"| {titles[name, metric]} | {name}: {metric} | {better} |")
    return "\n".join(lines)
