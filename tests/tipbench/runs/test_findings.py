import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_result import made_result
from tipbench.runs.findings import Finding, MethodScore, count_leaders, findings
from tipbench.runs.report import number
from tipbench.tasks import task_of

VALUES = st.integers(0, 1000).map(lambda one: one / 1000)
INTERVALS = st.tuples(VALUES, VALUES, VALUES).map(sorted).map(lambda of: (of[1], of[0], of[2]))


@st.composite
def drawn(draw: st.DrawFn) -> Finding:
    """A finding of any numbers, as both open worlds and seasons have them."""
    metric, task = draw(
        st.sampled_from([("average_precision", "advert_risk"), ("median_abs_error", "intervention_effect")])
    )
    sign = 1 if metric == "median_abs_error" else -1
    scores = sorted(draw(st.lists(INTERVALS, min_size=1, max_size=6)), key=lambda one: sign * one[0])
    methods = [MethodScore(f"method{at}", *one) for at, one in enumerate(scores)]
    ranked = draw(st.booleans())
    methods, leaders = (methods, draw(st.integers(1, len(methods)))) if ranked else count_leaders(methods)
    maybe = st.none() | VALUES
    return Finding(
        task=task,
        metric=metric,
        methods=tuple(methods),
        leaders=leaders,
        ranked=ranked,
        chance=draw(maybe),
        oracle=draw(maybe),
        accused=draw(maybe),
        experts=draw(st.none() | INTERVALS.map(lambda of: MethodScore("read", *of))),
        depends_on_assumptions=draw(st.booleans()),
    )


@given(drawn())
def test_a_sentence_names_no_single_winner_among_several(finding: Finding) -> None:
    if finding.leaders > 1:
        assert not re.search(r"method\d leads|method\d is clear of|^\w+: method\d has", finding.sentence)
    elif len(finding.methods) > 1 and finding.any_beats_chance is not False:
        assert re.search(r"method0 (leads|is clear of) \d other", finding.sentence)


@given(drawn())
def test_no_better_than_chance_is_said_where_no_interval_is_clear_of_it_and_nowhere_else(
    finding: Finding,
) -> None:
    lower, best = finding.metric == "median_abs_error", finding.methods[0]
    clear = [
        finding.chance is not None and (one.high < finding.chance if lower else one.low > finding.chance)  # type: ignore[operator]
        for one in finding.methods
    ]
    opening = finding.sentence.partition(";")[0]
    is_said = (
        "no method is better than chance" in opening or f"{best.name} is not better than chance" in opening
    )
    assert is_said == (finding.chance is not None and not any(clear))
    assert ("itself not better" in opening) == (any(clear) and not clear[0])
    if clear[0]:
        assert "better than chance" in opening or "level with chance" in opening


@given(drawn())
def test_numbers_are_those_of_tables_and_differences_those_of_these(finding: Finding) -> None:
    known = [one for method in finding.methods for one in method[1:]] + [finding.chance, finding.oracle]
    known += list(finding.experts[1:]) if finding.experts else []
    shown = {number(one) for one in known if isinstance(one, float)}
    for value, way, other in re.findall(r"([\d.]+) (better|worse) than \D*\(([\d.]+)\)", finding.sentence):
        best = round(finding.methods[0].value, 3)
        sign = 1 if (way == "better") != (finding.metric == "median_abs_error") else -1
        assert float(other) + sign * float(value) == pytest.approx(best)
    rest = re.sub(r"[\d.]+ (better|worse)|accuses [\d.]+", "", finding.sentence)
    assert set(re.findall(r"\d\.\d{3}", rest)) <= shown
    assert finding.sentence.count("\n") == 0


def result(method: str, score: float | None, reach: float | None = 0.01, **more):  # type: ignore[no-untyped-def]
    """A result of advert_risk learnt from its default labels or others."""
    ends = {} if reach is None or score is None else {"low": score - reach, "high": score + reach}
    scores = {"average_precision": {"value": score, **ends}, "accusations_per_find_50": {"value": 3.04}}
    more = {"oracle": {"prior": 0.05, "oracle": 0.6}, "labels": DEFAULT, **more}
    return made_result(method=f"advert_risk/{method}", scores=scores, **more)


DEFAULT = task_of("advert_risk").labels[0]


@pytest.mark.parametrize(
    ("results", "sentence"),
    [
        (
            [result("tfidf", 0.3), result("prior", 0.05, 0.0)],
            "advert_risk: tfidf is clear of 1 other with average precision 0.300 (95% 0.290 to 0.310), 0.250 better "
            "than chance (0.050) and 0.300 worse than the oracle (0.600); it accuses 3.0 lawful operations per "
            "trafficking operation found.",
        ),
        (
            [*(result(name, 0.31) for name in "abcd"), result("e", 0.295), result("f", 0.1)],
            "advert_risk: 5 of 6 methods may be the best by their intervals (a, b and 3 others): the highest average "
            "precision is 0.310 (95% 0.300 to 0.320), 0.260 better than chance (0.050) and 0.290 worse than the oracle "
            "(0.600); a accuses 3.0 lawful operations per trafficking operation found.",
        ),
        (
            [result("a", 0.055), result("b", 0.05)],
            "advert_risk: no method is better than chance (0.050) by more than noise: the highest average precision is "
            "0.055 (95% 0.045 to 0.065); a accuses 3.0 lawful operations per trafficking operation found.",
        ),
        (
            [result("a", 0.2, None), result("b", 0.3, None), result("oracle", 0.6, oracle_method=True)],
            "advert_risk: 2 methods have average precision 0.200 to 0.300, and no interval tells them apart; b "
            "accuses 3.0 lawful operations per trafficking operation found.",
        ),
        ([result("a", None)], "advert_risk: no method has a score."),
    ],
)  # fmt: skip
def test_results_of_one_world_have_a_sentence(results: list, sentence: str) -> None:
    assert [one.sentence for one in findings(results)] == [sentence]


def test_seeds_are_one_method_and_other_splits_and_labels_do_not_count() -> None:
    (found,) = findings(
        [
            result("a", 0.2),
            result("a", 0.22, seed=1),
            result("a", 0.9, split="random"),
            result("a", 0.8, labels="weak"),
        ]
    )
    assert found.methods[0].name == "a"
    assert found.methods[0][1:] == pytest.approx((0.21, 0.2, 0.22))
    assert found.labels == ""
    (found,) = findings([result("a", 0.2, labels="weak")])
    assert "learnt from labels=weak" in found.sentence


def test_lines_to_beat_are_not_compared() -> None:
    scores = {"median_abs_log_error": {"value": 0.1, "low": 0.1, "high": 0.1}}
    more = {
        "task": "prevalence",
        "split": "all",
        "labels": "none",
        "primary": "median_abs_log_error",
        "scores": scores,
    }
    (found,) = findings(
        [made_result(method=f"prevalence/{name}", **more) for name in ("chao_fixed_range", "chao_lower")]
    )
    assert found.sentence == (
        "prevalence: chao_lower has median absolute log error 0.100 (95% 0.100 to 0.100, lower is better)."
    )
