"""Does what is learnt hold elsewhere? python research/world/transfer.py [worlds] [languages] [placebo] [options]

``worlds``: each method learns in one world and is tested on the forward part of another; its lift (average precision
less the prevalence) is divided by that of the same method learnt in the world it is tested in, over all ordered pairs
of worlds. ``languages``: each method learns from five languages and is tested on the sixth. ``placebo``: the same
world with lives, and with what is said of them, that do not depend on the kind; a method that still finds trafficking
reads something else.

Methods learn from the truth; all training parts are cut to the same number of operations, of either kind. Intervals
are 95% and resample operations of the tests, within worlds. Worlds 11 to 15 have tuned nothing.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import tempfile
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import cache
from itertools import permutations
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
from drawn import asking_tables
from numpy.typing import NDArray
from tipbench.data.fold import Prepared
from tipbench.data.releases import open_by_name
from tipbench.loading import prepare
from tipbench.metrics.bootstrap import compute_observed, encode_dense, replicate
from tipbench.metrics.ranking import Ranking
from tipdata.core import world as worlds_of
from tipdata.core.kinds import BUSINESS, KINDS, LANGUAGES
from tipdata.core.world import newest_released, release_name
from tipdata.release.builder import make_release
from tipdata.release.release import Release

METHODS = {
    "tfidf_logreg": "tipbaselines.advert_risk.tfidf_logreg.TfidfLogreg",
    "sentence_encoder": "tipbaselines.advert_risk.sentence_encoder.SentenceEncoder",
    "lightgbm": "tipbaselines.advert_risk.lightgbm.LightGBM",
}
PREVALENCE = 0.05
DRAWS = 400
Drawn = NDArray[np.float64]
"""A metric on the test adverts, and after that with operations drawn anew, [1 + DRAWS]."""
Measured = dict[str, Drawn]


def main() -> None:
    """Print the tables that were asked for."""
    parser = asking_tables(__doc__, TABLES, worlds=[11, 12, 13, 14, 15])
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
    pairs = list(permutations(made, 2))
    for name in options.methods:
        found: dict[tuple[int, int], Measured] = {}
        for learnt, source in made.items():
            model = _fitted(name, _cut(source, fewest))
            found |= {(learnt, tested): _measured(model, there, tested) for tested, there in made.items()}
        lift = {pair: each["average_precision"] - PREVALENCE for pair, each in found.items()}
        ratio = np.mean([lift[a, b] / lift[b, b] for a, b in pairs], axis=0)

        def mean(metric: str, chosen: Iterable[tuple[int, int]], found: dict = found) -> float:
            return float(np.mean([found[pair][metric][0] for pair in chosen]))

        own = [(world, world) for world in made]
        print(
            f"{name:18} {mean('average_precision', own):7.3f} {mean('average_precision', pairs):9.3f} "
            f"{mean('auroc', own):7.3f} {mean('auroc', pairs):9.3f}  {_with_interval(ratio)}",
            flush=True,
        )


def languages(options: argparse.Namespace) -> None:
    """Print AUROC on languages that nothing was learnt from."""
    made = {world: _risk(options.size, world) for world in options.worlds}
    spoken = sorted(LANGUAGES)
    print(f"{'held out':18}" + "".join(f"{language:>7}" for language in [*spoken, "mean"]))
    means: dict[str, Drawn] = {}
    for name in options.methods:
        found: dict[str, list[Drawn]] = {left: [] for left in spoken}
        for number, prepared in made.items():
            read = _without_numbers(prepared) if name == "tfidf_logreg" else prepared
            for left, auroc in found.items():
                model = _fitted(name, _of_languages(read, set(spoken) - {left}))
                auroc.append(_measured(model, _of_languages(read, {left}), number)["auroc"])
        # A draw of a world that holds no trafficking advert of a language says nothing of it there.
        by = [np.nanmean(auroc, axis=0) for auroc in found.values()]
        means[name] = np.mean(by, axis=0)
        print(
            f"{name:18}" + "".join(f"{each[0]:7.3f}" for each in by) + f"  {_with_interval(means[name])}",
            flush=True,
        )
    if {"sentence_encoder", "tfidf_logreg"} <= set(means):
        print(f"encoder less TF-IDF: {_with_interval(means['sentence_encoder'] - means['tfidf_logreg'])}")


def placebo(options: argparse.Namespace) -> None:
    """Print scores in two worlds, numbered after the others, in which what is said tells nothing of the kind."""
    with (
        tempfile.TemporaryDirectory() as home,
        mock.patch.dict("os.environ", {"TIPBENCH_HOME": home}),
        mock.patch.object(worlds_of, "_parameters", return_value=_alike()),
    ):
        print(f"{'method':18} {'AUROC':>7} {'':12} {'AP':>7}   (chance .500, {PREVALENCE:.3f})")
        # A process keeps the law of a world that it has drawn, so these are worlds that it has not.
        for world in range(max(options.worlds) + 1, max(options.worlds) + 3):
            make_release(
                Release(newest_released(), options.size, world=world), engine="sequential", quiet=True
            )
            made = _risk(options.size, world)
            for name in options.methods:
                found = _measured(_fitted(name, made), made, world)
                auroc, precision = (_with_interval(found[m], 3) for m in ("auroc", "average_precision"))
                print(f"{name:18} {auroc}  {precision}   world {world}", flush=True)


TABLES: dict[str, Callable[[argparse.Namespace], None]] = {
    "worlds": worlds, "languages": languages, "placebo": placebo,
}  # fmt: skip


def _alike() -> dict[str, dict[str, Any]]:
    """Return the world's parameters with lives and policies that are those of lawful businesses, whatever the kind."""
    listed = copy.deepcopy(worlds_of.parameters(newest_released()))
    for path, entry in listed.items():
        value: Any = entry.get("value")
        if path.startswith("state.law."):
            for level in value.values():
                if "ratio" in level:
                    level["ratio"] = [1.0] * len(level["ratio"])
        elif path == "operations.touring" or path.startswith("state.form."):
            entry["value"] = dict.fromkeys(value, 1.0)
        elif path.startswith("state.profiles."):
            entry["value"] = {name: [weights[BUSINESS]] * len(weights) for name, weights in value.items()}
        elif path.startswith("policy.tells."):
            for share in value.values():
                share["trafficking"] = share["lawful"]
        elif path in ("operations.traits.circuit", "operations.traits.obfuscation"):
            entry["value"] = {**value, **dict.fromkeys(KINDS, value["business"])}
    listed["policy.lawful_claims"]["value"] = 1
    return listed


