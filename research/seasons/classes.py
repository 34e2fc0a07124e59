"""Who loses where words are made up? python research/seasons/classes.py RELEASE [--methods *] [--dictionary WORLD ...]

Runs every shipped method that is no oracle on RELEASE (default split, seed 0) and on a copy in disguise, and prints its
class, both scores and the loss with its paired 95% interval. ``--dictionary`` tries cheats instead: tables of sentences
of advert_risk and their log-odds from the truth of other worlds, looked up by their text, by the lengths of their
words, by the pattern of their letters, and by the number of their words.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import polars as pl
import yaml
from tipbaselines.encoders import sentences
from tipbaselines.text import texts, tokens
from tipbench.config.methods import instantiate, method_class
from tipbench.data.disguise import disguise
from tipbench.data.fold import Prepared
from tipbench.evaluation.comparison import compare_draws, draw_primary
from tipbench.kinds.answers import Answers
from tipbench.loading import prepare
from tipbench.method import class_of
from tipbench.metrics.metric import make_inputs
from tipbench.metrics.registry import metric_of
from tipbench.runs.folds import predict_fold
from tipbench.task import Task
from tipcore.extras import missing_extra

KEY = bytes([1]) * 32
CONFIGS = Path(__file__).parents[2] / "configs" / "baseline"
PRIOR = 5.0  # Adverts of the overall rate that every sentence starts with


def pattern(sentence: str) -> str:
    """Return a sentence with each letter as the place of its first occurrence, which no substitution changes."""
    seen: dict[str, int] = {}
    return "".join(f"{seen.setdefault(one, len(seen))}," if one.isalpha() else one for one in sentence)


LOOKUPS: dict[str, Callable[[str], str]] = {
    "text": str,
    "lengths": lambda one: str([len(token) for token in tokens(one)]) + re.sub(r"\w", "", one),
    "pattern": pattern,
    "count": lambda one: str(len(tokens(one))) + re.sub(r"[\w\s]", "", one),
}


def print_loss(name: str, declared: str, task: Task, answers: Answers, made: list[pl.DataFrame]) -> None:
    """Print the loss within one world, with its paired cluster bootstrap; a season takes the mean over its worlds."""
    plain, copy = (draw_primary(make_inputs(task, answers, frame), 1000) for frame in made)
    found = compare_draws("copy", "plain", task.primary, copy, plain)
    sign = 1.0 if metric_of(task.primary).lower_is_better else -1.0
    ends = sorted(sign * one for one in (found.low, found.high) if one is not None)
    numbers = (plain.value, copy.value, sign * (copy.value - plain.value), *ends)
    shown = " ".join(f"{value:7.4f}" for value in numbers)
    print(f"{name:44} {declared:8} {shown} {'LOST' if ends and ends[0] > 1e-6 else ''}", flush=True)


def measure_methods(release: str, wanted: str) -> None:
    for path in sorted(CONFIGS.glob("*/*.yaml")):
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        name, method = config["name"], config["method"]
        declared = class_of(method_class(method["_target_"]))
        own = name == "advert_linkage/tfidf_pairs"  # of labelled pairs, which no release has
        if declared is None or own or not fnmatch(name, wanted) or missing_extra(config) is not None:
            continue
        prepared, made = prepare(path.parent.name, release=release), []
        for one in (prepared, disguise(prepared, KEY)):
            fitted = instantiate(method)
            fitted.fit(one.folds[0], 0)
            made.append(predict_fold(fitted, one, 0, name))
        answers = prepared.answers_to(made[0])
        print_loss(name, declared, prepared.task, answers, made)


def advert_texts(prepared: Prepared) -> pl.DataFrame:
    frame = prepared.folds[0].tables["adverts"].select("advert", "title", "body").collect()
    return frame.select("advert", text=pl.Series(texts(frame)))


def try_dictionaries(release: str, worlds: list[str]) -> None:
    counts = {name: (Counter[str](), Counter[str]()) for name in LOOKUPS}
    for world in worlds:
        prepared = prepare("advert_risk", release=world, labels="truth")
        labels = pl.concat([prepared.folds[0].labels(part).collect() for part in ("train", "valid")])
        for _, text, label in advert_texts(prepared).join(labels, on="advert").iter_rows():
            for sentence in set(sentences(text)):
                for name, look_up in LOOKUPS.items():
                    counts[name][label][look_up(sentence)] += 1
    plain = prepare("advert_risk", release=release, labels="truth")
    for name, look_up in LOOKUPS.items():
        negative, positive = counts[name]
        rate = positive.total() / (positive.total() + negative.total())

        def score(text: str) -> float:
            keys = [look_up(sentence) for sentence in set(sentences(text))]  # noqa: B023
            pairs = [(positive[k] + PRIOR * rate, negative[k] + PRIOR * (1 - rate)) for k in keys]  # noqa: B023
            odds = sum(np.log(p / n) - np.log(rate / (1 - rate)) for p, n in pairs)  # noqa: B023
            return float(1 / (1 + np.exp(-odds)))

        made = []
        for one in (plain, disguise(plain, KEY)):
            asked = one.folds[0].to_predict().select("advert").collect()
            frame = asked.join(advert_texts(one), on="advert", how="left", maintain_order="left")
            made.append(frame.select("advert", score=pl.Series([score(text) for text in frame["text"]])))
        print_loss(f"dictionary by {name}", "fold", plain.task, plain.answers, made)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("release")
    parser.add_argument("--methods", default="*", help="pattern of names")
    parser.add_argument("--dictionary", nargs="+", default=[], help="releases that a dictionary is made from")
    asked = parser.parse_args()
    if asked.dictionary:
        try_dictionaries(asked.release, asked.dictionary)
    else:
        measure_methods(asked.release, asked.methods)
