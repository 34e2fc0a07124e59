"""Methods of prevalence: what each gives on tables whose answer is known, and how they say that they do not know."""

import importlib.util
from dataclasses import replace
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hand_made import make_fold
from hand_made import predict as _run
from polars.testing import assert_frame_equal
from tipbaselines.prevalence.bayes_loglinear import BayesLogLinear
from tipbaselines.prevalence.chao_fixed_range import ChaoFixedRange
from tipbaselines.prevalence.chao_lower import ChaoLower
from tipbaselines.prevalence.independence import Independence
from tipbaselines.prevalence.lists import (
    CaseLists,
    LogLinearFits,
    below_bound,
    dependence_reach,
    fit,
    lower_bound,
    pairs,
    patterns,
    read_case_lists,
    unequal_bound,
    warnings_of,
)
from tipbaselines.prevalence.model_average import ModelAverage, mixture_points
from tipbaselines.prevalence.oracle import Oracle
from tipbaselines.prevalence.stepwise_loglinear import StepwiseLogLinear, choose_pairs
from tipbench.data.fold import Fold, Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.release import Release

NAMES = ("a", "b", "c", "d")
needs_bayes = pytest.mark.skipif(
    importlib.util.find_spec("numpyro") is None, reason="the extra bayes is absent"
)
TEXTBOOK = partial(Independence, textbook_interval=True)
METHODS = [TEXTBOOK, StepwiseLogLinear, ChaoLower, ModelAverage, ChaoFixedRange]
REAL = Path(__file__).parents[4] / "shared" / "real" / "mse"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="no folder shared/real beside the checkout")


def _counts(seen: np.ndarray) -> np.ndarray:
    """Counts of the patterns of people [people, lists]; those on none are left out."""
    number = (seen * (1 << np.arange(seen.shape[1]))).sum(axis=1)
    return np.bincount(number, minlength=1 << seen.shape[1])[1:].astype(float)


def _drawn(people: int, chance: float, seed: int, refer: float = 0.0) -> np.ndarray:
    """People on four lists that are independent, but for those whom the first hands on to the second."""
    rng = np.random.default_rng(seed)
    seen = rng.random((people, 4)) < chance
    seen[:, 1] |= seen[:, 0] & (rng.random(people) < refer)
    return _counts(seen)


def _fold(*counts: np.ndarray) -> Fold:
    """A fold to predict a unit a table of four lists."""
    tables, cells = np.nonzero(np.array(counts))
    member = dict(zip(NAMES, patterns(4)[cells].T, strict=True))
    rows = pl.DataFrame({"region": tables, **member, "count": np.array(counts)[tables, cells]})
    return make_fold("prevalence", pl.DataFrame({"region": np.arange(len(counts))}), case_lists=rows)


@pytest.mark.parametrize("make", [TEXTBOOK, StepwiseLogLinear, ModelAverage])
def test_independent_lists_are_counted_right(make: type) -> None:
    fold = _fold(*(_drawn(2000, 0.2, seed) for seed in range(6)))
    found = _run(make(), fold)
    assert (found["estimate"] / 2000).is_between(0.75, 1.35).all()
    assert found.filter((pl.col("lower") <= 2000) & (pl.col("upper") >= 2000)).height >= 4


def test_the_bound_is_too_high_where_lists_are_few_and_alike() -> None:
    """Four independent lists of chance .2: f1 squared over 2 f2 is 4/3 of the unseen, for want of the factor 3/4."""
    found = _run(ChaoLower(), _fold(*(_drawn(20_000, 0.2, seed) for seed in range(4))))
    assert found["estimate"].mean() == pytest.approx(20_000 * (1 + 0.4096 / 3), rel=0.03)


def test_a_pair_that_refers_is_found_and_allowed_for() -> None:
    fold = _fold(*(_drawn(4000, 0.15, seed, refer=0.4) for seed in range(6)))
    terms, _ = choose_pairs(read_case_lists(fold), 0.02)
    assert terms[:, pairs(4).index((0, 1))].all()
    naive, stepwise = (_run(make(), fold)["estimate"] for make in (Independence, StepwiseLogLinear))
    assert (naive < 3700).all()
    assert (stepwise - 4000).abs().mean() < (naive - 4000).abs().mean() / 2  # type: ignore[operator]


