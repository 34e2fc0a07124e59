"""Methods that aggregate votes, of two classes and of more: against slow references, other software and real crowds.

Simulated crowds are those of ``simulated_crowds.py``, whose confusions are known. ``CROWDKIT`` holds the accuracy of
crowd-kit 1.4.2 on the same votes, with a tie counting for its part: MajorityVote(), DawidSkene(n_iter=200),
GLAD(n_iter=100) and MACE() with seeds 0, 1 and 2, which agree. Its MACE mixes up reviewers and labels unless their
names first occur in sorted order, and was given rows in such an order. Its Dawid-Skene does not smooth and stops after
``stopped`` iterations, before it has converged on two of the four.

Known results on the real sets (score at one half, ties half, all items at once): majority .759 / .897 / .897,
Dawid-Skene .889-.898 / .928 / .940, GLAD .722 / .925 / .928 on bluebird / rte / product; MACE .861 and .926 on the
first two, by crowd-kit with rows in such an order.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
from scipy.special import digamma
from simulated_crowds import RECIPES, Recipe, best_accuracy, crowd
from tipbaselines.flag_aggregation.dawid_skene import DawidSkene
from tipbaselines.flag_aggregation.glad import ALPHA, LOG_BETA, Glad, ascend
from tipbaselines.flag_aggregation.linked_crowd import LinkedCrowd
from tipbaselines.flag_aggregation.mace import Mace
from tipbaselines.flag_aggregation.majority import vote_shares
from tipbaselines.flag_aggregation.votes import HARMFUL, UNSURE, Votes, vote_codes
from tipcore.errors import UsageError

REAL = Path(__file__).parents[4] / "shared" / "real" / "crowd"
Method = Callable[[Votes], np.ndarray]
LEARNERS: dict[str, Method] = {
    method.__name__: method().posterior for method in (DawidSkene, Glad, Mace, LinkedCrowd)
}
METHODS = {"majority": vote_shares} | LEARNERS
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))
every_learner = pytest.mark.parametrize("method", LEARNERS.values(), ids=list(LEARNERS))
every_crowd = pytest.mark.parametrize("name", RECIPES)


class Known(NamedTuple):
    majority: float
    dawid_skene: float
    stopped: int
    glad: float
    mace: float


CROWDKIT = {
    "three": Known(0.8233, 0.8833, 22, 0.8400, 0.8500),
    "four_clicked": Known(0.6567, 0.7700, 2, 0.5325, 0.7800),
    "six_in_order": Known(0.7030, 0.8940, 19, 0.7320, 0.7340),
    "ten": Known(0.8476, 0.8433, 10, 0.8650, 0.8617),
}


def votes_of(name: str) -> tuple[Votes, np.ndarray]:
    """Votes of a simulated crowd, and the truth."""
    made, recipe = crowd(name), RECIPES[name]
    unknown = np.full(recipe.items, -1)
    return Votes(made.item, made.reviewer, made.vote, recipe.reviewers, unknown, recipe.classes), made.truth


def two_classes(
    seed: int = 0, items: int = 300, unsure: float = 0.1, clickers: int = 6
) -> tuple[Votes, np.ndarray]:
    """Votes of 25 reviewers of differing skill, some of them clicking harmful whatever they see; and the truth."""
    generator = np.random.default_rng(seed)
    truth = (generator.random(items) < 0.35).astype(np.int64)
    item = np.repeat(np.arange(items), 5)
    reviewer = np.concatenate([generator.permutation(25)[:5] for _ in range(items)])
    right = generator.uniform(0.65, 0.97, 25)
    vote = np.where(generator.random(len(item)) < right[reviewer], truth[item], 1 - truth[item])
    vote = np.where(generator.random(len(item)) < unsure, UNSURE, vote)
    vote = np.where(reviewer < clickers, 1, vote)
    return Votes(item, reviewer, vote, 25, np.full(items, -1, dtype=np.int8)), truth


def accuracy(posterior: np.ndarray, truth: np.ndarray) -> float:
    """A tie counts for its part."""
    highest = posterior >= posterior.max(axis=1, keepdims=True) - 1e-12
    return float((highest / highest.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth].mean())


@every_method
def test_scores_are_probabilities_and_better_than_a_coin(method: Method) -> None:
    votes, truth = two_classes()
    posterior = method(votes)
    assert posterior.shape == (len(truth), 2)
    assert ((posterior >= 0) & (posterior <= 1)).all()
    np.testing.assert_allclose(posterior.sum(axis=1), 1)
    assert accuracy(posterior, truth) > 0.7


def test_reviewers_who_do_not_look_cost_the_majority_more_than_the_models() -> None:
    votes, truth = two_classes(items=600)
    base = accuracy(vote_shares(votes), truth)
    assert accuracy(DawidSkene().posterior(votes), truth) > base + 0.02
    assert accuracy(Mace(own_prior=True).posterior(votes), truth) > base + 0.02


@every_method
@pytest.mark.parametrize("classes", [2, 3])
def test_another_order_of_classes_gives_the_same_scores_in_that_order(method: Method, classes: int) -> None:
    votes, _ = two_classes(3) if classes == 2 else votes_of("three")
    order = np.array([1, 0, UNSURE] if classes == 2 else [2, 0, 1])
    moved = method(replace(votes, vote=order[votes.vote]))
    np.testing.assert_allclose(moved[:, order[:classes]], method(votes), atol=2e-3 if classes == 2 else 5e-3)


@every_method
@pytest.mark.parametrize("classes", [2, 4])
def test_an_item_without_votes_and_a_crowd_of_one_are_no_error(method: Method, classes: int) -> None:
    last = classes - 1
    alone = Votes(np.array([0, 1]), np.array([0, 0]), np.array([last, 0]), 1, np.full(3, -1), classes)
    found = method(alone)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found[0].argmax() == last
    if classes == 2:
        assert found[1, 1] <= found[2, 1] <= found[0, 1]
    else:
        np.testing.assert_allclose(found[2][2:].mean(), found[2].mean(), atol=0.1)


def test_the_majority_counts_unsure_votes_half() -> None:
    item, vote = np.array([0, 0, 0, 1, 1, 2]), np.array([1, 1, 0, 1, UNSURE, UNSURE])
    votes = Votes(item, np.arange(6), vote, 6, np.full(3, -1, dtype=np.int8))
    np.testing.assert_allclose(vote_shares(votes)[:, HARMFUL], [2 / 3, 0.75, 0.5])


@every_learner
@pytest.mark.parametrize("classes", [2, 3])
def test_known_labels_teach_who_can_be_trusted(method: Method, classes: int) -> None:
    """Three reviewers err together and outvote two who are right: known items turn the rest around."""
    item, reviewer = np.repeat(np.arange(90), 5), np.tile(np.arange(5), 90)
    truth = np.arange(90) % classes
    vote = np.where(reviewer < 3, (truth[item] + 1) % classes, truth[item])
    blind = Votes(item, reviewer, vote, 5, np.full(90, -1), classes)
    taught = replace(blind, known=np.where(np.arange(90) < 60, truth, -1))
    assert accuracy(method(blind)[60:], truth[60:]) <= (0 if classes == 2 else 0.1)
    assert accuracy(method(taught)[60:], truth[60:]) == 1.0


def test_votes_may_be_words_numbers_or_truth_values() -> None:
    assert vote_codes(pl.Series(["harmful", "Clear ", "unsure"])).tolist() == [1, 0, 2]
    assert vote_codes(pl.Series([0, 1])).tolist() == [0, 1]
    assert vote_codes(pl.Series(["1.0", "0"])).tolist() == [1, 0]
    assert vote_codes(pl.Series([True, False])).tolist() == [1, 0]
    assert vote_codes(pl.Series(["b", "c", "a"]), ["a", "b", "c"]).tolist() == [1, 2, 0]
    with pytest.raises(UsageError, match=r"1 of 2 votes are none of .* \(first: maybe\)"):
        vote_codes(pl.Series(["maybe", "1"]))


# --- against slow references ---------------------------------------------------------------------------------------


def triples(votes: Votes) -> list[tuple[int, int, int]]:
    return list(zip(votes.item.tolist(), votes.reviewer.tolist(), votes.vote.tolist(), strict=True))


def normalised(rows: list[list[float]]) -> list[list[float]]:
    return [[value / sum(row) for value in row] for row in rows]


@pytest.mark.parametrize("smoothing", [0.5, 4.0])
@pytest.mark.parametrize("votes", [two_classes(1, items=80)[0], votes_of("four_clicked")[0]], ids=["2", "4"])
def test_dawid_skene_is_the_loop_of_the_paper(votes: Votes, smoothing: float) -> None:
    """Equations 2.3 to 2.5 of Dawid and Skene (1979) with the same smoothing, a vote at a time."""
    classes, labels = range(votes.classes), range(votes.labels)
    posterior = vote_shares(votes).tolist()
    for _ in range(4):
        confusion: list[list[list[float]]] = []
        for true in classes:
            counts = [[0.0] * votes.labels for _ in range(votes.reviewers)]
            for i, r, v in triples(votes):
                counts[r][v] += posterior[i][true]
            together = [1.0 + sum(row[v] for row in counts) for v in labels]
            shares = [smoothing * one / sum(together) for one in together]
            confusion.append(normalised([[c + shares[v] for v, c in enumerate(row)] for row in counts]))
        prior = [sum(row[k] for row in posterior) + 1 for k in classes]
        joint = [list(prior) for _ in posterior]
        for i, r, v in triples(votes):
            for true in classes:
                joint[i][true] *= confusion[true][r][v]
        posterior = normalised(joint)
    found = DawidSkene(smoothing, iterations=4, tolerance=0.0).posterior(votes)
    np.testing.assert_allclose(found, posterior, rtol=1e-9)


def expected_log_likelihood(
    votes: Votes, alpha: np.ndarray, log_beta: np.ndarray, posterior: np.ndarray
) -> float:
    """GLAD's Q with its normal priors (Whitehill et al. 2009, section 3), a vote at a time."""
    total = -0.5 * float(((alpha - 1) ** 2).sum() + ((log_beta - 1) ** 2).sum())
    for i, r, v in triples(votes):
        product = alpha[r] * math.exp(log_beta[i])
        right = posterior[i] if v == 1 else 1 - posterior[i]
        total += right * -math.log1p(math.exp(-product)) + (1 - right) * -math.log1p(math.exp(product))
    return float(total)