@cache
def _risk(size: str, world: int) -> Prepared:
    return prepare(
        "advert_risk", release=release_name(newest_released(), size, world), split="forward", labels="truth"
    )


def _fitted(name: str, prepared: Prepared) -> Any:
    module, _, kind = METHODS[name].rpartition(".")
    model = getattr(importlib.import_module(module), kind)()
    model.fit(prepared.folds[0], 0)
    return model


def _measured(model: Any, prepared: Prepared, world: int) -> Measured:
    """Return what a method scores on its test adverts; the same operations are drawn for all methods of a world."""
    scores = model.predict(prepared.folds[0]).select("advert", "score")
    rows = prepared.answers.frame.filter(pl.col("part") == "test").join(scores, on="advert").sort("advert")
    codes, count = encode_dense(rows["cluster"])
    metrics = Ranking(
        rows["score"].to_numpy(),
        (rows["label"] == 1).to_numpy(),
        rows["weight"].to_numpy(),
        codes,
        PREVALENCE,
    ).metrics
    drawn = replicate(metrics, count, DRAWS, world)
    return {name: np.append(value, drawn[name]) for name, value in compute_observed(metrics, count).items()}


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


def _of_languages(prepared: Prepared, spoken: Collection[str]) -> Prepared:
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


def _with_interval(values: Drawn, places: int = 2) -> str:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return f"{values[0]:.{places}f} [{low:.{places}f}, {high:.{places}f}]"


if __name__ == "__main__":
    main()
