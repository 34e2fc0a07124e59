"""``results/README.md``: a board as a page of Markdown, a table a task."""

from __future__ import annotations

from collections.abc import Sequence

from tipbench.console import Column
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING
from tipbench.tasks import task_of

from tipboard.board.columns import COLUMNS, columns_with_text
from tipboard.board.files import Board, counts, reference_only
from tipboard.board.ranks import MeanRanks, agreement
from tipboard.board.standings import Lines, standings
from tipboard.board.tables import markdown_table, matrix_columns
from tipboard.board.worlds import Stability

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
    worlds = {} if stability is None else {task.task: task.ranking for task in stability.tasks}
    return "\n".join([head, *(_section(lines, worlds.get(lines[0]["task"])) for lines in found)])


def _begun_small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _columns(lines: Lines) -> list[Column]:
    """Return all that say something; that everything here is reproduced is said above."""
    return [column for column in columns_with_text(lines) if column.on_page]


def _section(lines: Lines, worlds: MeanRanks | None) -> str:
    first = lines[0]
    title = metric_title(first["task"], first["primary"])
    better = "lower" if first["lower_is_better"] else "higher"
    said = f"{task_of(first['task']).question} Split `{first['split']}`, {title}; {better} is better."
    if reference := next((line["name"] for line in lines if line["is_reference"]), None):
        said += f" The reference method is {reference}."
    parts = [f"## {first['task']}", said, _table(lines, _columns(lines))]
    if len(first["splits"]) > 1:
        parts += [f"The same on every split ({title}):", _table(lines, matrix_columns(lines))]
    if worlds is not None:
        parts.append(_over_worlds(worlds))
    return "\n\n".join(parts) + "\n"


def _over_worlds(one: MeanRanks) -> str:
    """Return how stable the ranking is, in a sentence or two."""
    never, pairs = one.never_turn
    order = ", ".join(f"{name} {rank:.1f}" for name, rank in zip(one.methods, one.mean_ranks, strict=True))
    tau, said = agreement(one.scores), ""
    if tau.mean is not None and tau.least is not None:
        said = f"; Kendall's τ between the rankings of two worlds is {tau.mean:.2f}, at least {tau.least:.2f}"
    return (
        f"In {one.blocks} worlds of other seeds {never:,} of {pairs:,} pairs of methods never change their order"
        f"{said}. Mean ranks there: {order}."
    )


def _table(lines: Lines, columns: Sequence[Column]) -> str:
    rows = [
        [
            f"*{line['name']}*" if column.name == "method" and line["oracle"] else column.text(line)
            for column in columns
        ]
        for line in lines
    ]
    return markdown_table([column.title for column in columns], rows, [column.number for column in columns])