def test_glads_steps_follow_the_gradient_of_its_expected_log_likelihood() -> None:
    votes = two_classes(2, items=12, unsure=0.0)[0]
    generator = np.random.default_rng(5)
    alpha, log_beta = generator.normal(1, 0.3, votes.reviewers), generator.normal(0, 0.3, votes.items)
    posterior = generator.random(votes.items)
    right = np.where(votes.vote == 1, posterior[votes.item], 1 - posterior[votes.item])
    here = expected_log_likelihood(votes, alpha, log_beta, posterior)
    beta = np.exp(log_beta)[votes.item]
    odds = alpha[votes.reviewer] * beta
    for name, step in (
        ("alpha", ascend(votes.per_reviewer, beta, odds, right, alpha - ALPHA)),
        ("log_beta", ascend(votes.per_item, odds, odds, right, log_beta - LOG_BETA)),
    ):
        for k in range(len(step)):
            moved = {"alpha": alpha.copy(), "log_beta": log_beta.copy()}
            moved[name][k] += 1e-6
            slope = (expected_log_likelihood(votes, posterior=posterior, **moved) - here) / 1e-6
            assert slope * step[k] > -1e-6
            assert abs(slope) < 1e-3 or step[k] != 0


def test_glads_first_posterior_is_that_of_its_priors() -> None:
    """Skill 1 and ease e: a vote is right with probability sigmoid(e), and else one of the other classes (Whitehill et
    al. 2009, section 2, and its supplement for several classes)."""
    votes, _ = votes_of("six_in_order")
    right = 1 / (1 + math.exp(-math.e))
    joint = np.ones((votes.items, votes.classes))
    for i, _, v in triples(votes):
        joint[i] *= np.where(np.arange(votes.classes) == v, right, (1 - right) / (votes.classes - 1))
    found = Glad(iterations=1, steps=0).posterior(votes)
    np.testing.assert_allclose(found, joint / joint.sum(axis=1, keepdims=True), rtol=1e-9)


