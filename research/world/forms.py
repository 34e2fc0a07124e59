"""Do forms differ in what they say? python research/world/forms.py [--regions 32] [--world 1] [--size forms]

*Pairs*: form told from form by what an operation's adverts say over their time, without category, noun and platform:
a logistic regression on the facts that all families have, one-hot, ten folds over operations, AUROC of each pair of
forms; operations that post no advert are not read.

*Kind within form*: operations of a form told from lawful ones, by all facts; the lawful are weighted to the form's own
mix of categories, so that category tells nothing.

Beside them Kish's effective size of the weights, and how many operations there are of each form, by part of a forward
split of their adverts.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import polars as pl
from drawn import asking
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from tipdata.core.draw import effective_size
from tipdata.core.kinds import CATEGORIES, KINDS, SPAM, TRAFFICKING
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import ALL, InFacts, facts

NEEDED = ("places", "operations", "accounts", "adverts")
FOLDS, REGULARISATION = 10, 0.1


@dataclass(frozen=True)
class Said:
    """Operations that post: ``form``, ``kind``, ``category``, ``weight`` (n,); (n, levels) ``share`` of its adverts who
    say a level, and whether ``one`` of them does; ``shared`` (levels,) bool: of a fact that all families have."""

    forms: tuple[str, ...]
    form: np.ndarray
    kind: np.ndarray
    category: np.ndarray
    weight: np.ndarray
    share: np.ndarray
    one: np.ndarray
    shared: np.ndarray

    def related(self) -> np.ndarray:
        """Return (forms, forms) bool: mostly of one family, so that its other facts do not tell them apart."""
        family = np.array(list(CATEGORIES.values()))[self.category]
        mostly = np.array([np.bincount(family[self.form == f]).argmax() for f in range(len(self.forms))])
        return mostly[:, None] == mostly


def said_in(world: World, regions: int) -> Said:
    """Return what the operations of some regions say."""
    names = InFacts().list_values({})
    shared = {f"{fact.name}={level}" for fact in facts()[ALL] for level in fact.levels}
    parts: list[tuple[np.ndarray, ...]] = []
    for index in range(regions):
        past, tables = draw_tables(world.region(index), NEEDED)
        o: Operations = past["operations"]
        rows = tables["adverts"].select("advert", "operation", "facts").sort("advert")
        share, one = (_said(part, o.id, names) for part in (rows, rows.unique("operation", keep="first")))
        posted = np.isin(o.id, rows["operation"].to_numpy())
        weight = tables["operations"]["weight"].to_numpy()
        parts.append(tuple(a[posted] for a in (o.form, o.kind, o.category, weight, share, one)))
    columns = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Said(o.forms, *columns, shared=np.array([one in shared for one in names]))


def _said(adverts: pl.DataFrame, ids: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Return (operations, levels) share of adverts that say a level."""
    at = np.argsort(ids)
    rows = adverts.select("operation", "facts").explode("facts")
    owner = at[np.searchsorted(ids[at], rows["operation"].to_numpy())]
    level = rows["facts"].replace_strict(names, range(len(names)), default=-1).to_numpy()
    said = np.zeros((len(ids), len(names)))
    np.add.at(said, (owner[level >= 0], level[level >= 0]), 1.0)
    counts = np.bincount(at[np.searchsorted(ids[at], adverts["operation"].to_numpy())], minlength=len(ids))
    return said / np.maximum(counts, 1)[:, None]


def auroc(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted AUROC of scores that were not learnt from."""
    found = np.empty(len(y))
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(x, y):
        model = LogisticRegression(C=REGULARISATION, max_iter=500)
        model.fit(x[train], y[train], sample_weight=weight[train] / weight[train].mean())
        found[test] = model.decision_function(x[test])
    return float(roc_auc_score(y, found, sample_weight=weight))


def pairs(said: Said) -> np.ndarray:
    """Return (forms, forms) AUROC of telling each pair apart; NaN on the diagonal."""
    made = np.full((len(said.forms), len(said.forms)), np.nan)
    x = said.share[:, said.shared]
    for a, b in itertools.combinations(range(len(said.forms)), 2):
        rows = np.isin(said.form, (a, b))
        made[a, b] = made[b, a] = auroc(x[rows], said.form[rows] == a, np.ones(rows.sum()))
    return made


def kind_within(said: Said, form: int) -> tuple[float, float]:
    """Return AUROC of telling operations of a form from lawful ones of the same categories."""
    mine = said.form == form
    lawful = (said.kind != TRAFFICKING) & (said.kind != SPAM)
    counts = [np.bincount(said.category[rows], minlength=len(CATEGORIES)) for rows in (mine, lawful)]
    rows = mine | lawful & (counts[0][said.category] > 0)
    balance = np.where(mine, 1.0, (counts[0] / np.maximum(counts[1], 1))[said.category])[rows]
    return auroc(said.share[rows], mine[rows], balance), auroc(said.one[rows], mine[rows], balance)


def main() -> None:
    """Print the tables."""
    parser = asking(__doc__)
    parser.set_defaults(regions=32)
    parser.add_argument("--size", default="forms")
    options = parser.parse_args()
    said = said_in(World.of(newest_released(), options.world, size=options.size), options.regions)
    print(f"world {options.world}, size {options.size}, {options.regions} regions")
    found = pairs(said)
    print(f"{'':20}" + "".join(f"{name[:9]:>11}" for name in said.forms) + f"{'mean':>8}")
    for name, row in zip(said.forms, found, strict=True):
        cells = "".join(f"{'' if np.isnan(v) else f'{v:.3f}':>11}" for v in row)
        print(f"{name:20}{cells}{np.nanmean(row):8.3f}")
    related = np.nanmean(found[said.related()])
    print(f"mean over pairs {np.nanmean(found):.3f} (wanted at least .75), in one family {related:.3f}")
    print("\nkind within form (wanted .60 to .85): from one advert of an operation, and from all")
    for number, name in enumerate(said.forms):
        every, one = kind_within(said, number)
        print(f"{name:20}{(said.form == number).sum():5} operations  {one:.3f} {every:.3f}")
    print(f"\n{'':20}operations  share  by weight  effective (Kish)")
    for name, rows in {"all": said.kind >= 0, **{k: said.kind == n for n, k in enumerate(KINDS)}}.items():
        share = said.weight[rows].sum() / said.weight.sum()
        print(
            f"{name:20}{rows.sum():10,}  {rows.mean():.3f}  {share:9.3f}  {effective_size(said.weight[rows]):,.0f}"
        )


if __name__ == "__main__":
    main()
