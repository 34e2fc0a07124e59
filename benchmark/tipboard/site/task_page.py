"""``<size>/tasks/<task>.html``: what was found on a task, the season's table and figure, and open practice below."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from tipbench.pages.svg import PHONE, Drawing
from tipbench.pages.templates import Figure
from tipbench.runs.figure import metric_title
from tipbench.runs.findings import Finding
from tipbench.runs.report import NOTHING, number
from tipbench.tasks import task_of

from tipboard.board.columns import in_plain_words, unit_of
from tipboard.board.forest import forest_of
from tipboard.board.season import CLASS_MEANING, BoardSeason
from tipboard.board.standings import Lines
from tipboard.board.tables import OPEN_PRACTICE, BoardTable, matrix, metric_text, of_season, of_task, release
from tipboard.site.figures.forest import MOST, forest
from tipboard.site.figures.rows import shifts
from tipboard.site.figures.tradeoff import WIDTH, against, against_tier
from tipboard.site.pages import Publication, SitePage, page
from tipboard.site.sizes import Size
from tipboard.site.tables import with_filters

ROOT = "../../"
COSTS = {"intrusion": "intrusion_mrr", "harm": "harm_gap", "protection": "protection_gap"}
"""Metrics that figures show scores against, by the figure's id."""


def task_page(size: Size, lines: Lines, publication: Publication) -> SitePage:
    """Return the page of a task; ``lines``: on its default split."""
    name = lines[0]["task"]
    path, described = f"{size.name}/tasks/{name}.html", f"docs/tasks/{name}.md"
    season = size.season if size.season and name in size.season.tasks else None
    found = size.findings.get(name) if season is None else season.findings[name]
    in_season = season.lines(name) if season else []
    views = [*(_season_views(size, season, in_season) if season else ()), *_views(size, lines)]
    figures = [
        replace(one, path=f"figures/{size.name}/{name}-{one.id}.svg")
        for one in (_scores(lines, season, found), _shifts(lines), *_costs(lines))
        if one.drawing is not None
    ]
    score = found.methods[0].value if found and found.methods else None
    html = page(
        "task.html", ROOT, publication, path=path, current=name, size=size, task=task_of(name),
        methods=sum(not line["oracle"] for line in lines), facts=_facts(lines),
        described=described, document=publication.document(described, ROOT),
        views={view.id: view for view in views}, figures={one.id: one for one in figures},
        finding=found, practice=OPEN_PRACTICE, release=release(size.board),
        season=season, classes=CLASS_MEANING, ranked=any(line["ranked"] for line in in_season),
        unsure=sorted({line["entry_class"] for line in in_season if line["depends_on_assumptions"]}),
        plain=in_plain_words(lines[0]["primary"], score), metric=metric_text(lines[0]),
    )  # fmt: skip
    return SitePage(path, html, figures, views)


def _facts(lines: Lines) -> dict[str, str]:
    task, oracle = task_of(lines[0]["task"]), lines[0]["oracle_score"]
    return {
        "Metric": metric_text(lines[0]),
        "Unit of the metric": unit_of(lines[0]),
        "One prediction per": task.unit,
        "Prediction": task.kind.title,
        "Predicted": f"at {task.prediction_time}" if task.prediction_time else NOTHING,
        "Data shown": f"{task.tier} by default",
        "Labels": ", ".join(task.labels) or "none",
        "Splits": ", ".join(task.splits),
        "Intervals over": task.clusters,
        "Reference method": next((line["name"] for line in lines if line["is_reference"]), "none"),
        "Oracle in open practice": "not known" if oracle is None else number(oracle),
    }


def _season_views(size: Size, season: BoardSeason, lines: Lines) -> list[BoardTable]:
    """Return the season's table; only methods that open practice has too have a page to link to."""
    table = of_season(season, lines)
    rows = [{**line, "entry": line["entry"] if line["entry"] in size.by_entry else None} for line in lines]
    for above, row in pairwise(rows):
        row["starts"] = row["shown_class"] != above["shown_class"]
    path = f"data/{size.name}/{lines[0]['task']}-season"
    table = with_filters(replace(table, rows=rows), ("entry_class",))
    return [replace(table, id="season", title="Standings by class", path=path, size=size.name)]


def _views(size: Size, lines: Lines) -> list[BoardTable]:
    path = f"data/{size.name}/{lines[0]['task']}"
    methods = with_filters(of_task(size.board, lines), ("entry_class", "access", "labels", "status"))
    title = f"Open practice (split: {lines[0]['split']})"
    found = [replace(methods, id="methods", title=title, path=path, size=size.name)]
    if len(lines[0]["splits"]) > 1:
        splits = matrix(size.board, lines)
        found.append(replace(splits, id="splits", title="Every split", path=f"{path}-splits", size=size.name))
    return found


def _scores(lines: Lines, season: BoardSeason | None, found: Finding | None) -> Figure:
    """Return the scores of the season's first class that has any or, without a season, of open practice."""
    name, heading, over = lines[0]["task"], "Scores and intervals", ""
    title = metric_title(name, lines[0]["primary"])
    if season and found:
        lines = season.lines_of_finding(name)
        heading += f", class {found.entry_class}"
        over = f" over {season.worlds} hidden worlds{'. Filled: the top group' * found.ranked}"
    plot = forest_of(lines, found, MOST) if lines else None
    said = f"By {title}, with 95% intervals{over}. The axis starts at 0."
    return Figure("forest", heading, said, plot and forest(plot), phone=plot and forest(plot, phone=True))


def _shifts(lines: Lines) -> Figure:
    return Figure(
        "shift", "Scores on shifted splits",
        "A filled dot is the score on operations that were held out; each ring is a split that also holds out a "
        "part of the world, such as a region or a platform. The largest loss is named. The axis starts at 0.",
        shifts(lines),
    )  # fmt: skip


def _costs(lines: Lines) -> list[Figure]:
    unit = task_of(lines[0]["task"]).unit
    texts = {
        "intrusion": (
            "Detection against intrusion",
            "Intrusion: how well travellers who did nothing wrong could be followed by the same method.",
        ),
        "access": (
            "Score against private data",
            "How private the data is that a method was shown, and what it scores with it.",
        ),
        "harm": (
            "Detection against harm to the lawful",
            f"Harm gap: false accusations per {unit} of the worst lawful group, less those of all lawful.",
        ),
        "protection": (
            "Detection against protection lost",
            "Protection gap: recall of the best served group of those exploited, less that of the worst served.",
        ),
    }

    def draw(id: str, width: float) -> Drawing | None:
        return against(lines, COSTS[id], width) if id in COSTS else against_tier(lines, width)

    return [
        Figure(
            id, title, f"{text} The line joins the methods that no other beats in both.", draw(id, WIDTH),
            phone=draw(id, PHONE),
        )
        for id, (title, text) in texts.items()
    ]  # fmt: skip