@pytest.mark.parametrize(("looking", "habit"), [(0.5, 10.0), (5.0, 2.0)])
@pytest.mark.parametrize("votes", [two_classes(4, items=80)[0], votes_of("three")[0]], ids=["2", "3"])
def test_mace_is_the_loop_of_the_paper(votes: Votes, looking: float, habit: float) -> None:
    """The E step and the variational M step of MACE (Hovy et al. 2013, sections 2 and 3.2), a vote at a time."""
    generator = np.random.default_rng(3)
    start = generator.uniform(1.0, 2.5, (votes.reviewers, 2))
    looks, idles = (start / start.sum(axis=1, keepdims=True)).T
    habits = generator.uniform(1.0, 2.5, (votes.reviewers, votes.labels))
    habits = habits / habits.sum(axis=1, keepdims=True)
    posterior: list[list[float]] = []
    for _ in range(5):
        joint = [[1.0] * votes.classes for _ in range(votes.items)]
        for i, r, v in triples(votes):
            for true in range(votes.classes):
                joint[i][true] *= idles[r] * habits[r, v] + looks[r] * (v == true)
        posterior = normalised(joint)
        looked, clicked = np.zeros(votes.reviewers), np.zeros((votes.reviewers, votes.labels))
        for i, r, v in triples(votes):
            sure = posterior[i][v] if v < votes.classes else 0.0
            truthful = sure * looks[r] / (idles[r] * habits[r, v] + looks[r])
            looked[r] += truthful
            clicked[r, v] += 1 - truthful
        total = digamma(looked + clicked.sum(axis=1) + 2 * looking)
        looks = np.exp(digamma(looked + looking) - total)
        idles = np.exp(digamma(clicked.sum(axis=1) + looking) - total)
        own = clicked + habit
        habits = np.exp(digamma(own) - digamma(own.sum(axis=1, keepdims=True)))
    found = Mace(restarts=1, iterations=5, looking=looking, habit=habit).posterior(votes, seed=3)
    np.testing.assert_allclose(found, posterior, rtol=1e-8)