def test_pairs_that_share_nobody_are_no_candidates() -> None:
    counts = _drawn(4000, 0.15, 1)
    counts[(patterns(4)[:, 2] & patterns(4)[:, 3])] = 0
    terms, fits = choose_pairs(read_case_lists(_fold(counts)), 0.02)
    assert not terms[0, pairs(4).index((2, 3))]
    assert np.isfinite(fits.log_unseen[0])


def test_chao_counts_those_on_one_list_and_on_two() -> None:
    """Chao (1987): f1 = 50, f2 = 10 give 50 * 50 / 20 = 125 unseen; of variance 10 * (5**4 / 4 + 5**3 + 5**2 / 2)."""
    counts = np.zeros(15)
    counts[[0, 1, 2, 6]] = 20, 30, 10, 5
    log_unseen, reach = lower_bound(counts[None], 4)
    assert np.exp(log_unseen[0]) == pytest.approx(125)
    assert reach[0] == pytest.approx(1.959964 * np.sqrt(np.log(1 + 2937.5 / 125**2)), rel=1e-6)


def test_the_bound_for_lists_of_unequal_size_is_right_where_they_are_independent() -> None:
    """Chao (1989): of 20, 30 and 0 on one list only and 10 on two, 20 * 30 / 10 = 60 are unseen; and of 20,000 people
    on lists of chance .05 to .4 as many as were not seen, where the plain bound has far more."""
    counts = np.zeros(15)
    counts[[0, 1, 2]] = 20, 30, 10
    assert unequal_bound(counts[None], 4)[0] == pytest.approx(60)
    rng = np.random.default_rng(0)
    drawn = np.array([_counts(rng.random((20_000, 4)) < [0.05, 0.1, 0.2, 0.4]) for _ in range(4)])
    unseen = 20_000 - drawn.sum(axis=1)
    assert unequal_bound(drawn, 4) / unseen == pytest.approx(1, abs=0.06)
    assert (np.exp(lower_bound(drawn, 4)[0]) / unseen > 1.5).all()


def _unlike(seed: int) -> np.ndarray:
    """Four lists of 12,000 people, a fifth of whom are far more easily seen and fill all lists: no model of pairs fits,
    and those of few pairs count little more than the people who are easily seen."""
    rng = np.random.default_rng(seed)
    easy = rng.random(12_000) < 0.2
    return _counts(rng.random((12_000, 4)) < np.where(easy, 0.5, 0.08)[:, None])


def test_notes_of_an_average_give_the_dispersion_and_plain_bic() -> None:
    method = ModelAverage()
    fold = _fold(_unlike(0))
    [estimate] = _run(method, fold)["estimate"]
    [plain] = _run(ModelAverage(dispersion=False), fold).select("estimate", "lower", "upper").rows()
    assert estimate < 0.8 * plain[0]
    # 15 cells, less an intercept, four lists and six pairs, leave four degrees of freedom.
    dispersion = fit(_unlike(0)[None], 4, np.ones((1, 6), dtype=bool)).deviance[0] / 4
    assert dispersion > 10
    note = method.notes[0]
    assert note.startswith(f"dispersion {dispersion:.2f} (deviance per degree of freedom of the model with")
    gives = "Plain BIC (baseline.method.dispersion=false) gives {:,.0f} ({:,.0f} to {:,.0f})."
    assert gives.format(*plain) in note
    fitting = ModelAverage()
    _run(fitting, _fold(_drawn(2000, 0.2, 2)))
    assert fitting.notes[0].startswith("dispersion 1 (deviance per degree of freedom")
    asked = ModelAverage(dispersion=False)
    _run(asked, fold)
    assert asked.notes[0].endswith("not divided by it, as asked (plain BIC).")


