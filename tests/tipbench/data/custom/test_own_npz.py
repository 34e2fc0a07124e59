"""A user's own graph in one npz file: features, ties and labels, or a refusal of wrong shapes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_tables import RISK, fold_of, refused
from tipbench.loading import prepare


def arrays(folder: Path, **changed: Any) -> dict[str, Any]:
    held = {
        "x": np.arange(8, dtype=np.float32).reshape(4, 2),
        "edge_index": np.array([[0, 1, 3], [1, 2, 0]]),
        "y": np.array([0.0, 2.0, 0.0, 1.0]),
        "train_mask": np.ones(4, dtype=bool),
    } | changed
    np.savez(folder / "graph.npz", **{name: array for name, array in held.items() if array is not None})
    return {
        "name": "graph",
        "task": "risk",
        "path": str(folder),
        "files": "graph.npz",
        "format": "npz",
        "label": "y > 0",
        "tables": {"accounts": {"*": "x"}, "ties": {"source": "source", "target": "target"}},
        "sources": {"ties": "graph.npz"},
        "split": "all",
    }


def test_a_graph_in_one_npz_file_gives_features_ties_and_labels(tmp_path: Path) -> None:
    prepared = prepare(RISK, own=arrays(tmp_path))
    fold = prepared.folds[0]
    assert fold.tables["accounts"].collect().rows() == [(0, 0, 1), (1, 2, 3), (2, 4, 5), (3, 6, 7)]
    assert fold.tables["accounts"].collect_schema().names() == ["account", "x_0", "x_1"]
    assert fold.tables["ties"].collect().rows() == [(0, 1), (1, 2), (3, 0)]
    assert prepared.answers.frame["label"].to_list() == [0, 1, 0, 1]
    by_file = arrays(tmp_path) | {"path": str(tmp_path / "graph.npz")}
    assert fold_of(RISK, by_file).tables["ties"].collect().height == 3


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"edge_index": np.zeros((3, 2), int)}, "edge_index of shape (3, 2): make it (2, edges)"),
        ({"edge_index": np.zeros(4, int)}, "edge_index of shape (4,): make it (2, edges)"),
        ({"edge_index": np.zeros((2, 3))}, "edge_index of float64: make it whole numbers"),
        ({"edge_index": np.zeros((2, 0), int)}, "arrays and no rows"),
        ({"edge_index": None}, "maps source, which the data lacks"),
        ({"edge_index": np.full((2, 3), 4)}, "names no known account in 3 of 3 rows (first: 4 in row 1)"),
        ({"x": np.zeros((5, 2))}, "y of 4 rows and x of 5: the arrays of a table have one length"),
        ({"x": np.zeros((4, 2, 2))}, "x of shape (4, 2, 2): give a value or a vector a row"),
        ({"x": np.array(["a", "b", "c", "d"])}, "finds no numeric column"),
        ({"y": np.array(3)}, "y of shape (): give a value or a vector a row"),
    ],
)
def test_an_npz_file_of_the_wrong_shapes_is_refused(
    changed: dict[str, Any], says: str, tmp_path: Path
) -> None:
    own = arrays(tmp_path, **changed)
    if changed.get("edge_index", 0) is None:
        own["tables"]["ties"]["mask"] = "train_mask"
    assert says in refused(RISK, own)
