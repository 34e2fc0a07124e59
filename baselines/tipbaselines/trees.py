"""Gradient-boosted trees (Ke et al. 2017) that stop growing when the valid part gains nothing, here or on dask.

One thread and deterministic histograms, so that a seed gives the same trees on every machine. Workers of a dask cluster
each have a share of the rows and add their histograms up in floating point, so that their number changes the trees.
"""

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from tipbench.data.fold import Fold
from tipcore.clusters import probe
from tipcore.errors import UsageError
from tipcore.extras import how_to_install

from tipbaselines.cache import remember
from tipbaselines.frames import LabelledUnits, labels_of, prevalence, score_frame, to_predict, training_labels
from tipbaselines.models import Model, constant

if TYPE_CHECKING:
    from lightgbm import Booster, Dataset

Datasets = tuple["Dataset", "Dataset | None"]
"""Train and, if trees are stopped by it, valid for LightGBM."""

SECONDS = 10  # How long a scheduler has to answer
BINNED_WHOLE = 200_000
"""Rows up to which LightGBM looks at all of them to find its bins, and no seed draws some."""


@dataclass(frozen=True)
class BoostedTrees:
    """Settings. ``rounds``: at most so many trees, ``patience`` without gain on valid stop them; ``unwatched`` are
    grown where there is no valid part, None for ``rounds``. ``scheduler``: address of a dask scheduler whose workers
    share the rows; '' grows them here."""

    rounds: int
    patience: int
    learning_rate: float
    leaves: int
    leaf_size: int
    l2: float = 0.0
    feature_share: float = 1.0
    unwatched: int | None = None
    threads: int = 1
    scheduler: str = ""

    @classmethod
    def of(cls, method: Any) -> "BoostedTrees":
        """Return the settings that a method has as attributes of the same names."""
        return cls(**{f.name: getattr(method, f.name) for f in fields(cls) if hasattr(method, f.name)})

    def fit(self, data: "Dataset", watched: "Dataset | None", seed: int) -> Model:
        """Return trees as a model, as :meth:`grow` grows them."""
        trees = self.grow(data, watched, seed)
        return lambda features: np.asarray(trees.predict(features, num_threads=self.threads), np.float64)

    def grow(self, data: "Dataset", watched: "Dataset | None", seed: int, **objective: Any) -> "Booster":
        """Return trees for the labels of ``data``, stopped early by those of ``watched``. ``objective``: parameters of
        LightGBM for labels that are not 0 and 1."""
        import lightgbm

        parameters = {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.leaf_size,
            "feature_fraction": self.feature_share,
            "lambda_l2": self.l2,
            "num_threads": self.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
            "seed": seed,
            **objective,
        }
        rounds = self.rounds if watched is not None or self.unwatched is None else self.unwatched
        if self.scheduler:
            return self._grow_on_dask(parameters, data, rounds, watched)
        if watched is None:
            return lightgbm.train(parameters, data, rounds)
        stop = lightgbm.early_stopping(self.patience, verbose=False)
        return lightgbm.train(parameters, data, rounds, valid_sets=[watched], callbacks=[stop])

    def _grow_on_dask(
        self, parameters: dict[str, Any], data: "Dataset", rounds: int, watched: "Dataset | None"
    ) -> "Booster":
        """Return trees of data sets that are not constructed yet, cut where ``patience`` of them brought no gain."""
        with _dask_client(self.scheduler) as client:
            from lightgbm.dask import DaskLGBMClassifier

            workers = len(client.scheduler_info(n_workers=-1)["workers"])
            if not workers:
                raise UsageError(
                    "baseline.method.scheduler has no worker: start some with `dask worker ADDRESS`."
                )
            known = {name: value for name, value in parameters.items() if name != "num_threads"}
            model = DaskLGBMClassifier(client=client, n_estimators=rounds, n_jobs=1, **known)
            features, label, weight = _dask_arrays(data, workers)
            columns = data.categorical_feature
            options: dict[str, Any] = {
                "categorical_feature": columns if isinstance(columns, list) else "auto"
            }
            if watched is not None:
                seen, truth, counts = _dask_arrays(watched, workers)
                options |= {"eval_set": [(seen, truth)], "eval_names": ["valid"]}
                options |= {} if counts is None else {"eval_sample_weight": [counts]}
            trees = model.fit(features, label, sample_weight=weight, **options).booster_
            if watched is not None:
                # dask's trees cannot stop early: those after the best are left out instead.
                losses = model.evals_result_["valid"]["binary_logloss"]
                trees.best_iteration = best_round(losses, self.patience)
            return trees


