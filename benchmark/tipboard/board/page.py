"""``results/README.md``: a board as a page of Markdown, a table a task."""

from __future__ import annotations

from collections.abc import Sequence

from tipbench.console import Column
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING, number

from tipboard.board.columns import COLUMNS, cells_of, columns_with_text
from tipboard.board.files import Board, counts, reference_only
from tipboard.board.standings import BoardRow, Standing, standings
from tipboard.board.tables import markdown_table
from tipboard.board.worlds import Stability, Stable, stable

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

![Every task's methods by score, with intervals and the oracle]({figure})

## How to read the tables

{columns}
- {nothing} is what is not known; columns that a task knows nothing for are left out.
"""


def render(board: Board, figure: str, stability: Stability | None = None) -> str:
    """Return the page of a board's reference methods; ``figure`` is the picture's path beside it, ``stability`` what is
    known of independent worlds."""
    board = reference_only(board)
    found = standings(board)
    versions = sorted({result.versions.evaluator for result in board.results})
    columns = [column for column in COLUMNS if any(column in _columns(one) for one in found)]
    head = HEAD.format(
        data=board.data,
        label=board.label,
        size=board.data.partition("/")[2],
        evaluator=", ".join(map(str, versions)),
        counts=counts(board),
        figure=figure,
        columns="\n".join(f"- *{column.title}*: {_begun_small(column.about)}" for column in columns),
        nothing=NOTHING,
    )
    worlds = {} if stability is None else {task.task: stable(task) for task in stability.tasks}
    return "\n".join([head, *(_section(standing, worlds.get(standing.task.name)) for standing in found)])


def _begun_small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _columns(standing: Standing) -> list[Column]:
    """Return all that say something; that everything here is reproduced is said above."""
    return [column for column in columns_with_text(standing) if column.on_page]


def _section(standing: Standing, worlds: Stable | None) -> str:
    better = "lower" if standing.lower_is_better else "higher"
    title = metric_title(standing.task.name, standing.metric)
    said = f"{standing.task.question} Split `{standing.split}`, {title}; {better} is better."
    if standing.reference:
        said += f" The reference method is {standing.reference}."
    parts = [f"## {standing.task.name}", said, _methods(standing)]
    if len(standing.splits) > 1:
        parts += [f"The same on every split ({title}):", _splits(standing)]
    if worlds is not None:
        parts.append(_over_worlds(worlds))
    return "\n\n".join(parts) + "\n"


def _over_worlds(one: Stable) -> str:
    """Return how stable the ranking is, in a sentence or two."""
    never, pairs = one.never_turn
    order = ", ".join(f"{name} {rank:.1f}" for name, rank in zip(one.methods, one.mean_ranks, strict=True))
    tau = ""
    if one.tau.mean is not None and one.tau.least is not None:
        tau = f"; Kendall's τ between the rankings of two worlds is {one.tau.mean:.2f}, at least {one.tau.least:.2f}"
    return (
        f"In {one.worlds} worlds of other seeds {never:,} of {pairs:,} pairs of methods never change their order"
        f"{tau}. Mean ranks there: {order}."
    )


def _methods(standing: Standing) -> str:
    columns = _columns(standing)
    rows = [
        [_name(line) if column.name == "method" else cell.text
         for column, cell in zip(columns, cells_of(line, columns), strict=True)]
        for line in standing.lines
    ]  # fmt: skip
    return markdown_table([column.title for column in columns], rows, [column.number for column in columns])


def _name(line: BoardRow) -> str:
    return f"*{line.method}*" if line.row.oracle else line.method


def _splits(standing: Standing) -> str:
    rows: Sequence[Sequence[str]] = [
        [_name(line), *(number(line.by_split.get(split)) for split in standing.splits)]
        for line in standing.lines
    ]
    return markdown_table(["method", *standing.splits], rows, [False, *(True for _ in standing.splits)])