def test_an_estimate_below_chaos_bound_is_flagged_where_no_model_fits() -> None:
    counts = _unlike(0)
    method = ModelAverage()
    [estimate] = _run(method, _fold(counts))["estimate"]
    [bound] = _run(ChaoLower(), _fold(counts))["estimate"]
    assert estimate < bound < 12_000
    flag = f"the estimate of {estimate:,.0f} is below Chao's lower bound of {bound:,.0f}, and below"
    assert any(note.startswith(flag) and "Do not report it alone" in note for note in method.notes)
    several = ModelAverage()
    _run(several, _fold(counts, _unlike(1)))
    flag = "in 2 of 2 regions the estimate is below Chao's lower bound"
    assert any(note.startswith(flag) for note in several.notes)


def test_an_estimate_at_the_bound_or_none_is_not_flagged() -> None:
    counts = np.array([_drawn(2000, 0.2, 0)])
    bound = counts.sum() + np.exp(lower_bound(counts, 4)[0])
    assert below_bound(bound, counts, 4) == below_bound(np.array([np.nan]), counts, 4) == []
    unequal = counts.sum() + unequal_bound(counts, 4)
    [said] = below_bound(unequal + 1, counts, 4)
    assert f"but not below {unequal[0]:,.0f}, which allows for lists of unequal size" in said


def test_an_average_is_wide_where_models_disagree_and_narrow_where_they_agree() -> None:
    def width(means: list[float]) -> float:
        fits = LogLinearFits(np.array(means), np.full(2, 0.1), np.zeros(2))
        middle, low, high = mixture_points(fits, np.zeros(2))
        assert low < middle < high
        return high - low

    assert width([7.0, 7.0]) == pytest.approx(2 * 1.959964 * 0.1, rel=1e-6)
    assert width([7.0, 8.0]) > 1.2
    missing = LogLinearFits(np.array([np.nan, 7.0]), np.array([np.nan, 0.1]), np.zeros(2))
    assert mixture_points(missing, np.zeros(2))[0] == pytest.approx(7.0)
    assert np.isnan(mixture_points(LogLinearFits(*np.full((3, 2), np.nan)), np.zeros(2))).all()


@pytest.mark.parametrize("make", METHODS)
def test_lists_that_never_meet_or_a_single_one_give_no_estimate_and_a_note(make: type) -> None:
    apart, method = np.where(patterns(4).sum(axis=1) == 1, 40.0, 0.0), make()
    single = np.where(np.arange(15) == 0, 80.0, 0.0)
    found = _run(method, _fold(apart, single, np.zeros(15), _drawn(2000, 0.2, 0)))
    for column in ("estimate", "lower", "upper"):
        assert found[column].is_null().to_list() == [True, True, True, False]
    assert any("no estimate exists for 3 of 4 regions" in note for note in method.notes)


@needs_bayes
def test_a_posterior_is_as_wide_as_lists_are_few() -> None:
    """Of independent lists it holds the truth; one person on two lists leaves a factor of four, and lists that never
    meet one of twenty."""
    apart = np.where(patterns(4).sum(axis=1) == 1, 40.0, 0.0)
    sparse, single = apart.copy(), np.zeros(15)
    sparse[2], single[0] = 1, 80
    several = _fold(*(_drawn(2000, 0.2, seed) for seed in (0, 1)), sparse, apart, single)
    bayes = _run(BayesLogLinear(200, 300), several)
    assert (bayes["estimate"][:2] / 2000).is_between(0.75, 1.35).all()
    assert (bayes["lower"][:2] < 2000).all()
    assert (bayes["upper"][:2] > 2000).all()
    width = bayes["upper"] / bayes["lower"]
    assert width[2] > 4
    assert width[3] > 20
    assert bayes["estimate"].is_null().to_list() == [False] * 4 + [True]


@pytest.mark.parametrize("make", METHODS[:-1])
def test_a_sparse_table_has_a_note_and_a_wide_interval(make: type) -> None:
    """One person on two lists: the interval spans a factor of four at the least."""
    sparse = np.where(patterns(4).sum(axis=1) == 1, 40.0, 0.0)
    sparse[2] = 1
    method = make()
    found = _run(method, _fold(sparse))
    assert found["upper"][0] > 4 * found["lower"][0]
    assert any("half of the pairs of lists have no person in common" in note for note in method.notes)


