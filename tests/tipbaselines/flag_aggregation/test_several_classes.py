"""Crowds of any number of classes: simulated ones against crowd-kit, and the methods against slow references.

The crowds are those of ``simulated_crowds.py``, whose confusions are known. ``CROWDKIT`` holds the accuracy of
crowd-kit 1.4.2 on the same votes, with a tie counting for its part: MajorityVote(), DawidSkene(n_iter=200),
GLAD(n_iter=100) and MACE() with seeds 0, 1 and 2, which agree. Its MACE mixes up reviewers and labels unless their
names first occur in sorted order, and was given rows in such an order. Its Dawid-Skene does not smooth and stops after
``stopped`` iterations, before it has converged on two of the four.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from simulated_crowds import RECIPES, Recipe, best_accuracy, crowd
from tipbaselines.flag_aggregation.dawid_skene import dawid_skene
from tipbaselines.flag_aggregation.glad import glad
from tipbaselines.flag_aggregation.mace import Priors, mace
from tipbaselines.flag_aggregation.majority import vote_shares
from tipbaselines.flag_aggregation.votes import Votes
from tipbaselines.flag_aggregation.weighted_majority import weighted_majority

METHODS: dict[str, Callable[..., np.ndarray]] = {
    "majority": vote_shares,
    "weighted_majority": weighted_majority,
    "dawid_skene": dawid_skene,
    "glad": glad,
    "mace": mace,
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))
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
    made, recipe = crowd(name), RECIPES[name]
    unknown = np.full(recipe.items, -1)
    return Votes(made.item, made.reviewer, made.vote, recipe.reviewers, unknown, recipe.classes), made.truth


def accuracy(posterior: np.ndarray, truth: np.ndarray) -> float:
    """A tie counts for its part."""
    highest = posterior >= posterior.max(axis=1, keepdims=True) - 1e-12
    return float((highest / highest.sum(axis=1, keepdims=True))[np.arange(len(truth)), truth].mean())


@every_crowd
def test_every_method_is_as_right_as_an_independent_implementation(name: str) -> None:
    votes, truth = votes_of(name)
    known = CROWDKIT[name]
    assert accuracy(vote_shares(votes), truth) == pytest.approx(known.majority, abs=0.0001)
    stopped = dawid_skene(votes, smoothing=1e-9, iterations=known.stopped, tolerance=0.0)
    assert accuracy(stopped, truth) == pytest.approx(known.dawid_skene, abs=0.005)
    assert accuracy(glad(votes, iterations=100), truth) == pytest.approx(known.glad, abs=0.01)
    assert accuracy(mace(votes, restarts=3), truth) == pytest.approx(known.mace, abs=0.003)


@pytest.mark.parametrize("draw", range(3))
def test_glad_is_above_the_majority_where_some_reviewers_vote_for_one_class(
    draw: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other votes follow the model: a wrong one is for any of the other three classes alike."""
    name = f"draw{draw}"
    monkeypatch.setitem(RECIPES, name, Recipe(4, 1000, 50, 5, (0.3, 0.8), near=0.0, clickers=8))
    votes, truth = votes_of(name)
    found = accuracy(glad(votes), truth)
    assert found > accuracy(vote_shares(votes), truth) + 0.005
    assert found > accuracy(glad(votes, iterations=100), truth) + 0.005


@every_crowd
def test_a_model_of_confusions_is_right_more_often_than_the_majority_and_no_more_than_can_be(
    name: str,
) -> None:
    votes, truth = votes_of(name)
    found = accuracy(dawid_skene(votes), truth)
    assert accuracy(vote_shares(votes), truth) + 0.01 < found < best_accuracy(crowd(name)) + 0.01


@every_crowd
def test_the_default_smoothing_costs_no_accuracy(name: str) -> None:
    votes, truth = votes_of(name)
    assert accuracy(dawid_skene(votes), truth) > CROWDKIT[name].dawid_skene - 0.01


@every_crowd
def test_confusions_are_found_again(name: str) -> None:
    """Shares of votes by class, weighed by the posterior and over all reviewers, are those that votes were drawn by."""
    votes, truth = votes_of(name)
    posterior, made = dawid_skene(votes), crowd(name)
    found = np.stack([np.bincount(votes.vote, column[votes.item], votes.classes) for column in posterior.T])
    drawn = np.stack(
        [made.confusion[votes.reviewer[truth[votes.item] == k], k].mean(axis=0) for k in range(votes.classes)]
    )
    assert np.abs(found / found.sum(axis=1, keepdims=True) - drawn).max() < 0.12


@every_method
def test_another_order_of_classes_gives_the_same_scores_in_that_order(
    method: Callable[..., np.ndarray],
) -> None:
    votes, _ = votes_of("three")
    order = np.array([2, 0, 1])
    moved = Votes(votes.item, votes.reviewer, order[votes.vote], votes.reviewers, votes.known, 3)
    np.testing.assert_allclose(method(moved)[:, order], method(votes), atol=5e-3)


@every_method
def test_rows_add_up_to_one_and_an_item_without_votes_is_of_no_class(
    method: Callable[..., np.ndarray],
) -> None:
    alone = Votes(np.array([0, 1]), np.array([0, 0]), np.array([2, 0]), 1, np.full(3, -1), 4)
    found = method(alone)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert found[0].argmax() == 2
    np.testing.assert_allclose(found[2][2:].mean(), found[2].mean(), atol=0.1)


