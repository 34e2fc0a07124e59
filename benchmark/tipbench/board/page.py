"""``results/README.md``: a board as a page of Markdown, a table a task."""

from __future__ import annotations

from collections.abc import Sequence

from tipbench.board.files import Board
from tipbench.board.lines import COVERAGE, INTRUSION, PROTECTION_GAP, Line, Standing, standings
from tipbench.comparison import LEVEL
from tipbench.figure import metric_title
from tipbench.report import NOTHING, interval, number, percent, signed

PAGE = "README.md"

HEAD = """\
# Reference results

Release {data}, evaluator {evaluator}: {results:,} results of {methods:,} methods on {tasks:,} tasks. Made by

```
tipbench run experiment=board release={size}
tipbench board results --runs runs/{data} --to results
```

and not edited by hand: `tipbench board results --check` says whether this page is what the files beside it render to.
Each `{data}/<task>/<split>/<method>/s<seed>.json` is a run's `result.json` as it was, with its config, versions,
environment and cost; predictions are re-made by the first command.

**A synthetic score does not estimate field performance**, and a score is an indicator for human review.

![Every task's methods by score, with intervals and the oracle]({figure})

## How to read the tables

- *score*: the task's primary metric on its default split; ± is the standard deviation over seeds (ddof 1).
- *95% interval*: cluster bootstrap; its ends are means over seeds.
- *share of oracle*: (score − constant score) / (oracle − constant score).
- *leakage* = random − operation split; *drift* = operation − forward split.
- *harm gap*: false accusations of the worst lawful group − of all lawful. *protection gap*: best − worst recall over
  groups of those exploited. Smaller is better for both.
- *coverage*: the share of 95% intervals that hold the truth; far below 95% is false confidence. *intrusion*: the same
  metric over lawful travellers, who are forecast along; lower is better.
- *against …*: difference to the task's reference method by a paired cluster bootstrap of the first seed, p after Holm
  over the table; n.s. = not significant at {level:.0%}.
- *CPU s* of a cell: fit, predict and score, mean over seeds. *MiB*: peak memory over that at the start, the largest
  of the seeds.
- *access*: the most private data that the run was shown. *labels*: what it learnt from, which on split `all`
  is nothing; the test is always the truth.
- An *oracle* is shown hidden truth: a reference without a rank.
- {nothing} is what is not known; columns that a task knows nothing for are left out.
"""


def render(board: Board, figure: str) -> str:
    """The page of a board; ``figure`` is the picture's path beside it."""
    versions = sorted({result.versions.evaluator for result in board.results})
    methods = {result.method for result in board.results if not result.oracle_method}
    found = standings(board)
    head = HEAD.format(
        data=board.data,
        size=board.data.partition("/")[2],
        evaluator=", ".join(versions),
        results=len(board.results),
        methods=len(methods),
        tasks=len(found),
        figure=figure,
        level=LEVEL,
        nothing=NOTHING,
    )
    return "\n".join([head, *(_section(standing) for standing in found)])


def _section(standing: Standing) -> str:
    better = "lower" if standing.lower_is_better else "higher"
    title = metric_title(standing.task.name, standing.metric)
    said = f"{standing.task.question} Split `{standing.split}`, {title}; {better} is better."
    parts = [f"## {standing.task.name}", said, _methods(standing)]
    if len(standing.splits) > 1:
        parts += [f"The same on every split ({title}):", _splits(standing)]
    return "\n\n".join(parts) + "\n"


def _methods(standing: Standing) -> str:
    against = f"against {standing.reference}" if standing.reference else "against a reference"
    headings = ["method", "score", "95% interval", "share of oracle", "leakage", "drift", "harm gap"]
    headings += ["protection gap", "coverage", "intrusion", against, "CPU s", "MiB", "access", "labels"]
    rows = [_cells(line) for line in standing.lines]
    known = [at for at in range(len(headings)) if any(row[at] != NOTHING for row in rows)]
    shown = [[row[at] for at in known] for row in (headings, *rows)]
    return _table(shown[0], shown[1:], left=("method", "access", "labels"))


def _cells(line: Line) -> list[str]:
    row = line.row
    spread = "" if row.seed_sd is None else f" ± {number(row.seed_sd)}"
    return [
        _name(line),
        number(row.score) + spread,
        interval(row.low, row.high, row.note),
        percent(row.share_of_oracle),
        signed(row.leakage),
        signed(row.drift),
        number(row.harm_gap),
        number(line.beside[PROTECTION_GAP]),
        number(line.beside[COVERAGE]),
        number(line.beside[INTRUSION]),
        _verdict(line),
        NOTHING if line.cpu_s is None else f"{line.cpu_s:.1f}",
        NOTHING if line.peak_mib is None else f"{line.peak_mib:,.0f}",
        line.access,
        line.labels,
    ]


def _name(line: Line) -> str:
    return f"*{line.method}*" if line.row.oracle else line.method


def _verdict(line: Line) -> str:
    if line.is_reference:
        return "reference"
    if line.against is None:
        return NOTHING
    if line.against.p_holm is None:
        return line.against.note or NOTHING
    said = f"p {number(line.against.p_holm)}" if line.against.significant else "n.s."
    return f"{signed(line.against.difference)} ({said})"


def _splits(standing: Standing) -> str:
    rows = [
        [_name(line), *(number(line.by_split.get(split)) for split in standing.splits)]
        for line in standing.lines
    ]
    return _table(["method", *standing.splits], rows, left=("method",))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: Sequence[str]) -> str:
    """A Markdown table whose columns are as wide as they have to be, numbers at the right."""
    widths = [max(3, *(len(row[at]) for row in (headings, *rows))) for at in range(len(headings))]
    is_left = [heading in left for heading in headings]
    rule = [
        "-" * width if at_left else "-" * (width - 1) + ":"
        for width, at_left in zip(widths, is_left, strict=True)
    ]
    lines = [
        [
            cell.ljust(width) if at_left else cell.rjust(width)
            for cell, width, at_left in zip(row, widths, is_left, strict=True)
        ]
        for row in (headings, *rows)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))
