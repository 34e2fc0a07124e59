"""Attack a round as somebody would who holds its public folder alone.

The tests beside this file and the measurements of ``research/attacks/attacks.py`` call the same functions;
docs/seal.md says what they found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

PRIMES = (2, 3, 5, 7, 11, 13, 17)
WORD = (1 << 64) - 1
GOLDEN, SECOND = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03
MIX_A, MIX_B = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def unmixed(words: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The counters of the generator's raw words, up to one unknown constant a stream: its two finalisers undone."""
    found = [
        _before_mix(_before_mix(int(w) & WORD) ^ SECOND) * pow(GOLDEN, -1, 1 << 64) & WORD for w in words
    ]
    return np.array(found, dtype=np.uint64)


def _before_mix(x: int) -> int:
    x = _before_shift(x, 31) * pow(MIX_B, -1, 1 << 64) & WORD
    x = _before_shift(x, 27) * pow(MIX_A, -1, 1 << 64) & WORD
    return _before_shift(x, 30)


def _before_shift(x: int, by: int) -> int:
    found = x
    for _ in range(64 // by + 1):
        found = x ^ (found >> by)
    return found


def in_one_run(words: NDArray[np.int64], span: int = 1 << 20) -> float:
    """Most counters of distinct words that lie within a span, as a share; of unrelated words one or two do."""
    counters = np.sort(unmixed(np.unique(words)))
    ends = np.searchsorted(counters, counters + np.uint64(span), side="right")
    whole = counters < np.uint64(WORD - span)
    return float((ends - np.arange(counters.size))[whole].max() / counters.size)


def order_features(frame: pl.DataFrame, key: str) -> NDArray[np.float32]:
    """What ids and order could tell, one row per unit in the order of the file: bits, residues, place, neighbours."""
    ids = frame[key].to_numpy().astype(np.int64)
    n = len(ids)
    bits = (ids[:, None] >> np.arange(53)) & 1
    residues = np.stack([ids % p for p in PRIMES], axis=1)
    place = np.arange(n)
    gaps = np.diff(ids, prepend=ids[:1], append=ids[-1:]).astype(np.float64)
    columns = (
        *(bits, residues, place[:, None], (place % 2)[:, None], (place % 7)[:, None]),
        *(ids[:, None] / 2**52, np.log1p(np.abs(gaps[:n]))[:, None], np.log1p(np.abs(gaps[1:]))[:, None]),
    )
    return np.concatenate(columns, axis=1).astype(np.float32)


def cross_fitted(features: NDArray, labels: NDArray[np.int64], seed: int = 0) -> tuple[float, NDArray]:
    """AUROC of a boosted tree that never saw the unit, five folds; and its scores, [units]."""
    import lightgbm
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    scores = np.zeros(len(labels))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    settings = {"objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "verbosity": -1, "seed": seed}
    settings |= {"min_data_in_leaf": 20, "num_threads": 1, "deterministic": True, "feature_fraction": 0.5}
    for fit, held in folds.split(features, labels):
        data = lightgbm.Dataset(features[fit], labels[fit], free_raw_data=False)
        scores[held] = np.asarray(lightgbm.train(settings, data, 60).predict(features[held]))
    return float(roc_auc_score(labels, scores)), scores


def chance_band(labels: NDArray[np.int64], clusters: NDArray[np.int64]) -> float:
    """How far from .5 chance goes: .03, or where clusters are few, four standard errors of an AUROC over clusters.

    The error is Hanley and McNeil's (1982) at .5 with as many positives and negatives as there are clusters of each.
    """
    rows = pl.DataFrame({"label": labels, "cluster": clusters})
    counted = dict(rows.unique().group_by("label").len().rows())
    m, n = counted[1], counted[0]
    return max(0.03, 4 * float(np.sqrt((m + n + 1) / (12 * m * n))))


def published_bytes(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file as it lies there, and the text of every value in the parquet files, which are compressed."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path.name, path.read_bytes()
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            for column in frame.get_columns():
                text = (
                    column.explode().drop_nulls()
                    if isinstance(column.dtype, pl.List)
                    else column.drop_nulls()
                )
                if text.dtype == pl.String:
                    yield f"{path.name}:{column.name}", "\n".join(text.unique()).encode()


def any_of(needles: list[bytes], content: bytes) -> list[bytes]:
    """Those of these strings of four bytes or more that the content has anywhere."""
    heads = {int.from_bytes(needle[:4], "little") for needle in needles}
    wanted = np.array(sorted(heads), dtype="<u4")
    found = set()
    for offset in range(4):
        whole = (len(content) - offset) // 4
        if whole <= 0:
            continue
        at = np.flatnonzero(np.isin(np.frombuffer(content, "<u4", whole, offset), wanted)) * 4 + offset
        found |= {needle for start in at for needle in needles if content.startswith(needle, start)}
    return sorted(found)


def published_numbers(folder: Path) -> NDArray[np.int64]:
    """Every integer of at least 2**32 in the published tables, and every one in the JSON files."""
    found: list[pl.Series] = []
    for path in folder.rglob("*.parquet"):
        for column in pl.read_parquet(path).get_columns():
            flat = column.explode() if isinstance(column.dtype, pl.List) else column
            if flat.dtype == pl.Int64:
                found.append(flat.drop_nulls().rename("n"))
    numbers = pl.concat(found).unique()
    return numbers.filter(numbers.abs() >= 2**32).to_numpy()


def json_words(folder: Path) -> set[str]:
    """Every string in the JSON files of a folder."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        else:
            found.add(str(value))

    for path in folder.glob("*.json"):
        walk(json.loads(path.read_text(encoding="utf-8")))
    return found