def brigaded(seed: int = 0) -> tuple[Votes, np.ndarray]:
    """Votes of 40 reviewers on 60 operators of four adverts each, and the truth of operators. On each fifth operator,
    which is lawful, eight reviewers all say harmful within a minute; elsewhere they vote as the others do."""
    generator = np.random.default_rng(seed)
    truth = (generator.random(60) < 0.4).astype(np.int64) * (np.arange(60) % 5 != 0)
    rows = []
    for item in range(240):
        operator = item // 4
        others = generator.permutation(np.arange(8 * (operator % 5 == 0), 40))[:4]
        right = generator.random(4) < 0.75
        votes = np.where(right, truth[operator], 1 - truth[operator])
        rows += [
            (item, r, v, w) for r, v, w in zip(others, votes, generator.exponential(600, 4), strict=True)
        ]
        if operator % 5 == 0:
            rows += [(item, r, 1, w) for r, w in zip(range(8), generator.exponential(1, 8), strict=True)]
    item, reviewer, vote, wait = (np.array(column) for column in zip(*rows, strict=True))
    known = np.full(240, -1, dtype=np.int64)
    return Votes(item, reviewer, vote, 40, known, wait=wait), truth


def test_a_linked_crowd_sees_through_a_brigade_that_deceives_other_methods() -> None:
    votes, truth = brigaded()
    operators = votes.of_operators(np.arange(240) // 4)
    assert accuracy(LinkedCrowd().posterior(operators), truth) > 0.95
    assert accuracy(DawidSkene().posterior(operators), truth) < 0.8
    assert accuracy(LinkedCrowd().posterior(votes), np.repeat(truth, 4)) < 0.9  # not linked


def test_a_linked_crowd_bears_a_vote_that_comes_a_month_late_and_no_votes_at_all() -> None:
    votes, truth = brigaded()
    operators = votes.of_operators(np.arange(240) // 4)
    assert operators.wait is not None
    late = replace(operators, wait=np.where(np.arange(len(votes.vote)) == 5, 1e6, operators.wait))
    assert accuracy(LinkedCrowd().posterior(late), truth) > 0.9
    none = np.zeros(0, dtype=np.int64)
    assert LinkedCrowd().posterior(Votes(none, none, none, 0, np.full(3, -1))).shape == (3, 2)


def test_what_is_known_of_an_item_is_known_of_its_operator_unless_items_differ() -> None:
    votes = two_classes(items=6)[0]
    known = replace(votes, known=np.array([1, -1, 0, 1, -1, -1]))
    assert known.of_operators(np.array([0, 0, 1, 1, 2, 2])).known.tolist() == [1, -1, -1]


def test_the_first_step_of_a_linked_crowd_is_that_of_its_formula() -> None:
    """Bayes' rule over truth and brigade with the confusions that shares of votes give, a vote at a time."""
    votes = two_classes(5, items=20)[0]
    start, expected = vote_shares(votes), np.zeros((votes.items, 2))
    confusion = np.ones((votes.reviewers, 2, 3))
    for true in range(2):
        counts = np.zeros((votes.reviewers, 3))
        for i, r, v in triples(votes):
            counts[r, v] += start[i, true]
        crowd_counts = counts.sum(axis=0) + 1
        smooth = counts + crowd_counts / crowd_counts.sum()
        confusion[:, true] = smooth / smooth.sum(axis=1, keepdims=True)
    prior = (start.sum(axis=0) + 1) / (votes.items + 2)
    for i in range(votes.items):
        for true in range(2):
            for brigade, presence in ((None, 0.9), (0, 0.05), (1, 0.05)):
                chance = prior[true] * presence
                for at, r, v in triples(votes):
                    if at == i:
                        own = confusion[r, true, v]
                        chance *= own if brigade is None else 0.9 * own + 0.1 * (v == brigade)
                expected[i, true] += chance
    found = LinkedCrowd(iterations=1).posterior(votes)
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), rtol=1e-9)