def test_strata_are_added_up() -> None:
    whole = _fold(_drawn(2000, 0.2, 0))
    rows, half = whole.tables["case_lists"], (pl.col("count") / 2).floor()
    counts = {"female": half, "male": pl.col("count") - half}
    parts = pl.concat(rows.with_columns(sex=pl.lit(sex), count=count) for sex, count in counts.items())
    split = replace(whole, tables={**whole.tables, "case_lists": parts})
    assert_frame_equal(_run(Independence(), split), _run(Independence(), whole))


def test_too_many_lists_are_refused() -> None:
    fold = _fold(_drawn(2000, 0.2, 0))
    more = fold.tables["case_lists"].with_columns(pl.lit(False).alias(f"x{i}") for i in range(9))
    with pytest.raises(UsageError, match="13 lists"):
        read_case_lists(replace(fold, tables={**fold.tables, "case_lists": more}))


def test_no_note_is_made_where_there_is_nothing_to_say() -> None:
    lists = CaseLists(pl.Series("region", range(8)), NAMES, np.ones((8, 15)))
    assert warnings_of(lists, pl.DataFrame({"estimate": [100.0] * 8, "upper": [200.0] * 8})) == []


@pytest.fixture(scope="module")
def everywhere(small: Release) -> Prepared:
    return prepare("prevalence", release=small)


def _score(prepared: Prepared, found: pl.DataFrame, metric: str) -> float:
    value = evaluate(tasks()["prevalence"], prepared.answers, found, replicates=0).scores[metric].value
    assert value is not None
    return value


@pytest.mark.slow
def test_independence_is_short_and_sure_of_it_as_the_literature_fears(everywhere: Prepared) -> None:
    """The band of the calibration: median ratio .4 to .8, and 95% intervals that hold the truth in under half."""
    found = _run(TEXTBOOK(), everywhere.folds[0])
    assert 0.4 < _score(everywhere, found, "median_ratio") < 0.8
    assert _score(everywhere, found, "coverage") < 0.5


def test_methods_differ_and_none_reaches_the_reference(everywhere: Prepared, small: Release) -> None:
    shown = prepare("prevalence", release=small, oracle=True)
    makers = {Oracle: shown, ChaoLower: everywhere, StepwiseLogLinear: everywhere, Independence: everywhere}
    predicted = (_run(make(), prepared.folds[0]) for make, prepared in makers.items())
    oracle, *others = (_score(everywhere, found, "median_abs_log_error") for found in predicted)
    assert oracle < 0.06 < others[0] < others[1] < others[2]


def test_independence_gives_no_interval_and_a_note_why() -> None:
    method = Independence()
    found = _run(method, _fold(_drawn(2000, 0.2, 0)))
    assert found.select("estimate", "lower", "upper").row(0)[1:] == (None, None)
    assert method.notes[0].startswith("no interval: this model ignores that some people are seen more easily")


def test_the_reach_for_dependence_is_that_of_a_prediction_interval_over_pairs() -> None:
    """Pairs of six lists share two or a half times what chance would have them share, in two tables of other sizes."""
    member, counts = patterns(6), np.zeros((2, 63))
    ratio = dict(zip(combinations(range(6), 2), [2.0, 0.5, 1.0] * 5, strict=True))
    for table, people in enumerate((30.0, 60.0)):
        counts[table, member.sum(axis=1) == 1] = 10 * people
        for (a, b), times in ratio.items():
            counts[table, (1 << a | 1 << b) - 1] = people * times
    observed, expected = np.zeros(15), np.zeros(15)
    for table in counts:
        size = [table[member[:, i]].sum() for i in range(6)]
        both = np.array([table[member[:, i] & member[:, j]].sum() for i, j in ratio])
        chance = np.array([size[i] * size[j] for i, j in ratio])
        observed, expected = observed + both, expected + both.sum() * chance / chance.sum()
    weight = expected / expected.sum()
    variance = (((observed - expected) ** 2 / expected).sum() - 14) / (observed.sum() * (1 - weight @ weight))
    # 2.1604 is Student's t of 13 degrees of freedom, Higgins, Thompson and Spiegelhalter (2009).
    assert dependence_reach(counts, 6) == pytest.approx(
        2.1604 * np.sqrt(variance * (1 + weight @ weight)), rel=1e-4
    )
    assert np.sqrt(variance) == pytest.approx(0.53, abs=0.05)
    assert dependence_reach(counts[:, :7], 3) == dependence_reach(0 * counts, 6) == 0
    independent = np.array([_drawn(4000, 0.15, seed) for seed in range(20)])
    assert dependence_reach(independent, 4) < 0.25


