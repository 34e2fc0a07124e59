"""Grow boosted trees on the workers of a dask cluster, each with a share of the rows.

Features are made here and sent out: what grows with the data is then one matrix of numbers.
"""

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
from tipcore.clusters import probe
from tipcore.errors import UsageError
from tipcore.extras import how_to_install

if TYPE_CHECKING:
    from lightgbm import Booster, Dataset

SECONDS = 10
"""How long a scheduler has to answer."""


def grow_on_dask(
    scheduler: str,
    parameters: dict[str, Any],
    data: "Dataset",
    rounds: int,
    watched: "Dataset | None",
    patience: int,
) -> "Booster":
    """Return trees for the labels of ``data``, cut where ``patience`` of them brought no gain on ``watched``.

    Args:
        scheduler: address, as ``dask scheduler`` prints it. parameters: as of ``lightgbm.train``.
        data, watched: not constructed yet.

    Raises:
        UsageError: where dask is not installed, and where nothing answers there.
    """
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
        return _grown(client, parameters, data, rounds, watched, patience)


def _grown(
    client: Any,
    parameters: dict[str, Any],
    data: "Dataset",
    rounds: int,
    watched: "Dataset | None",
    patience: int,
) -> "Booster":
    from lightgbm.dask import DaskLGBMClassifier

    workers = len(client.scheduler_info(n_workers=-1)["workers"])
    if not workers:
        raise UsageError("baseline.method.scheduler has no worker: start some with `dask worker ADDRESS`.")
    known = {name: value for name, value in parameters.items() if name not in ("objective", "num_threads")}
    model = DaskLGBMClassifier(client=client, n_estimators=rounds, objective="binary", n_jobs=1, **known)
    features, label, weight = _spread(data, workers)
    of_watched: dict[str, Any] = {}
    if watched is not None:
        seen, truth, counts = _spread(watched, workers)
        of_watched = {"eval_set": [(seen, truth)], "eval_names": ["valid"]}
        of_watched |= {} if counts is None else {"eval_sample_weight": [counts]}
    columns = data.categorical_feature
    model.fit(
        features,
        label,
        sample_weight=weight,
        categorical_feature=columns if isinstance(columns, list) else "auto",
        **of_watched,
    )
    trees = model.booster_
    if watched is not None:
        # dask's trees cannot stop early: those after the best are left out instead.
        trees.best_iteration = best_round(model.evals_result_["valid"]["binary_logloss"], patience)
    return trees


def best_round(losses: list[float], patience: int) -> int:
    """Return how many rounds early stopping keeps: the best before the first ``patience`` rounds without a gain."""
    best = 0
    for at, loss in enumerate(losses):
        if loss < losses[best]:
            best = at
        elif at - best >= patience:
            break
    return best + 1


def _spread(data: "Dataset", workers: int) -> tuple[Any, Any, Any]:
    """Return features, labels and weights (or None) as dask arrays, a part of the rows per worker."""
    from dask import array

    to_dask: Any = array.from_array  # its types know one way to say how large the parts are
    features = np.asarray(data.data)
    rows = max(1, -(-len(features) // workers))
    label = to_dask(np.asarray(data.label), chunks=rows)
    weight = None if data.weight is None else to_dask(np.asarray(data.weight), chunks=rows)
    return to_dask(features, chunks=(rows, features.shape[1])), label, weight