# --- against other software, and real crowds -----------------------------------------------------------------------


@every_crowd
def test_every_method_is_as_right_as_an_independent_implementation(name: str) -> None:
    votes, truth = votes_of(name)
    known = CROWDKIT[name]
    settings: dict[str, Any] = {"smoothing": 1e-9, "iterations": known.stopped, "tolerance": 0.0}
    assert accuracy(vote_shares(votes), truth) == pytest.approx(known.majority, abs=0.0001)
    stopped = DawidSkene(**settings).posterior(votes)
    assert accuracy(stopped, truth) == pytest.approx(known.dawid_skene, abs=0.005)
    assert accuracy(Glad(iterations=100).posterior(votes), truth) == pytest.approx(known.glad, abs=0.01)
    assert accuracy(Mace(restarts=3).posterior(votes), truth) == pytest.approx(known.mace, abs=0.003)


@pytest.mark.parametrize("draw", range(3))
def test_glad_is_above_the_majority_where_some_reviewers_vote_for_one_class(
    draw: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other votes follow the model: a wrong one is for any of the other three classes alike."""
    name = f"draw{draw}"
    monkeypatch.setitem(RECIPES, name, Recipe(4, 1000, 50, 5, (0.3, 0.8), near=0.0, clickers=8))
    votes, truth = votes_of(name)
    found = accuracy(Glad().posterior(votes), truth)
    assert found > accuracy(vote_shares(votes), truth) + 0.005
    assert found > accuracy(Glad(iterations=100).posterior(votes), truth) + 0.005


@every_crowd
def test_a_model_of_confusions_finds_them_and_is_right_more_often_than_the_majority(name: str) -> None:
    """Shares of votes by class, weighed by the posterior and over all reviewers, are those that votes were drawn by."""
    (votes, truth), made = votes_of(name), crowd(name)
    posterior = DawidSkene().posterior(votes)
    right = accuracy(posterior, truth)
    assert accuracy(vote_shares(votes), truth) + 0.01 < right < best_accuracy(made) + 0.01
    assert right > CROWDKIT[name].dawid_skene - 0.01  # the default smoothing costs nothing
    found = np.stack([np.bincount(votes.vote, column[votes.item], votes.classes) for column in posterior.T])
    true = truth[votes.item]
    drawn = [made.confusion[votes.reviewer[true == k], k].mean(axis=0) for k in range(votes.classes)]
    assert np.abs(found / found.sum(axis=1, keepdims=True) - np.stack(drawn)).max() < 0.12


@pytest.mark.skipif(not REAL.is_dir(), reason="no folder shared/real/crowd beside the checkout")
@pytest.mark.parametrize(
    ("name", "majority", "confusion", "skill", "habit"),
    [
        ("bluebird", 0.759, 0.894, 0.722, 0.861),
        ("rte", 0.897, 0.928, 0.925, 0.926),
        ("product", 0.897, 0.940, 0.928, 0.831),
    ],
)
def test_real_crowds_are_aggregated_as_well_as_is_known(
    name: str, majority: float, confusion: float, skill: float, habit: float
) -> None:
    labels = pl.read_csv(REAL / name / "label.csv")
    known = pl.read_csv(REAL / name / "truth.csv").sort("item")
    item = known["item"].search_sorted(labels["item"]).to_numpy().astype(np.int64)
    reviewer = labels["worker"].rank("dense").to_numpy().astype(np.int64) - 1
    unknown = np.full(known.height, -1, dtype=np.int8)
    votes = Votes(item, reviewer, vote_codes(labels["label"]), int(reviewer.max()) + 1, unknown)
    truth = known["truth"].to_numpy()
    assert accuracy(vote_shares(votes), truth) == pytest.approx(majority, abs=0.001)
    assert accuracy(DawidSkene().posterior(votes), truth) == pytest.approx(confusion, abs=0.01)
    assert accuracy(Glad(iterations=100).posterior(votes), truth) == pytest.approx(skill, abs=0.005)
    assert accuracy(Glad().posterior(votes), truth) > skill - 0.005
    assert accuracy(Mace(restarts=2).posterior(votes), truth) == pytest.approx(habit, abs=0.01)
