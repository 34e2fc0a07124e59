"""``results/README.md``: a board as a page of Markdown, a table a task."""

from __future__ import annotations

from collections.abc import Sequence

from tipbench.board.columns import COLUMNS, Column, cells, shown
from tipbench.board.files import Board
from tipbench.board.lines import Line, Standing, standings
from tipbench.board.markdown import markdown_table
from tipbench.figure import metric_title
from tipbench.report import NOTHING, number

PAGE = "README.md"

HEAD = """\
# Reference results

Release {data}, evaluator {evaluator}: {results:,} results of {methods:,} methods on {tasks:,} tasks. Made by

```
tipbench run experiment=board release={size}
tipbench board results --runs runs/{data} --to results
```

and not edited by hand: `tipbench board results --check` says whether this page is what the files beside it render to.
Each `{data}/reference/<task>/<split>/<method>/s<seed>.json` is a run's `result.json` as it was, with its config,
versions, environment and cost; predictions are re-made by the first command. `tipbench board build --to FOLDER` makes
a site of it, with submissions beside the reference methods.

**A synthetic score does not estimate field performance**, and a score is an indicator for human review.

![Every task's methods by score, with intervals and the oracle]({figure})

## How to read the tables

{columns}
- {nothing} is what is not known; columns that a task knows nothing for are left out.
"""


def render(board: Board, figure: str) -> str:
    """The page of a board's reference methods; ``figure`` is the picture's path beside it."""
    board = Board(board.data, [entry for entry in board.entries if entry.is_reference])
    found = standings(board)
    versions = sorted({result.versions.evaluator for result in board.results})
    columns = [column for column in COLUMNS if any(column in _columns(one) for one in found)]
    head = HEAD.format(
        data=board.data,
        size=board.data.partition("/")[2],
        evaluator=", ".join(versions),
        results=len(board.results),
        methods=len({result.method for result in board.results if not result.oracle_method}),
        tasks=len(found),
        figure=figure,
        columns="\n".join(f"- *{column.heading}*: {_begun_small(column.about)}" for column in columns),
        nothing=NOTHING,
    )
    return "\n".join([head, *(_section(standing) for standing in found)])


def _begun_small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _columns(standing: Standing) -> list[Column]:
    """All that say something; that everything here is reproduced is said above."""
    return [column for column in shown(standing) if column.key != "status"]


def _section(standing: Standing) -> str:
    better = "lower" if standing.lower_is_better else "higher"
    title = metric_title(standing.task.name, standing.metric)
    said = f"{standing.task.question} Split `{standing.split}`, {title}; {better} is better."
    if standing.reference:
        said += f" The reference method is {standing.reference}."
    parts = [f"## {standing.task.name}", said, _methods(standing)]
    if len(standing.splits) > 1:
        parts += [f"The same on every split ({title}):", _splits(standing)]
    return "\n\n".join(parts) + "\n"


def _methods(standing: Standing) -> str:
    columns = _columns(standing)
    rows = [
        [_name(line) if column.key == "method" else cell.text
         for column, cell in zip(columns, cells(line, columns), strict=True)]
        for line in standing.lines
    ]  # fmt: skip
    return markdown_table([column.heading for column in columns], rows, [column.number for column in columns])


def _name(line: Line) -> str:
    return f"*{line.method}*" if line.row.oracle else line.method


def _splits(standing: Standing) -> str:
    rows: Sequence[Sequence[str]] = [
        [_name(line), *(number(line.by_split.get(split)) for split in standing.splits)]
        for line in standing.lines
    ]
    return markdown_table(["method", *standing.splits], rows, [False, *(True for _ in standing.splits)])
