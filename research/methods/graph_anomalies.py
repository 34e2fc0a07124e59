"""How the graph methods do on real sets with known results: injected Cora, Reddit, and accounts of AMLSim.

    python research/methods/graph_anomalies.py FOLDER     # a folder with graph/*.npz and aml/*.csv[.gz]

Methods that learn from labels: five stratified folds (seed 0), AUROC of the pooled scores; the others see no label.
Known (shared with the data): local outlier factor, k = 20, .699 and .572; random forest on eight degree and amount
features .889-.897. ``fraudStep`` of AMLSim gives the label away and is never read.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from tipbaselines.account_risk.collective_lightgbm import CollectiveLightGBM
from tipbaselines.account_risk.degree import Degree
from tipbaselines.account_risk.graphsage import GraphSAGE
from tipbaselines.account_risk.isolation_forest import IsolationForest
from tipbaselines.account_risk.lightgbm import LightGBM
from tipbaselines.account_risk.neighbour_lightgbm import NeighbourLightGBM
from tipbaselines.account_risk.neighbour_outlier import NeighbourOutlier
from tipbench.data.fold import Fold
from tipbench.tasks import task_of

UNTRAINED = {
    "degree": Degree,
    "isolation_forest": IsolationForest,
    "neighbour_outlier": NeighbourOutlier,
    "neighbour_outlier hops=1": lambda: NeighbourOutlier(hops=1),
}
TRAINED = {
    "lightgbm": LightGBM,
    "neighbour_lightgbm": NeighbourLightGBM,
    "graphsage": GraphSAGE,
    "collective_lightgbm": CollectiveLightGBM,
}


def anomalies(path: Path) -> tuple[dict[str, pl.DataFrame], np.ndarray]:
    """Accounts with their features and ties of an npz file, and whether each is an anomaly."""
    with np.load(path) as file:
        features, edges, label = file["x"], file["edge_index"], file["y"] > 0
    accounts = pl.DataFrame(features, schema=[f"x{i}" for i in range(features.shape[1])])
    accounts = accounts.with_columns(account=pl.int_range(len(label), dtype=pl.Int64))
    ties = pl.DataFrame({"source": edges[0], "target": edges[1]})
    return {"accounts": accounts, "ties": ties}, label.astype(np.int8)


def payments(folder: Path) -> tuple[dict[str, pl.DataFrame], np.ndarray]:
    """Accounts and transfers of AMLSim, and whether each account is fraudulent."""
    nodes = pl.read_csv(folder / "nodes.csv").select(account="nodeid", label="isFraud").sort("account")
    ties = pl.read_csv(folder / "transactions.csv.gz").select(
        source="sourceNodeId", target="targetNodeId", amount="value", day=pl.col("time").cast(pl.Int32)
    )
    return {"accounts": nodes.select("account"), "ties": ties}, nodes["label"].to_numpy().astype(np.int8)


def fold_of(tables: dict[str, pl.DataFrame], label: np.ndarray, train: np.ndarray) -> Fold:
    """A fold that gives the labels of these accounts and asks for all others."""
    accounts = tables["accounts"]["account"]
    given = np.isin(np.arange(len(label)), train)
    parts = pl.DataFrame({"account": accounts, "part": np.where(given, "train", "test")})
    labels = pl.DataFrame({"account": accounts, "part": parts["part"], "label": label}).filter(
        pl.Series(given)
    )
    return Fold(task_of("account_risk"), {k: v.lazy() for k, v in tables.items()}, parts, labels)


def main(folder: Path) -> None:
    """Print one line a set and method."""
    sets = {name: anomalies(folder / "graph" / f"{name}.npz") for name in ("inj_cora", "reddit")}
    sets["amlsim"] = payments(folder / "aml")
    for name, (tables, label) in sets.items():
        for method, make in UNTRAINED.items():
            if method != "degree" and tables["accounts"].width == 1:
                continue
            made = make()
            fold = fold_of(tables, label, np.zeros(0, dtype=int))
            made.fit(fold, 0)
            score = made.predict(fold).sort("account")["score"].to_numpy()
            print(f"{name:10} {method:26} AUROC {roc_auc_score(label, score):.3f}", flush=True)
        for method, make in TRAINED.items():
            score = np.zeros(len(label))
            for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(label, label):
                made = make()
                fold = fold_of(tables, label, train)
                made.fit(fold, 0)
                score[test] = made.predict(fold).sort("account")["score"].to_numpy()
            print(f"{name:10} {method:26} AUROC {roc_auc_score(label, score):.3f}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