@contextmanager
def _dask_client(scheduler: str) -> Iterator[Any]:
    """Connect to a scheduler. Raises UsageError where dask is not installed, and where nothing answers there."""
    if any(importlib.util.find_spec(module) is None for module in ("distributed", "pandas")):
        raise UsageError(f"baseline.method.scheduler needs dask: {how_to_install('dask')}.")
    from distributed import Client

    try:
        probe(scheduler)
        client = Client(scheduler, timeout=SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(
            f"baseline.method.scheduler={scheduler} is no dask scheduler that answers "
            f"({' '.join(str(error).split())[:99]}): give the address that `dask scheduler` prints, and set fence=off, "
            "since a fence has no network."
        ) from None
    with client:
        yield client


def best_round(losses: list[float], patience: int) -> int:
    """Return how many rounds early stopping keeps: the best before the first ``patience`` rounds without a gain."""
    best = 0
    for at, loss in enumerate(losses):
        if loss < losses[best]:
            best = at
        elif at - best >= patience:
            break
    return best + 1


def _dask_arrays(data: "Dataset", workers: int) -> tuple[Any, Any, Any]:
    """Return features, labels and weights (or None) as dask arrays, a part of the rows per worker."""
    from dask import array

    to_dask: Any = array.from_array  # its types know one way to say how large the parts are
    features = np.asarray(data.data)
    rows = max(1, -(-len(features) // workers))
    label = to_dask(np.asarray(data.label), chunks=rows)
    weight = None if data.weight is None else to_dask(np.asarray(data.weight), chunks=rows)
    return to_dask(features, chunks=(rows, features.shape[1])), label, weight


def make_datasets(
    train: Sequence[Any], valid: Sequence[Any] | None, weight: np.ndarray | None = None, **options: Any
) -> Datasets:
    """Return data sets of LightGBM for :meth:`BoostedTrees.fit`: train, and valid where it has both classes.

    ``train``, ``valid``: features (rows, columns) and labels 0 or 1, of valid also weights. ``weight``: of train.
    ``options``: of the data set of train.
    """
    from lightgbm import Dataset

    data = Dataset(*train, weight=weight, **options)
    if valid is None or not 0 < valid[1].sum() < len(valid[1]):
        return data, None
    return data, data.create_valid(*valid)


class TreesOnUnits(ABC):
    """Base of boosted trees on features of accounts, firms or payments.

    A subclass is a dataclass with the settings of :class:`BoostedTrees`, compared by them; ``name`` is its config's
    name, and ``others`` names methods that need no label.
    """

    needs = frozenset[str]()
    stochastic = True
    name = ""
    others = ""

    @abstractmethod
    def features_of(self, fold: Fold, units: pl.Series) -> np.ndarray:
        """Return (units, features) float32, NaN where something is missing."""

    @abstractmethod
    def datasets(self, fold: Fold, train: LabelledUnits, valid: LabelledUnits, seed: int) -> Datasets:
        """Return train and valid as :meth:`datasets_of` does. ``seed``: what bins are drawn by, if any are."""

    def datasets_of(
        self, fold: Fold, train: LabelledUnits, valid: LabelledUnits, weight: np.ndarray | None = None
    ) -> Datasets:
        """Return features and labels of train, and of valid where it has both classes. ``weight``: of train."""
        learnt = self.features_of(fold, train.units), train.label
        watched = (self.features_of(fold, valid.units), valid.label) if valid.both else None
        return make_datasets(learnt, watched, weight)

    def fit(self, fold: Fold, seed: int) -> None:
        train, valid = training_labels(fold, self.name, self.others), labels_of(fold, "valid")
        self.model = constant(prevalence(train.label))
        if train.both:
            self.model = BoostedTrees.of(self).fit(*self.datasets(fold, train, valid, seed), seed)

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return score_frame(units, self.model(self.features_of(fold, units)))


@dataclass(unsafe_hash=True)
class TreesOnNodes(TreesOnUnits):
    """Base of boosted trees on features of accounts or firms, which are nodes of a graph. Settings as of
    :class:`BoostedTrees`."""

    rounds: int = 600
    patience: int = 60
    unwatched: int = 150
    learning_rate: float = 0.03
    leaves: int = 7
    leaf_size: int = 40
    feature_share: float = 0.3
    l2: float = 10.0
    threads: int = 1

    @abstractmethod
    def read(self, fold: Fold) -> Any:
        """Return the graph of a fold, whose ``positions`` finds units."""

    @abstractmethod
    def features(self, graph: Any) -> np.ndarray:
        """Return (nodes, features) float32, NaN where something is missing."""

    def features_of(self, fold: Fold, units: pl.Series) -> np.ndarray:
        graph, features = _nodes(fold, self)
        return features[graph.positions(units)]

    def datasets(self, fold: Fold, train: LabelledUnits, valid: LabelledUnits, seed: int) -> Datasets:
        return _bins(fold, self, train, valid, seed if len(train.label) > BINNED_WHOLE else None)

    def fit(self, fold: Fold, seed: int) -> None:
        _nodes(fold, self)
        super().fit(fold, seed)


@remember()
def _nodes(fold: Fold, method: TreesOnNodes) -> tuple[Any, np.ndarray]:
    graph = method.read(fold)
    return graph, method.features(graph)


@remember()
def _bins(
    fold: Fold, method: TreesOnNodes, train: LabelledUnits, valid: LabelledUnits, drawn: int | None
) -> Datasets:
    """Return train and valid in LightGBM's bins, which every seed shares unless it draws them."""
    return method.datasets_of(fold, train, valid)