@pytest.mark.parametrize("kind", [ChaoLower, StepwiseLogLinear])
def test_an_interval_allows_for_dependence_at_its_upper_end(kind: type) -> None:
    fold = _fold(*(_drawn(2000, 0.2, seed, refer=0.5) for seed in range(8)))
    method = kind()
    wide, textbook = _run(method, fold), _run(kind(textbook_interval=True), fold)
    assert_frame_equal(wide.drop("upper"), textbook.drop("upper"))
    assert (wide["upper"] > 1.05 * textbook["upper"]).all()
    assert not any("too narrow" in note for note in method.notes)
    alone = _fold(_drawn(2000, 0.2, 0))
    assert_frame_equal(_run(method, alone), _run(kind(textbook_interval=True), alone))
    [note] = (note for note in method.notes if "too narrow" in note)
    assert note.startswith("intervals are likely too narrow")
    assert "(here: 1 and 4)" in note


def test_intervals_beat_an_arbitrary_range_on_small(everywhere: Prepared) -> None:
    """63 of 64 is within chance of 95%. Over other worlds: research/world/list_intervals.py."""
    fold = everywhere.folds[0]
    arbitrary, textbook, chao = (
        _run(make(), fold) for make in (ChaoFixedRange, partial(ChaoLower, textbook_interval=True), ChaoLower)
    )
    assert_frame_equal(arbitrary.select("region", "estimate"), chao.select("region", "estimate"))
    assert _score(everywhere, textbook, "coverage") < 0.9 < _score(everywhere, chao, "coverage") < 1
    assert _score(everywhere, chao, "interval_score") < _score(everywhere, arbitrary, "interval_score")
    assert 0.9 < _score(everywhere, _run(StepwiseLogLinear(), fold), "coverage") < 1


def _real(file: str, data: str, method: object) -> tuple[float, float, float]:
    """Estimate and interval of a method on real lists, read as a user's own data would be."""
    import yaml

    configs = Path(__file__).parents[3] / "configs" / "data"
    own = yaml.safe_load((configs / f"{data}.yaml").read_text(encoding="utf-8"))
    prepared = prepare("prevalence", own=own | {"path": str(REAL / file)})
    return _run(method, prepared.folds[0]).select("estimate", "lower", "upper").row(0)


@needs_real
def test_six_lists_of_the_united_kingdom_taken_for_independent_give_what_is_known() -> None:
    """12,214: a pattern that is not listed counts nobody, and all 63 cells enter the fit."""
    estimate, lower, upper = _real("uk_2013_6lists.csv", "uk_lists_6", TEXTBOOK())
    assert estimate == pytest.approx(12_214, rel=1e-3)
    assert lower < estimate < upper


@needs_real
def test_five_lists_of_the_united_kingdom_step_by_step_give_what_was_published() -> None:
    """Silverman (2020): 11,313 with an interval of about 9,890 to 13,060."""
    estimate, lower, upper = _real("uk_2013_5lists.csv", "uk_lists_5", StepwiseLogLinear())
    assert 11_000 < estimate < 11_600
    assert lower < 9_900
    assert upper > 13_000


@needs_real
def test_estimates_of_lists_of_the_netherlands_depend_on_the_model() -> None:
    estimate, lower, upper = _real("netherlands_5lists.csv", "netherlands_lists", TEXTBOOK())
    assert 52_823 <= estimate <= 52_924
    average = _real("netherlands_5lists.csv", "netherlands_lists", ModelAverage())
    assert average[2] / average[1] > 1.5 * upper / lower
    assert average[1] > 1.5 * estimate
