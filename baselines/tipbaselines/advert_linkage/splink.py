"""Probabilistic record linkage after Fellegi and Sunter (1969), unsupervised, by Splink on DuckDB.

Linacre et al. (2022). Pairs that agree on a contact, an image, a band of the text's MinHash signature or (in plain
records) a field are compared field by field; u probabilities come from random pairs, m probabilities from expectation
maximisation; pairs above a match probability are joined into components. Two kinds of data are distinguished by their
columns: adverts (text, contacts, images, place, category, price) and plain records, whose further string columns are
compared each by itself. Needs the text; uses every other column it knows and every further string column; text alone is
too little for the model to link by. DuckDB works on disk what does not fit ``memory_gib``; ``backend: spark`` gives
the same SQL to Spark, whose driver is handed all records. Cost: 13 s for 25,000 adverts, 22 s for 70,000, 5 s for Febrl
4, on one core.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.advert_linkage.records import (
    WORDS,
    LinkageEngine,
    Words,
    advert_records,
    plain_records,
    record_fields,
    reposts,
)
from tipbaselines.cache import remember
from tipbaselines.frames import to_predict
from tipbaselines.linkage import cluster_frame, components
from tipbaselines.text import equal_values

SKETCH_LEVELS = (12, 6, 3)
PRICE_LEVELS = (0.1, 0.3)  # Relative differences of two prices, as shares of the higher
SAME_CATEGORY = 0.99
"""Share of an operator's pairs with one language and category: fixed, for where no operator changes them expectation
maximisation takes the rest to zero, and then no other evidence counts."""
CONVERGED = 1e-3
DISTINCT = 0.02
"""A field with fewer distinct values than this share of the records does not tell records apart enough to block on."""


@dataclass(eq=False)
class Splink:
    """``probability``: least match probability that joins a pair. ``random_pairs``: for the u probabilities.

    ``training_pairs``: at most about so many pairs are used in each round of expectation maximisation. ``backend``,
    ``threads``, ``memory_gib``, ``scratch``, ``master``: as of :class:`LinkageEngine`.
    """

    probability: float = 0.95
    random_pairs: float = 1e6
    training_pairs: float = 5e5
    iterations: int = 25
    threads: int = 1
    backend: str = "duckdb"
    memory_gib: float | None = None
    scratch: str | None = None
    master: str = ""
    needs = frozenset({"adverts.body"})
    stochastic = True

    def __post_init__(self) -> None:
        self._engine = LinkageEngine(self.backend, self.threads, self.memory_gib, self.scratch, self.master)

    def fit(self, fold: Fold, seed: int) -> None:
        """Keeps the seed of the random pairs: the model is estimated on the records to link, without labels."""
        self._seed = seed + 1  # Splink takes a seed of 0 for none.

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        records, fields, same = distinct_records(fold, units)
        pairs = self._matches(records, fields)
        return cluster_frame(units, components(records.height, pairs)[same])

    def _matches(self, records: pl.DataFrame, fields: list[str]) -> np.ndarray:
        """Return pairs of records above the match probability: (pairs, 2) int64."""
        from splink import Linker, SettingsCreator

        if records.height < 2:
            return np.empty((0, 2), dtype=np.int64)
        words = WORDS[self.backend]
        prediction, training = blocking(records, fields, words)
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=comparisons(records, fields, words),
            blocking_rules_to_generate_predictions=prediction,
            max_iterations=self.iterations,
            em_convergence=CONVERGED,
            retain_matching_columns=False,
            probability_two_random_records_match=1 / records.height,
        )
        with _quiet(), self._engine.connect() as api:
            linker = Linker(api.register(records.to_arrow()), settings, log_level=None)
            linker.training.estimate_u_using_random_sampling(max_pairs=self.random_pairs, seed=self._seed)
            for rule in training:
                _train(linker, rule, self.training_pairs)
            found = linker.inference.predict(
                threshold_match_probability=self.probability, warning_mode="never"
            )
            pairs = f"SELECT unique_id_l, unique_id_r FROM {found.physical_name}"  # nosec B608 # splink's name
            rows = found.query_sql(pairs).as_pyarrow_table()
        ends = [rows[name].to_numpy() for name in ("unique_id_l", "unique_id_r")]
        return np.stack(ends, axis=1).astype(np.int64)


@remember(2)
def distinct_records(fold: Fold, units: pl.Series) -> tuple[pl.DataFrame, list[str], np.ndarray]:
    """Return the records to link, fields of plain ones, and which of the records each unit is. ``units``: those that
    the fold wants predicted; no seed changes the records of valid and of the test."""
    frame = to_predict(fold)
    fields = record_fields(frame)
    records = plain_records(frame, fields) if fields else advert_records(frame)
    same, first = equal_values(list(range(frame.height)) if fields else reposts(records))
    return records[first].with_columns(pl.int_range(pl.len()).alias("unique_id")), fields, same


def comparisons(records: pl.DataFrame, fields: list[str], words: Words) -> list[Any]:
    """Return comparisons: of each field of plain records by Jaro-Winkler similarity with levels at 0.92 and 0.8, else
    of the text, contacts, images, platform, town, category and price of adverts."""
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    if fields:
        return [library.JaroWinklerAtThresholds(name, [0.92, 0.8]) for name in fields]

    def compare_lists(name: str) -> list[Any]:
        none = f"{words.size}({name}_l) = 0 OR {words.size}({name}_r) = 0"
        return [
            level.CustomLevel(none, label_for_charts="none").configure(is_null_level=True),
            level.CustomLevel(f"{words.overlap}({name}_l, {name}_r)", label_for_charts="shared"),
            level.ElseLevel(),
        ]

    def compare_values(name: str, *between: Any) -> list[Any]:
        return [level.NullLevel(name), level.ExactMatchLevel(name), *between, level.ElseLevel()]

    overlap = f"{words.size}({words.intersection}(sketch_l, sketch_r))"
    # Most pairs share nothing. The level for them comes first and starts with the cheapest condition, since conditions
    # are evaluated level by level. The pairs left at the end are those of the lowest overlap.
    apart = f"NOT {words.overlap}(sketch_l, sketch_r) OR {overlap} < {SKETCH_LEVELS[-1]}"
    overlaps = {"apart": apart} | {f"overlap {n}": f"{overlap} >= {n}" for n in SKETCH_LEVELS[:-1]}
    of_price = (level.PercentageDifferenceLevel("price", share) for share in PRICE_LEVELS)
    of_overlap = (level.CustomLevel(sql, label_for_charts=name) for name, sql in overlaps.items())
    levels = {
        "text": compare_values("text", *of_overlap),
        "contacts": compare_lists("contacts"),
        "images": compare_lists("images"),
        "platform": compare_values("platform"),
        "town": compare_values("town"),
        "category": [
            level.NullLevel("category"),
            level.ExactMatchLevel("category").configure(m_probability=SAME_CATEGORY, fix_m_probability=True),
            level.ElseLevel().configure(m_probability=1 - SAME_CATEGORY, fix_m_probability=True),
        ],
        "price": compare_values("price", *of_price),
    }
    shown = {name: of_name for name, of_name in levels.items() if name in records.columns}
    return [library.CustomComparison(output_column_name=n, comparison_levels=one) for n, one in shown.items()]


def blocking(records: pl.DataFrame, fields: list[str], words: Words) -> tuple[list[Any], list[Any]]:
    """Return rules that make the pairs to score, and those of the rounds of expectation maximisation. A rule on which
    no two records agree trains nothing and is left out."""
    from splink import block_on

    bands = [name for name in records.columns if name.startswith("band_")]
    repeated = [name for name in bands if _repeats(records[name])][:1]
    if fields:
        telling = [n for n in fields if records[n].drop_nulls().n_unique() >= DISTINCT * records.height]
        telling.sort(key=lambda name: (-records[name].n_unique(), name))
        training = [name for name in telling if _repeats(records[name])][:3]
        training += repeated if len(training) < 2 else []
        return [block_on(name) for name in [*telling, *bands]], [block_on(name) for name in training]
    lists = [name for name in ("contacts", "images") if name in records.columns]
    exploded = [block_on(name, arrays_to_explode=[name]) for name in lists]
    # A round within a band sees hardly any pair of unlike texts, and would make one a proof of two operators.
    training = [f"{words.least}({name})" for name in lists if _repeats(records[name].list.min())] or repeated
    return [*exploded, *(block_on(name) for name in bands)], [block_on(rule) for rule in training]


def _repeats(values: pl.Series) -> bool:
    """Return whether any value but null is there twice."""
    known = values.drop_nulls()
    return known.n_unique() < len(known)


def _train(linker: Any, rule: Any, pairs: float) -> None:
    """One round of expectation maximisation; one that has no pairs, or underflows, leaves the model as it was."""
    from splink.internals.exceptions import EMTrainingException

    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, max_pairs=pairs, record_sample_proportion=1.0
        )
    except EMTrainingException:
        return
    except ValueError as error:
        if "below the minimum allowed value" not in str(error):
            raise


@contextmanager
def _quiet() -> Iterator[None]:
    """Splink reports progress and levels it could not train by log records: neither is for the user here."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
