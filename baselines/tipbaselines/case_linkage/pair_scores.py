"""A score of each pair of seed and row, learnt from the links of training seeds: boosted trees on all evidence.

Record linkage by supervised pair scores (Christen 2012) with gradient boosting (Ke et al. 2017), one model per view.
The evidence is that of time and place, of joins, and of words; the case is what
shared contacts join to the seed. A view with few links to learn from falls back to time and place. Needs contacts; uses
what else is shown. Cost: half a minute for 2,000 seeds on one core.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.cache import remember
from tipbaselines.case_linkage.cases import DistinctPairs, Scores, evidence, rank_lists, read_regions
from tipbaselines.case_linkage.time_place import score_time_and_place
from tipbaselines.frames import to_predict
from tipbaselines.models import Model
from tipbaselines.trees import BoostedTrees


@dataclass(eq=False)
class PairScores:
    """``negatives``: rows of no link that are drawn per seed and view; ``rounds``: most trees; ``fewest``: links of a
    view without which it is not learnt; ``named``: score without which a row is not named, so that few are wronged."""

    negatives: int = 60
    rounds: int = 150
    fewest: int = 20
    named: float = 0.02
    entry_class = "worlds"  # knows which purpose of a payment is an advert
    needs = frozenset({"adverts.contacts"})
    stochastic = True
    batches = "regions"
    true_cases = False

    def fit(self, fold: Fold, seed: int) -> None:
        from lightgbm import Dataset

        unwatched = min(self.rounds, 60)
        shape = {"learning_rate": 0.08, "leaves": 15, "leaf_size": 20, "l2": 5.0, "feature_share": 0.9}
        trees = BoostedTrees(rounds=self.rounds, patience=15, unwatched=unwatched, **shape)
        train, valid = (self._pairs(fold, part, seed) for part in ("train", "valid"))
        self._models: dict[str, Model] = {}
        for view, (features, labels) in train.items():
            if labels.sum() >= self.fewest:
                data, watched = Dataset(features, labels), None
                if view in valid and valid[view][1].any():  # even if all of its pairs are links
                    watched = Dataset(*valid[view], reference=data)
                self._models[view] = trees.fit(data, watched, seed)

    def predict(self, fold: Fold) -> pl.DataFrame:
        asked = to_predict(fold)[fold.task.unit]
        known = known_pairs(fold, asked, self.true_cases)
        return rank_lists(((seeds, self._scores(views)) for seeds, views in known), self.named)

    def _scores(self, known: dict[str, DistinctPairs]) -> Scores:
        scores = score_time_and_place({view: one.pieces for view, one in known.items()})
        for view, model in self._models.items():
            if len(rows := known[view].rows()):
                scores[view] = model(rows)
        return {view: (one.keys, scores[view][one.which]) for view, one in known.items()}

    def _pairs(self, fold: Fold, part: str, seed: int) -> dict[str, list[np.ndarray]]:
        """Return features and labels of pairs by view: all links of the part's seeds, and rows of none."""
        links, unit = fold.labels(part).collect(), fold.task.unit
        links = links.with_columns(pl.col(unit, "candidate").cast(pl.Int64))
        generator = np.random.default_rng([seed, part == "valid"])
        made: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for seeds, views in known_pairs(fold, fold.units(part).select(unit).collect()[unit], self.true_cases):
            at = pl.DataFrame({unit: seeds}).with_row_index("seed")
            for view, known in views.items():
                rows = pl.DataFrame({"candidate": known.keys}).with_row_index("row")
                found = links.filter(view=view).join(at, on=unit).join(rows, on="candidate")
                label = np.zeros(known.which.shape, dtype=bool)
                label[found["seed"].to_numpy(), found["row"].to_numpy()] = True
                share = min(1.0, self.negatives / max(len(known.keys), 1))
                chosen = label | (generator.random(label.shape) < share)
                pairs = known.rows()[known.which[chosen]], label[chosen].astype(np.float64)
                made.setdefault(view, []).append(pairs)
        return {
            view: [np.concatenate(one) for one in zip(*parts, strict=True)] for view, parts in made.items()
        }


@remember(3)
def known_pairs(
    fold: Fold, units: pl.Series, true_cases: bool
) -> list[tuple[pl.Series, dict[str, DistinctPairs]]]:
    """Return the seeds of each region among these units, and the evidence of each view."""
    regions = read_regions(fold, units.cast(pl.Int64), true_cases)
    return [(one.keys, {view: found.distinct() for view, found in evidence(one).items()}) for one in regions]
