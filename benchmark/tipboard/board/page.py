"""``results/README.md``: a board as a page of Markdown, a table a task."""

from __future__ import annotations

from tipbench.console import Column
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING
from tipbench.tasks import task_of

from tipboard.board.columns import COLUMNS, columns_with_text
from tipboard.board.files import Board, counts, reference_only
from tipboard.board.season import NO_SEASON, BoardSeason
from tipboard.board.standings import Lines, open_findings, standings
from tipboard.board.tables import OPEN_PRACTICE, escape_markdown, markdown_table, matrix_columns

PAGE = "README.md"

HEAD = """\
# Reference results

Release {label}, evaluator {evaluator}: {counts}. Made by

```
tipbench run experiment=board release={size}
tipbench board add runs=runs/{data}
```

and not edited by hand: `tipbench board check` says whether this page is what the files beside it render to.
Each row of `{data}/reference/results.parquet` is a run's `result.json` as it was, with its config,
versions, environment and cost; predictions are re-made by the first command. `tipbench board build --to FOLDER` makes
a site of it, with submissions beside the reference methods.

**A synthetic score does not estimate field performance**, and a score is an indicator for human review.
{season}

![Every task's methods by score, with intervals and the oracle]({figure})

## How to read the tables

{practice}

{columns}
- {nothing} is what is not known; columns that a task knows nothing for are left out.
"""


def render(board: Board, figure: str, season: BoardSeason | None = None) -> str:
    """Return the page of a board's reference methods; ``figure`` is the picture's path beside it."""
    board = reference_only(board)
    found = standings(board)
    said = {one.task: one.sentence for one in open_findings(board)}
    about_season = NO_SEASON
    if season is not None:
        said |= {task: one.sentence for task, one in season.findings.items()}
        about_season = f"{season.label}: the first line of each task is what it found."
    versions = sorted({result.versions.evaluator for result in board.results})
    columns = [column for column in COLUMNS if any(column in _columns(one) for one in found)]
    head = HEAD.format(
        data=board.data,
        label=board.label,
        size=board.data.partition("/")[2],
        evaluator=", ".join(map(str, versions)),
        counts=counts(board),
        figure=figure,
        season=about_season,
        practice=OPEN_PRACTICE,
        columns="\n".join(f"- *{column.title}*: {_begun_small(column.about)}" for column in columns),
        nothing=NOTHING,
    )
    return "\n".join([head, *(_section(lines, said.get(lines[0]["task"], "")) for lines in found)])


def _begun_small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _columns(lines: Lines) -> list[Column]:
    """Return all that say something; that everything here is reproduced is said above."""
    return [column for column in columns_with_text(lines) if column.on_page]


def _section(lines: Lines, finding: str) -> str:
    first = lines[0]
    title = metric_title(first["task"], first["primary"])
    better = "lower" if first["lower_is_better"] else "higher"
    said = f"{task_of(first['task']).question} Split `{first['split']}`, {title}; {better} is better."
    if reference := next((line["name"] for line in lines if line["is_reference"]), None):
        said += f" The reference method is {reference}."
    table = markdown_table(_columns(lines), lines, bold=False)
    parts = [f"## {first['task']}", escape_markdown(finding) or NOTHING, said, table]
    if len(first["splits"]) > 1:
        splits = markdown_table(matrix_columns(lines), lines, bold=False)
        parts += [f"The same on every split ({title}):", splits]
    return "\n\n".join(parts) + "\n"
