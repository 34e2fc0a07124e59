"""Crowds of three to ten classes with known confusions: the same votes on every machine.

    python tests/tipbaselines/flag_aggregation/simulated_crowds.py FOLDER

writes them as FOLDER/<name>.csv and the truths as FOLDER/<name>.truth.csv, for any other software to aggregate.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from tipdata.core.draw import Stream

SEED = 11


@dataclass(frozen=True)
class Recipe:
    """How a crowd is made. ``right``: least and most that a reviewer is right; ``near``: share of wrong votes that are
    for the next class; ``clickers``: reviewers who vote for the first class whatever they see."""

    classes: int
    items: int
    reviewers: int
    votes_per_item: int
    right: tuple[float, float]
    near: float
    clickers: int = 0


@dataclass(frozen=True)
class Crowd:
    """``item``, ``reviewer``, ``vote`` int64 [votes]; ``truth`` int64 [items]; ``confusion`` [reviewers, classes,
    classes], the probability of each vote by the true class."""

    item: np.ndarray
    reviewer: np.ndarray
    vote: np.ndarray
    truth: np.ndarray
    confusion: np.ndarray


RECIPES = {
    "three": Recipe(3, 300, 20, 5, (0.45, 0.85), 0.5),
    "four_clicked": Recipe(4, 400, 25, 7, (0.4, 0.8), 0.34, clickers=8),
    "six_in_order": Recipe(6, 500, 30, 7, (0.35, 0.75), 0.8),
    "ten": Recipe(10, 600, 40, 7, (0.25, 0.7), 0.2),
}


def crowd(name: str) -> Crowd:
    """Draw one of :data:`RECIPES`; items of the first class are twice as common as of any other."""
    recipe, stream = RECIPES[name], Stream(SEED, name)
    items = np.arange(recipe.items)
    drawn = stream.below(items, recipe.classes + 1).astype(np.int64)
    truth = np.where(drawn == recipe.classes, 0, drawn)
    item = np.repeat(items, recipe.votes_per_item)
    place = np.tile(np.arange(recipe.votes_per_item), recipe.items)
    first = Stream(SEED, f"{name} first").below(items, recipe.reviewers).astype(np.int64)
    step = 1 + Stream(SEED, f"{name} step").below(items, recipe.reviewers // recipe.votes_per_item).astype(
        np.int64
    )
    reviewer = (first[item] + place * step[item]) % recipe.reviewers
    confusion = _confusion(recipe, name)
    chance = Stream(SEED, f"{name} vote").uniform(np.arange(len(item)))
    vote = (chance[:, None] >= confusion[reviewer, truth[item]].cumsum(axis=1)[:, :-1]).sum(axis=1)
    return Crowd(item, reviewer, vote, truth, confusion)


def _confusion(recipe: Recipe, name: str) -> np.ndarray:
    least, most = recipe.right
    skill = least + (most - least) * Stream(SEED, f"{name} skill").uniform(np.arange(recipe.reviewers))
    others = recipe.classes - 1
    near = recipe.near + (1 - recipe.near) / others
    wrong = np.full((recipe.classes, recipe.classes), (1 - recipe.near) / others)
    for true in range(recipe.classes):
        wrong[true, true] = 0.0
        wrong[true, (true + 1) % recipe.classes] = near
    table = skill[:, None, None] * np.eye(recipe.classes) + (1 - skill)[:, None, None] * wrong
    table[: recipe.clickers] = np.eye(recipe.classes)[0]
    return table


def best_accuracy(made: Crowd) -> float:
    """Accuracy of the posterior that knows every confusion and how common classes are: the ceiling."""
    share = np.bincount(made.truth) / len(made.truth)
    joint = np.tile(np.log(share), (len(made.truth), 1))
    said = np.log(np.maximum(made.confusion[made.reviewer, :, made.vote], 1e-300))
    np.add.at(joint, made.item, said)
    return float((joint.argmax(axis=1) == made.truth).mean())


def main(folder: Path) -> None:
    """Write every crowd and its truth."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in RECIPES:
        made = crowd(name)
        votes = pl.DataFrame({"item": made.item, "worker": made.reviewer, "label": made.vote})
        votes.write_csv(folder / f"{name}.csv")
        pl.DataFrame({"item": np.arange(len(made.truth)), "truth": made.truth}).write_csv(
            folder / f"{name}.truth.csv"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
