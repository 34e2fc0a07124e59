"""``<size>/tasks/<task>.html``: a task's question, its table, every split, and its figures."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from tipbench.console import Column
from tipbench.pages.svg import PHONE
from tipbench.pages.templates import Figure
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING, number

from tipboard.board.columns import TableCell, in_plain_words, unit_of
from tipboard.board.standings import Standing
from tipboard.board.tables import METHOD, BoardTable, TableRow, matrix, metric_text, of_task, release
from tipboard.site.figures.critical_difference import critical_difference
from tipboard.site.figures.forest import forest, phone_forest
from tipboard.site.figures.rows import shifts
from tipboard.site.figures.tradeoff import against, against_tier
from tipboard.site.pages import Publication, SitePage, page
from tipboard.site.sizes import Size, Worlds, best
from tipboard.site.tables import TableView, filters

ROOT = "../../"
INTRUSION = "intrusion_mrr"


class TaskFact(NamedTuple):
    """A fact of a page; ``href``: where it leads, None for text alone."""

    name: str
    text: str
    href: str | None = None


def task_page(size: Size, standing: Standing, publication: Publication) -> SitePage:
    """Return the page of the task of a standing on its default split."""
    name = standing.task.name
    path = f"{size.name}/tasks/{name}.html"
    views = _views(size, standing)
    worlds = size.rankings.by_task.get(name)
    if worlds is not None:
        views.append(_pairs(size, standing, worlds))
    figures = [
        replace(one, path=f"figures/{size.name}/{name}-{one.id}.svg")
        for one in (*_scores(standing), *_costs(standing), *_worlds(standing, worlds))
        if one.drawing is not None
    ]
    leader = best(standing)
    html = page(
        "task.html", ROOT, publication, path=path, current=name, size=size, standing=standing, task=standing.task,
        facts=_facts(standing, publication), views={view.id: view for view in views},
        figures={one.id: one for one in figures}, worlds=worlds,
        verdicts=None if worlds is None else _verdicts(worlds), release=release(size.board), leader=leader,
        plain=in_plain_words(standing.metric, leader and leader.row.score), metric=metric_text(standing),
    )  # fmt: skip
    return SitePage(path, html, views, figures)


def _facts(standing: Standing, publication: Publication) -> list[TaskFact]:
    task = standing.task
    described = f"docs/tasks/{task.name}.md"
    return [
        TaskFact("Metric", metric_text(standing)),
        TaskFact("Unit of the metric", unit_of(task, standing.metric)),
        TaskFact("One prediction per", task.unit),
        TaskFact("Prediction", task.kind.title),
        TaskFact("Predicted", f"at {task.prediction_time}" if task.prediction_time else NOTHING),
        TaskFact("Data shown", f"{task.tier} by default"),
        TaskFact("Labels", ", ".join(task.labels) or "none"),
        TaskFact("Splits", ", ".join(task.splits)),
        TaskFact("Intervals over", task.clusters),
        TaskFact("Reference method", standing.reference or "none"),
        TaskFact("Oracle", "not known" if standing.oracle is None else number(standing.oracle)),
        TaskFact("Described in", described, publication.document(described, ROOT)),
    ]


def _views(size: Size, standing: Standing) -> list[TableView]:
    name = standing.task.name
    methods = of_task(size.board, standing)
    kept = [one for one in filters(methods, ("access", "labels", "status")) if len(one.options) > 1]
    title = f"Methods (split: {standing.split})"
    found = [TableView("methods", title, methods, f"data/{size.name}/{name}", kept, size.name)]
    if len(standing.splits) > 1:
        splits = matrix(size.board, standing)
        found.append(
            TableView("splits", "Every split", splits, f"data/{size.name}/{name}-splits", size=size.name)
        )
    return found


def _scores(standing: Standing) -> list[Figure]:
    title = metric_title(standing.task.name, standing.metric)
    return [
        Figure(
            "forest", "Scores and intervals", f"By {title}, with 95% intervals. The axis starts at 0.",
            forest(standing), phone=phone_forest(standing),
        ),
        Figure(
            "shift", "Scores on shifted splits",
            "A filled dot is the score on operations that were held out; each ring is a split that also holds out a "
            "part of the world, such as a region or a platform. The largest loss is named. The axis starts at 0.",
            shifts(standing),
        ),
    ]  # fmt: skip


def _costs(standing: Standing) -> list[Figure]:
    joined = "The line joins the ranked methods that no other beats in both."

    def score_against(metric: str, id: str, title: str, text: str) -> Figure:
        phone = against(standing, metric, PHONE)
        return Figure(id, title, f"{text} {joined}", against(standing, metric), phone=phone)

    return [
        score_against(
            INTRUSION, "intrusion", "Detection against intrusion",
            "Intrusion: how well travellers who did nothing wrong could be followed by the same method.",
        ),
        Figure(
            "access", "Score against private data",
            f"How private the data is that a method was shown, and what it scores with it. {joined}",
            against_tier(standing), phone=against_tier(standing, PHONE),
        ),
        score_against(
            "harm_gap", "harm", "Detection against harm to the lawful",
            f"Harm gap: false accusations per {standing.task.unit} of the worst lawful group, less those of all "
            "lawful.",
        ),
        score_against(
            "protection_gap", "protection", "Detection against protection lost",
            "Protection gap: recall of the best served group of those exploited, less that of the worst served.",
        ),
    ]  # fmt: skip


def _worlds(standing: Standing, worlds: Worlds | None) -> list[Figure]:
    if worlds is None:
        return []
    said = ""
    if worlds.tau is not None:
        said = f" Kendall's τ between the rankings of two worlds is {worlds.tau:.2f} in the mean"
        said += "." if worlds.least_tau is None else f" and {worlds.least_tau:.2f} at least."
    return [
        Figure(
            "worlds", "Over worlds",
            f"Mean ranks over {worlds.ranking.over}; methods joined by one bar do not differ clearly.{said}",
            critical_difference(worlds.ranking, f"{standing.task.name}: mean ranks over worlds"),
        )
    ]  # fmt: skip


def _verdicts(worlds: Worlds) -> str:
    """Return why a bar may join methods although a test above finds one of them better."""
    return (
        'A bar may join methods that "against reference" above calls different, because it asks another question: the '
        "p value there compares a method with the reference on all test cases of this one world; a bar compares all "
        f"methods by nothing but their order in {worlds.ranking.over}, so few that it misses most differences."
    )


def _pairs(size: Size, standing: Standing, worlds: Worlds) -> TableView:
    """Return a square of all methods: in what share of worlds the row's is better than the column's."""
    names = list(worlds.ranking.names)
    share = {(one.better, one.worse): one.share for one in worlds.pairs}
    share |= {(one.worse, one.better): 1 - one.share for one in worlds.pairs}
    about = "Share of worlds in which the row's method is better than this one; a tie counts half."
    headings = [
        METHOD,
        Column("mean rank", True, name="mean_rank", about="Over worlds, 1 the best.", unit="1 is the best"),
        *(Column(name, True, name=name, about=about, unit="% of worlds") for name in names),
    ]
    rows, records = [], []
    for name, rank in zip(names, worlds.ranking.mean_ranks, strict=True):
        values = [share.get((name, other)) for other in names]
        texts = [NOTHING if value is None else f"{value:.0%}" for value in values]
        cells = [TableCell(text, value) for text, value in zip(texts, values, strict=True)]
        rows.append(TableRow([TableCell(name, name), TableCell(f"{rank:.1f}", rank), *cells]))
        records.append({"method": name, "mean_rank": rank, **dict(zip(names, values, strict=True))})
    caption = f"{standing.task.name}: share of {worlds.ranking.over} in which the row is better. {release(size.board)}."
    table = BoardTable(caption, headings, rows, records)
    return TableView("pairs", "Which orders hold?", table, f"data/{size.name}/{standing.task.name}-worlds")
