"""Tasks that a user's own data of several tables are for, such data, and what is asked of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench import kinds
from tipbench.data.fold import Fold
from tipbench.loading import prepare
from tipbench.task import Task
from tipbench.tasks import tasks
from tipcore.errors import UsageError

RISK = replace(
    tasks()["advert_risk"],
    name="risk",
    unit="account",
    table="accounts",
    tables={"accounts": (), "ties": (), "adverts": ()},
)
SETS = replace(
    RISK,
    name="sets",
    unit="contact",
    table="contacts",
    kind=kinds.LABELSETS,
    tables={"contacts": (), "people": ()},
)

NODES = pl.DataFrame({"who": ["bea", "al", "cy", "dot"], "bad": [0, 1, 0, 1], "age": [30, 40, 50, 60]})
EDGES = pl.DataFrame({"from": ["cy", "al", "bea"], "to": ["al", "dot", "bea"], "sum": ["1.5", "2", "3"]})


def config(folder: Path, task: str, files: Any, name: str = "mine", **fields: Any) -> dict[str, Any]:
    """A config over CSV files in a folder."""
    return {"name": name, "task": task, "path": str(folder), "files": files, "format": "csv", **fields}


def adverts(folder: Path, **fields: Any) -> dict[str, Any]:
    """A config of advert_risk over the file ``rows.csv``, whose texts are in ``text``."""
    return {
        **config(folder, "advert_risk", "rows.csv"),
        "unit": "key",
        "tables": {"adverts": {"body": "text"}},
        **fields,
    }


def graph(
    folder: Path, nodes: pl.DataFrame = NODES, edges: pl.DataFrame = EDGES, **fields: Any
) -> dict[str, Any]:
    """Nodes and edges in files of their own, and the config that maps them."""
    nodes.write_csv(folder / "nodes.csv")
    edges.write_csv(folder / "edges.csv")
    return {
        **config(folder, "risk", "nodes.csv", name="graph"),
        "unit": "who",
        "label": "bad",
        "tables": {"accounts": {"age": "age"}, "ties": {"source": "from", "target": "to", "sum": "sum"}},
        "sources": {"ties": "edges.csv"},
        "split": "all",
        **fields,
    }


def fold_of(task: Task, own: dict[str, Any], **settings: Any) -> Fold:
    return prepare(task, own=own, **settings).folds[0]


def refused(task: Task | str, own: dict[str, Any], **settings: Any) -> str:
    """Return the sentence that data of a user are refused with."""
    with pytest.raises(UsageError) as caught:
        prepare(task, own=own, **settings)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


WIDE = pl.DataFrame(
    {
        "key": [f"k{i}" for i in range(40)],
        "number": range(100, 140),
        "f_1": [i / 4 for i in range(40)],
        "f_2": [None if i == 3 else -i for i in range(40)],
        "words": ["w"] * 40,
        "leak": [i % 2 for i in range(40)],
        "first": [i // 2 % 2 for i in range(40)],
        "second": [int(i // 2 % 5 == 0) for i in range(40)],
        "who": [i // 2 for i in range(40)],
        "day": ["2024-01-01"] * 40,
    }
)


def sets(folder: Path, **fields: Any) -> dict[str, Any]:
    WIDE.write_csv(folder / "wide.csv")
    return {
        **config(folder, "sets", "wide.csv", name="wide"),
        "unit": "number",
        "labels": {"one": "first", "two": "second"},
        "cluster": "who",
        "hidden": ["leak"],
        "tables": {"contacts": {"*": "*"}},
        "folds": 4,
        **fields,
    }
