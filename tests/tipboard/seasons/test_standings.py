import numpy as np
import polars as pl
import pytest
from made_season import GUESTS, MadeSeason, made_season
from tipbench.runs.findings import LINES
from tipbench.tasks import tasks
from tipboard.seasons.standings import SCHEMA, rank_entries
from tipboard.seasons.statistics import interval, rank

RNG = np.random.default_rng(1)
LEVELS = {"tipbench--first": 0.3, "tipbench--second": 0.29, "a--third": 0.2, "b--fourth": 0.1}
SCORES = {name: (level + RNG.normal(0, 0.01, 8)).round(3).tolist() for name, level in LEVELS.items()}


def ranked(scores=SCORES, task: str = "account_risk", **more) -> dict[str, dict]:  # type: ignore[no-untyped-def]
    """Return the lines of one task, by entry."""
    frame = rank_entries(*made_season({task: scores}, **more))
    assert frame.schema == SCHEMA
    return {line["entry"]: line for line in frame.rows(named=True)}


def test_a_line_has_the_statistics_of_its_class() -> None:
    lines, table = ranked(), np.array(list(SCORES.values())).T
    found, (mean, half) = rank(table), interval(table)
    assert [*lines] == [*SCORES]
    for at, line in enumerate(lines.values()):
        assert (line["mean"], line["low"], line["high"]) == pytest.approx(
            (mean[at], mean[at] - half[at], mean[at] + half[at])
        )
        assert (line["is_top"], line["first_rank"], line["last_rank"]) == (
            found.top[at],
            found.first_rank[at],
            found.last_rank[at],
        )
        assert (line["wins_against_best"], line["p_against_best"]) == (found.wins[at, 0], found.p[at, 0])
        assert (line["best"], line["ranked"], line["worlds"]) == ("tipbench--first", 4, 8)
        assert (line["chance"], line["oracle"], line["single_unit"], line["clusters"]) == pytest.approx(
            (0.05, 0.6, None, 40)
        )
        assert (line["cpu_s"], line["depends_on_assumptions"], line["best_known"]) == (1.5, False, None)
    assert [line["order_fixed"] for line in lines.values()][2:] == [3, 4]


def test_an_entry_without_a_score_in_every_world_is_listed_with_the_reason_and_not_ranked() -> None:
    scores = {**SCORES, "c--gap": [*SCORES["a--third"][:-1], None], "c--short": SCORES["a--third"][:-2]}
    lines = ranked(
        {**scores, "c--late": SCORES["a--third"]}, changes={"c--late": {"status": "failed: out of time"}}
    )
    said = {name: line["status"] for name, line in lines.items() if line["first_rank"] is None}
    assert said == {
        "c--gap": "failed: no average_precision in 1 of 8 worlds",
        "c--short": "failed: no average_precision in 2 of 8 worlds",
        "c--late": "failed: out of time",
    }
    assert all(
        lines[name][value] is None for name in said for value in ("mean", "low", "is_top", "best", "cpu_s")
    )
    assert {line["ranked"] for line in lines.values()} == {4, None}


def test_ranks_and_holm_are_within_a_class_and_best_known_is_of_any() -> None:
    changes = {"b--fourth": {"entry_class": "worlds", "declared_class": "fold"}}
    scores = {**SCORES, "b--fourth": [one + 0.3 for one in SCORES["b--fourth"]]}
    lines = ranked(scores, changes=changes)
    moved, first = lines["b--fourth"], lines["tipbench--first"]
    assert (moved["entry_class"], moved["declared_class"], moved["ranked"], moved["last_rank"]) == (
        "worlds",
        "fold",
        1,
        1,
    )
    assert (first["ranked"], first["first_rank"], first["is_top"]) == (3, 1, True)
    assert (first["best_known"], first["best_known_class"], first["best_known_name"]) == (
        moved["mean"],
        "worlds",
        "b / fourth",
    )
    assert (first["best_known_low"], first["best_known_high"]) == (moved["low"], moved["high"])
    assert moved["best_known"] is None
    alone = ranked({name: values for name, values in SCORES.items() if name != "b--fourth"})
    assert lines["a--third"]["p_against_best"] == alone["a--third"]["p_against_best"]


def test_oracles_and_lines_to_beat_are_not_ranked() -> None:
    scores = {
        "tipbench--oracle": [0.02] * 8,
        "tipbench--chao_lower": [0.1] * 8,
        "tipbench--chao_fixed_range": [0.1] * 8,
    }
    lines = ranked({**scores, "a--chao_fixed_range": [0.1] * 8}, "prevalence", references={"oracle": None})
    assert {name: line["role"] for name, line in lines.items()} == {
        "a--chao_fixed_range": "method",
        "tipbench--chao_lower": "method",
        "tipbench--chao_fixed_range": "line",
        "tipbench--oracle": "oracle",
    }
    assert [line["first_rank"] for line in lines.values()] == [1, 1, None, None]
    assert {line["oracle"] for line in lines.values()} == {0.02}
    assert {line["lower_is_better"] for line in lines.values()} == {True}


def test_a_season_of_tiny_has_scores_and_no_ranks() -> None:
    for line in ranked(size="tiny").values():
        assert line["mean"] is not None
        assert line["low"] is not None
        assert [line[name] for name in ("is_top", "first_rank", "last_rank", "best", "order_fixed")] == [
            None
        ] * 5


def test_harm_and_experts_labels_are_means_over_worlds_or_absent() -> None:
    scores = {name: SCORES[name] for name in ("tipbench--first", "a--third")}
    accused = {"tipbench--first": np.arange(8.0).tolist(), "a--third": [None, *[1.0] * 7]}
    lines = ranked(scores, accused=accused)
    mean, half = interval(np.arange(8.0))
    first = lines["tipbench--first"]
    assert (first["accused_per_find"], first["accused_low"], first["accused_high"]) == pytest.approx(
        (mean, mean - half, mean + half)
    )
    assert lines["a--third"]["accused_per_find"] is None
    assert first["experts_mean"] is None


def test_an_order_that_assumptions_change_is_marked() -> None:
    drawn, noise = np.arange(8) >= 4, RNG.normal(0, 0.005, (2, 8))
    lead = np.where(drawn, -0.05, 0.06)
    scores = {"a--one": (0.3 + lead + noise[0]).tolist(), "a--two": (0.3 + noise[1]).tolist()}
    lines = ranked(scores)
    assert {line["depends_on_assumptions"] for line in lines.values()} == {True}
    assert (lines["a--one"]["order_fixed"], lines["a--one"]["order_drawn"]) == (1, 2)


def test_two_results_of_one_cell_are_refused() -> None:
    made = made_season({"account_risk": SCORES})
    with pytest.raises(ValueError, match="two results of account_risk in world"):
        rank_entries(pl.concat([made.results, made.results.head(1)]), made.entries, made.worlds)


def test_a_whole_season_is_ranked_in_every_task_and_class(season: MadeSeason) -> None:
    frame = rank_entries(*season)
    assert set(frame["task"]) == set(tasks())
    best = frame.filter(pl.col("entry") == pl.col("best"))
    assert (best["is_top"] & (best["first_rank"] == 1) & (best["wins_against_best"] == 0)).all()
    assert best.group_by("task").len()["len"].unique().to_list() == [1 + len(GUESTS)]
    assert (
        frame.filter(role="oracle")["first_rank"].null_count(),
        frame.filter(role="line")["name"].to_list(),
    ) == (frame.filter(role="oracle").height, [name.partition("/")[2] for name in LINES])
