"""Does what is learnt hold elsewhere? python tests/performance/transfer.py [worlds] [languages] [placebo] [options]

``worlds``: each method learns in one world and is tested on the forward part of another; its lift (average precision
less the prevalence) is divided by that of the same method learnt in the world it is tested in, over all ordered pairs
of worlds. ``languages``: each method learns from five languages and is tested on the sixth. ``placebo``: the same
world with facts that do not depend on the kind; a method that still finds trafficking reads something else.

Methods learn from the truth; all training parts are cut to the same number of operations, of either kind. Intervals
are 95% and resample operations of the tests, within worlds. Worlds 11 to 15 have tuned nothing.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import permutations
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score, roc_auc_score
from tipbench.data.prepared import Prepared
from tipbench.data.release_folds import open_by_name
from tipbench.loading import prepare
from tipdata.core import world as worlds_of
from tipdata.core.world import release_name
from tipdata.release.make import make_release
from tipdata.release.release import Release

METHODS = {
    "tfidf_logreg": "tipbaselines.advert_risk.tfidf_logreg.TfidfLogreg",
    "sentence_encoder": "tipbaselines.advert_risk.sentence_encoder.SentenceEncoder",
    "lightgbm": "tipbaselines.advert_risk.lightgbm.LightGBM",
}
VERSION, PREVALENCE = "0.4.0", 0.05
DRAWS = 400
Scored = pl.DataFrame
"""``[cluster, label, weight, score]`` of test adverts."""


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", default=list(TABLES), help=", ".join(TABLES))
    parser.add_argument("--size", default="small")
    parser.add_argument("--worlds", type=int, nargs="+", default=[11, 12, 13, 14, 15])
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    options = parser.parse_args()
    for name in options.tables:
        print(f"\n{name}", flush=True)
        TABLES[name](options)


def worlds(options: argparse.Namespace) -> None:
    """Print lifts learnt elsewhere beside lifts learnt in place."""
    made = {world: _risk(options.size, world) for world in options.worlds}
    fewest = _fewest(made.values())
    print(f"training operations: {fewest[1]} of trafficking, {fewest[0]} others")
    print(f"{'method':18} {'own AP':>7} {'elsewhere':>9} {'AUROC':>7} {'elsewhere':>9}  ratio of lifts")
    for name in options.methods:
        scored: dict[tuple[int, int], Scored] = {}
        for learnt, source in made.items():
            model = _fitted(name, _cut(source, fewest))
            for tested, there in made.items():
                scored[learnt, tested] = _test(model, there)
        pairs = list(permutations(made, 2))

        def ratio(
            draw: dict[int, np.ndarray] | None, scored: dict = scored, pairs: list = pairs
        ) -> list[float]:
            lift = {
                key: _ap(rows, None if draw is None else draw[key[1]]) - PREVALENCE
                for key, rows in scored.items()
            }
            return [lift[a, b] / lift[b, b] for a, b in pairs]

        draws = [
            np.mean(ratio({world: _resampled(scored[world, world], (world, n)) for world in made}))
            for n in range(DRAWS)
        ]
        low, high = np.quantile(draws, [0.025, 0.975])
        own, other = [scored[w, w] for w in made], [scored[pair] for pair in pairs]
        print(
            f"{name:18} {_mean(_ap, own):7.3f} {_mean(_ap, other):9.3f} {_mean(_auroc, own):7.3f} "
            f"{_mean(_auroc, other):9.3f}  {np.mean(ratio(None)):.2f} [{low:.2f}, {high:.2f}]",
            flush=True,
        )


def languages(options: argparse.Namespace) -> None:
    """Print AUROC on languages that nothing was learnt from."""
    made = [_risk(options.size, world) for world in options.worlds]
    spoken = sorted(made[0].folds[0].tables["adverts"].select("language").unique().collect()["language"])
    names = [name for name in options.methods if name != "lightgbm"]
    found: dict[tuple[str, str, int], Scored] = {}
    for number, prepared in enumerate(made):
        for left in spoken:
            for name in names:
                read = _without_numbers(prepared) if name == "tfidf_logreg" else prepared
                model = _fitted(name, _of_languages(read, set(spoken) - {left}))
                found[name, left, number] = _test(model, _of_languages(read, {left}))
    print(f"{'held out':18}" + "".join(f"{language:>7}" for language in [*spoken, "mean"]))
    for name in names:
        by = [np.mean([_auroc(found[name, left, n]) for n in range(len(made))]) for left in spoken]
        print(f"{name:18}" + "".join(f"{value:7.3f}" for value in [*by, np.mean(by)]), flush=True)
    if {"sentence_encoder", "tfidf_logreg"} <= set(names):
        gains = []
        for draw in range(DRAWS):
            gain = []
            for left in spoken:
                for n in range(len(made)):
                    weights = _resampled(found["tfidf_logreg", left, n], (n, draw))
                    encoder, words = (found[name, left, n] for name in ("sentence_encoder", "tfidf_logreg"))
                    gain.append(_auroc(encoder, weights) - _auroc(words, weights))
            gains.append(np.mean(gain))
        low, high = np.quantile(gains, [0.025, 0.975])
        print(f"encoder less TF-IDF: {np.mean(gains):+.3f} [{low:+.3f}, {high:+.3f}]")


def placebo(options: argparse.Namespace) -> None:
    """Print scores in a world whose facts say nothing of the kind."""
    listed = copy.deepcopy(worlds_of.parameters(VERSION))
    for path, entry in listed.items():
        if path.startswith("facts.law."):
            for level in entry["value"].values():
                if "ratio" in level:
                    level["ratio"] = [1.0] * len(level["ratio"])
    with (
        tempfile.TemporaryDirectory() as home,
        mock.patch.dict("os.environ", {"TIPBENCH_HOME": home}),
        mock.patch.object(worlds_of, "_parameters", return_value=listed),
    ):
        print(f"{'method':18} {'AUROC':>7} {'AP':>7}   (chance .500, {PREVALENCE:.3f})")
        for world in options.worlds[:2]:
            made = _placed_here(options.size, world)
            for name in options.methods:
                rows = _test(_fitted(name, made), made)
                print(f"{name:18} {_auroc(rows):7.3f} {_ap(rows):7.3f}   world {world}", flush=True)


TABLES: dict[str, Callable[[argparse.Namespace], None]] = {
    "worlds": worlds, "languages": languages, "placebo": placebo,
}  # fmt: skip


@cache
def _risk(size: str, world: int) -> Prepared:
    return prepare("advert_risk", release=release_name(VERSION, size, world), split="forward", labels="truth")


def _placed_here(size: str, world: int) -> Prepared:
    """Make the release in this process, where the parameters are changed, and open it."""
    make_release(Release(VERSION, size, world=world), engine="sequential", quiet=True)
    return _risk.__wrapped__(size, world)


def _fitted(name: str, prepared: Prepared) -> Any:
    module, _, kind = METHODS[name].rpartition(".")
    model = getattr(importlib.import_module(module), kind)()
    model.fit(prepared.folds[0], 0)
    return model


def _test(model: Any, prepared: Prepared) -> Scored:
    scores = model.predict(prepared.folds[0]).select("advert", "score")
    truth = prepared.answers.frame.filter(pl.col("part") == "test").select(
        "advert", "cluster", "label", "weight"
    )
    return truth.join(scores, on="advert").sort("advert")


def _operations(prepared: Prepared) -> pl.DataFrame:
    """Return ``[advert, cluster, label]`` of what is learnt from."""
    cluster = prepared.task.units(open_by_name(prepared.data)).select("advert", "cluster").collect()
    return prepared.folds[0].labels("train").collect().join(cluster, on="advert")


def _fewest(made: Iterable[Prepared]) -> dict[int, int]:
    """Return the fewest training operations of a world with label 0, and with label 1."""
    counts = [
        dict(_operations(one).group_by("label").agg(pl.col("cluster").n_unique()).iter_rows()) for one in made
    ]
    return {label: min(count[label] for count in counts) for label in (0, 1)}


def _cut(prepared: Prepared, fewest: dict[int, int]) -> Prepared:
    """Return the same with so many training operations of each label; ids are in an order that means nothing."""
    listed = _operations(prepared)
    kept = pl.concat(
        listed.filter(pl.col("label") == label).select("cluster").unique().sort("cluster").head(count)
        for label, count in fewest.items()
    )
    adverts = listed.join(kept, on="cluster", how="semi").select("advert")
    return _learning_from(
        prepared, pl.col("part").ne("train") | pl.col("advert").is_in(adverts["advert"].implode())
    )


def _learning_from(prepared: Prepared, kept: pl.Expr) -> Prepared:
    fold = prepared.folds[0]
    return replace(prepared, folds=[replace(fold, supervision=fold.supervision.filter(kept))])


def _of_languages(prepared: Prepared, spoken: set[str]) -> Prepared:
    """Return the same with adverts of some languages only, to learn from and to test."""
    fold = prepared.folds[0]
    mine = fold.tables["adverts"].filter(pl.col("language").is_in(list(spoken))).select("advert").collect()
    made = replace(
        fold,
        parts=fold.parts.join(mine, on="advert", how="semi"),
        supervision=fold.supervision.join(mine, on="advert", how="semi"),
    )
    return replace(prepared, folds=[made])


def _without_numbers(prepared: Prepared) -> Prepared:
    """Return the same, bodies without digits, addresses and handles: these are alike in all languages."""
    fold = prepared.folds[0]
    body = pl.col("body").str.replace_all(r"\S*[@\d/]\S*", " ")
    adverts = fold.tables["adverts"].with_columns(body)
    return replace(prepared, folds=[replace(fold, tables={**fold.tables, "adverts": adverts})])


def _resampled(rows: Scored, key: tuple[int, int]) -> np.ndarray:
    """Return how often each advert is drawn where operations are drawn with replacement, [adverts]."""
    cluster = np.unique(rows["cluster"].to_numpy(), return_inverse=True)[1]
    size = int(cluster.max()) + 1
    return np.bincount(np.random.default_rng(key).integers(0, size, size), minlength=size)[cluster]


def _mean(metric: Callable[[Scored], float], rows: Sequence[Scored]) -> float:
    return float(np.mean([metric(one) for one in rows]))


def _ap(rows: Scored, times: np.ndarray | None = None) -> float:
    """Return the average precision at the prevalence of the headline."""
    label, weight = rows["label"].to_numpy(), _weights(rows, times)
    share = np.where(
        label == 1, PREVALENCE / weight[label == 1].sum(), (1 - PREVALENCE) / weight[label == 0].sum()
    )
    return float(average_precision_score(label, rows["score"], sample_weight=weight * share))


def _auroc(rows: Scored, times: np.ndarray | None = None) -> float:
    return float(roc_auc_score(rows["label"], rows["score"], sample_weight=_weights(rows, times)))


def _weights(rows: Scored, times: np.ndarray | None) -> np.ndarray:
    weights = rows["weight"].to_numpy()
    return weights if times is None else weights * times


if __name__ == "__main__":
    main()