@pytest.mark.parametrize("method", [weighted_majority, dawid_skene, glad, mace], ids=lambda m: m.__name__)
def test_known_classes_teach_who_can_be_trusted(method: Callable[..., np.ndarray]) -> None:
    """Three reviewers err together and outvote two who are right: known items turn the rest around."""
    item, reviewer = np.repeat(np.arange(90), 5), np.tile(np.arange(5), 90)
    truth = np.arange(90) % 3
    vote = np.where(reviewer < 3, (truth[item] + 1) % 3, truth[item])
    known = np.where(np.arange(90) < 60, truth, -1)
    blind = method(Votes(item, reviewer, vote, 5, np.full(90, -1), 3))
    taught = method(Votes(item, reviewer, vote, 5, known, 3))
    assert accuracy(blind[60:], truth[60:]) < 0.1
    assert accuracy(taught[60:], truth[60:]) == 1.0


# --- against slow references ---------------------------------------------------------------------------------------


def triples(votes: Votes) -> list[tuple[int, int, int]]:
    return list(zip(votes.item.tolist(), votes.reviewer.tolist(), votes.vote.tolist(), strict=True))


def normalised(rows: list[list[float]]) -> list[list[float]]:
    return [[value / sum(row) for value in row] for row in rows]


def test_dawid_skene_is_the_loop_of_the_paper() -> None:
    """Equations 2.3 to 2.5 of Dawid and Skene (1979) with the same smoothing, a vote at a time."""
    votes, _ = votes_of("four_clicked")
    classes = range(votes.classes)
    posterior = vote_shares(votes).tolist()
    for _ in range(4):
        confusion: list[list[list[float]]] = []
        for true in classes:
            counts = [[0.0] * votes.classes for _ in range(votes.reviewers)]
            for i, r, v in triples(votes):
                counts[r][v] += posterior[i][true]
            together = [1.0 + sum(row[v] for row in counts) for v in classes]
            smoothed = [[c + 2.0 * together[v] / sum(together) for v, c in enumerate(row)] for row in counts]
            confusion.append(normalised(smoothed))
        prior = [sum(row[k] for row in posterior) + 1 for k in classes]
        joint = [list(prior) for _ in posterior]
        for i, r, v in triples(votes):
            for true in classes:
                joint[i][true] *= confusion[true][r][v]
        posterior = normalised(joint)
    np.testing.assert_allclose(dawid_skene(votes, 2.0, 4, 0.0), posterior, rtol=1e-9)


def test_glads_first_posterior_is_that_of_its_priors() -> None:
    """Skill 1 and ease e: a vote is right with probability sigmoid(e), and else one of the other classes (Whitehill et
    al. 2009, section 2, and its supplement for several classes)."""
    votes, _ = votes_of("six_in_order")
    right = 1 / (1 + math.exp(-math.e))
    joint = np.ones((votes.items, votes.classes))
    for i, _, v in triples(votes):
        joint[i] *= np.where(np.arange(votes.classes) == v, right, (1 - right) / (votes.classes - 1))
    found = glad(votes, iterations=1, steps=0)
    np.testing.assert_allclose(found, joint / joint.sum(axis=1, keepdims=True), rtol=1e-9)


def test_mace_is_the_loop_of_the_paper() -> None:
    """The E step and the variational M step of MACE (Hovy et al. 2013, sections 2 and 3.2), a vote at a time."""
    from scipy.special import digamma

    votes, _ = votes_of("three")
    priors, generator = Priors(looking=5.0, habit=2.0), np.random.default_rng(3)
    start = generator.uniform(1.0, 2.5, (votes.reviewers, 2))
    looks, idles = (start / start.sum(axis=1, keepdims=True)).T
    habits = generator.uniform(1.0, 2.5, (votes.reviewers, votes.classes))
    habits = habits / habits.sum(axis=1, keepdims=True)
    posterior: list[list[float]] = []
    for _ in range(5):
        joint = [[1.0] * votes.classes for _ in range(votes.items)]
        for i, r, v in triples(votes):
            for true in range(votes.classes):
                joint[i][true] *= idles[r] * habits[r, v] + looks[r] * (v == true)
        posterior = normalised(joint)
        looked, clicked = np.zeros(votes.reviewers), np.zeros((votes.reviewers, votes.classes))
        for i, r, v in triples(votes):
            truthful = posterior[i][v] * looks[r] / (idles[r] * habits[r, v] + looks[r])
            looked[r] += truthful
            clicked[r, v] += 1 - truthful
        total = digamma(looked + clicked.sum(axis=1) + 2 * priors.looking)
        looks = np.exp(digamma(looked + priors.looking) - total)
        idles = np.exp(digamma(clicked.sum(axis=1) + priors.looking) - total)
        own = clicked + priors.habit
        habits = np.exp(digamma(own) - digamma(own.sum(axis=1, keepdims=True)))
    found = mace(votes, seed=3, restarts=1, iterations=5, priors=priors)
    np.testing.assert_allclose(found, posterior, rtol=1e-8)
