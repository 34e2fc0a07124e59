"""Does a ranking hold where the authors assumed otherwise? python research/world/assumptions.py [--draws 50]

Each draw is a world in which every assumed parameter, the laws of lives and of what is said included, is drawn anew
within its width (`tipdata.core.parameters`). In each, on one advert a template and a third of operations left out:
AUROC against truth of the shipped TF-IDF and logistic regression, trained on truth and on labels of two raters, of the
count of listed indicators as the truth has them (untrained), and of the posterior of one advert's facts. Printed:
scores of each draw, their spread, in how many draws one is better than another, and the parameters that go with the gap
of the first two most (Spearman, mean of a parameter's numbers), with what the largest would be by chance.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
import polars as pl
from drawn import NEEDED
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score
from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipdata.core.kinds import FAMILIES, TRAFFICKING
from tipdata.core.parameters import ASSUMED, iterate_numbers
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables
from tipdata.stages.annotations import POSITIVE
from tipdata.text.facts import count_indicators, list_levels

WORLD = 1
RATED = (*NEEDED, "annotations")
METHODS = ("tfidf, truth", "tfidf, raters", "indicators", "advert's facts")
TEST = 1 / 3
PERMUTATIONS = 200


def adverts_of(world: World, regions: int) -> pl.DataFrame:
    """Return one advert a template: text, truth, raters' label, indicators shown, posterior, operation."""
    parts = []
    for index in range(regions):
        past, tables = draw_tables(world.region(index), RATED)
        o, adverts = past["operations"], past["adverts"]
        level, family = adverts.statements.level, o.family[adverts.operation]
        said = list_levels(family, level)
        shown = np.zeros(len(family), dtype=np.int64)
        for f, name in enumerate(FAMILIES):
            shown[family == f] = count_indicators(name, said.filter(pl.Series(family == f))).to_numpy()
        rows = pl.DataFrame(
            {
                "advert": adverts.id,
                "operation": adverts.operation + index * 100_000,
                "template": adverts.template + index * 1_000_000,
                "truth": o.kind[adverts.operation] == TRAFFICKING,
                "indicators": shown,
                "posterior": adverts.log_odds,
            }
        )
        label = tables["annotations"].group_by("advert").agg(label=pl.mean("score") >= POSITIVE)
        text = tables["adverts"].select("advert", text=pl.col("title") + " " + pl.col("body"))
        rows = rows.join(label, on="advert", maintain_order="left").join(
            text, on="advert", maintain_order="left"
        )
        parts.append(rows.unique("template", keep="first", maintain_order=True))
    return pl.concat(parts)


def scores(rows: pl.DataFrame, seed: int) -> list[float]:
    """Return AUROC of every method on operations left out."""
    held = np.random.default_rng(seed).random(rows["operation"].to_numpy().max() + 1) < TEST
    test = held[rows["operation"].to_numpy()]
    train, rest = rows.filter(~test), rows.filter(test)
    truth = rest["truth"].to_numpy()
    ranked = []
    for target in ("truth", "label"):
        method = TfidfLogreg().new_model()
        method.fit(train["text"].to_list(), train[target].to_numpy().astype(int))
        ranked.append(method.scores(rest["text"].to_list()))
    ranked += [rest["indicators"].to_numpy(), rest["posterior"].to_numpy()]
    return [float(roc_auc_score(truth, score)) for score in ranked]


def level_of(world: World, path: str) -> float:
    """Return the mean of the numbers of a parameter, where a world assumes them."""
    entry = world.parameters[path]
    return float(np.mean(list(iterate_numbers(entry["value"] if "value" in entry else entry["range"]))))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--regions", type=int, default=16)
    options = parser.parse_args()
    usual = World.of(newest_released(), WORLD)
    used = ("state.", "policy.", "writing.", "operations.", "annotations.", "tactics.", "schedule.")
    paths = [
        path
        for path, entry in usual.parameters.items()
        if entry["magnitude"] == ASSUMED and path.startswith(used)
    ]
    found, levels = [], []
    print("draw   " + "  ".join(f"{name:>15}" for name in METHODS))
    for number in range(options.draws + 1):
        world = World.of(newest_released(), WORLD, number)
        made = scores(adverts_of(world, options.regions), number)
        print(f"{number or 'usual':<6} " + "  ".join(f"{score:15.3f}" for score in made), flush=True)
        if number:
            found.append(made)
            levels.append([level_of(world, path) for path in paths])
    table = np.array(found)
    print("sd     " + "  ".join(f"{sd:15.3f}" for sd in table.std(axis=0, ddof=1)))
    for a, b in itertools.combinations(range(len(METHODS)), 2):
        print(f"{METHODS[a]} better than {METHODS[b]}: {np.mean(table[:, a] > table[:, b]):.2f}")
    gap = table[:, 0] - table[:, 1]
    moving = np.array(levels)[:, np.ptp(levels, axis=0) > 0]
    names = [path for path, moves in zip(paths, np.ptp(levels, axis=0) > 0, strict=True) if moves]
    told = _correlations(moving, gap)
    generator = np.random.default_rng(0)
    noise = [np.abs(_correlations(moving, generator.permutation(gap))).max() for _ in range(PERMUTATIONS)]
    print(
        f"parameters that go with {METHODS[0]} less {METHODS[1]}; of {len(names)} the largest is above "
        f"{np.quantile(noise, 0.95):.2f} in one of twenty permutations:"
    )
    for at in np.argsort(-np.abs(told))[:5]:
        print(f"  {told[at]:+.2f} {names[at]}")


def _correlations(level: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of each column with the gap."""
    ranks, gaps = rankdata(level, axis=0), rankdata(gap)
    ranks, gaps = ranks - ranks.mean(axis=0), gaps - gaps.mean()
    return gaps @ ranks / np.sqrt((ranks**2).sum(axis=0) * (gaps**2).sum())


if __name__ == "__main__":
    main()
