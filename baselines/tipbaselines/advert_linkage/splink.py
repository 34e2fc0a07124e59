"""Probabilistic record linkage after Fellegi and Sunter (1969), unsupervised, by Splink on DuckDB.

Linacre et al. (2022). Pairs that agree on a contact, a band of the text's MinHash signature or (in plain records) a
field are compared field by field; m probabilities come from expectation maximisation, u probabilities from random
pairs; pairs above a match probability are joined into components. Two kinds of data are told apart by their columns:
adverts (text, contacts, images, place, language, category) and plain records, whose further string columns are
compared each by itself. Needs the text; uses every other column it knows and every further string column. Cost: about a
minute for 30,000 adverts on one core.
"""

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tipbaselines.advert_text import normalised, texts
from tipbaselines.components import cluster_frame, components, equal_values
from tipbaselines.frames import to_predict
from tipbaselines.near_duplicates import shingles, signatures

if TYPE_CHECKING:
    from tipbench.fold import Fold

ADVERT_STRINGS = frozenset({"title", "body", "text", "platform", "language", "category", "price_basis", "account", "side"})
"""String columns of adverts; any other makes the data plain records."""
AGREEMENTS = ("platform", "town", "category")
"""Columns of adverts that are compared by equality."""
SKETCH = 16
"""Smallest shingle hashes of a text that stand for it in a comparison: their overlap estimates Jaccard similarity."""
SKETCH_LEVELS = (12, 6, 3, 1)
BANDS, BAND_ROWS, RECORD_BAND_ROWS = 8, 4, 2
DISTINCT = 0.02
"""A field with fewer distinct values than this share of the records does not tell records apart enough to block on."""
BLOCK_LIMIT = 400
"""A value that more records than this share does not block: a shared word of a whole market links nobody."""


class Splink:
    """``probability``: least match probability that joins a pair. ``random_pairs``: for the u probabilities.

    ``training_pairs``: at most about so many pairs are used in each round of expectation maximisation.
    """

    needs: frozenset[str] = frozenset({"adverts.body"})
    stochastic = False

    def __init__(
        self,
        probability: float = 0.99,
        random_pairs: float = 1e6,
        training_pairs: float = 5e5,
        iterations: int = 25,
        threads: int = 1,
    ) -> None:
        self._probability, self._random_pairs = probability, random_pairs
        self._training_pairs, self._iterations, self._threads = training_pairs, iterations, threads

    def fit(self, fold: "Fold", seed: int) -> None:
        """Nothing to learn: the model is estimated on the records to link, without labels."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        fields = record_fields(frame)
        records = plain_records(frame, fields) if fields else advert_records(frame)
        same, first = equal_values(list(range(frame.height)) if fields else reposts(records))
        records = records[first].with_columns(pl.int_range(pl.len()).alias("unique_id"))
        pairs = self._matches(records, fields)
        return cluster_frame(frame[fold.task.unit], components(len(first), pairs)[same])

    def _matches(self, records: pl.DataFrame, fields: list[str]) -> np.ndarray:
        """Pairs of records above the match probability: (pairs, 2) int64."""
        import duckdb
        from splink import DuckDBAPI, Linker, SettingsCreator

        if records.height < 2:
            return np.empty((0, 2), dtype=np.int64)
        comparisons = record_comparisons(fields) if fields else advert_comparisons(records)
        prediction, training = blocking(records, fields)
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=comparisons,
            blocking_rules_to_generate_predictions=prediction,
            max_iterations=self._iterations,
            retain_matching_columns=False,
            probability_two_random_records_match=1 / max(records.height, 2),
        )
        with _quiet(), duckdb.connect(config={"threads": self._threads}) as connection:
            api = DuckDBAPI(connection)
            linker = Linker(api.register(records.to_arrow()), settings)
            linker.training.estimate_u_using_random_sampling(max_pairs=self._random_pairs, seed=1)
            for rule in training:
                linker.training.estimate_parameters_using_expectation_maximisation(
                    rule, max_pairs=self._training_pairs, record_sample_proportion=1.0
                )
            found = linker.inference.predict(threshold_match_probability=self._probability, warning_mode="never")
            rows = connection.sql(f"SELECT unique_id_l, unique_id_r FROM {found.physical_name}").fetchnumpy()
        return np.stack([rows["unique_id_l"], rows["unique_id_r"]], axis=1).astype(np.int64)


def record_fields(frame: pl.DataFrame) -> list[str]:
    """String columns that an advert does not have, with at least two values: the fields of plain records."""
    strings = [name for name, dtype in frame.schema.items() if dtype == pl.String and name not in ADVERT_STRINGS]
    return [name for name in strings if frame[name].drop_nulls().n_unique() > 1]


def advert_records(frame: pl.DataFrame) -> pl.DataFrame:
    """What is compared of an advert."""
    documents = texts(frame)
    has = [name for name in (*AGREEMENTS, "language", "region") if name in frame.columns]
    lists = [pl.col(n).fill_null([]).list.sort() for n in ("contacts", "images") if n in frame.columns]
    text = pl.Series("text", [normalised(d) or None for d in documents], dtype=pl.String)
    columns = frame.select(pl.int_range(pl.len()).alias("unique_id"), *has, *lists)
    return columns.with_columns(text, _sketches(documents), *_bands(documents, 3, BAND_ROWS))


def reposts(records: pl.DataFrame) -> list[tuple[Any, ...]]:
    """A key of each advert: equal for adverts with one text and the same contacts, which are one record."""
    contacts = records["contacts"].to_list() if "contacts" in records.columns else [[]] * records.height
    text = records["text"].to_list()
    return [(words, *ids) if words else (row, None) for row, (words, ids) in enumerate(zip(text, contacts, strict=True))]


def plain_records(frame: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """The fields of plain records, lower case and trimmed, empty ones null, with the bands of their joined text."""
    clean = [pl.col(n).str.to_lowercase().str.strip_chars().replace("", None) for n in fields]
    records = frame.select(pl.int_range(pl.len()).alias("unique_id"), *clean)
    joined = records.select(pl.concat_str(pl.col(fields).fill_null(""), separator=" ").alias("text"))["text"]
    return records.with_columns(*_bands(joined.to_list(), 1, RECORD_BAND_ROWS))


def _sketches(documents: list[str]) -> pl.Series:
    sets = shingles(documents, 3)
    smallest = [sets.values[a : min(a + SKETCH, b)].view(np.int64) for a, b in zip(sets.offsets, sets.offsets[1:])]
    return pl.Series("sketch", smallest, dtype=pl.List(pl.Int64))


def _bands(documents: list[str], width: int, rows: int) -> list[pl.Series]:
    """Bands of the MinHash signatures as integers, null for an empty text."""
    sets = shingles(documents, width)
    signature = signatures(sets, BANDS * rows).astype(np.uint64)
    empty = np.diff(sets.offsets) == 0
    bands = []
    for band in range(BANDS):
        value = np.zeros(len(documents), dtype=np.uint64)
        for column in range(band * rows, (band + 1) * rows):
            value = value * np.uint64(0x100000001B3) + signature[:, column]
        bands.append(_common_as_null(pl.Series(f"band_{band}", value.view(np.int64)).set(pl.Series(empty), None)))
    return bands


def _common_as_null(values: pl.Series) -> pl.Series:
    frame = values.to_frame().with_columns(pl.len().over(values.name).alias("size"))
    return frame.select(pl.when(pl.col("size") <= BLOCK_LIMIT).then(pl.col(values.name)))[values.name]


def advert_comparisons(records: pl.DataFrame) -> list[Any]:
    """Comparisons of adverts: overlap of the text, of contacts and of images, and equal platform, town, category."""
    import splink.comparison_level_library as level
    import splink.comparison_library as library

    overlap = "len(list_intersect(sketch_l, sketch_r))"
    text = library.CustomComparison(
        output_column_name="text",
        comparison_levels=[
            level.NullLevel("text"),
            level.ExactMatchLevel("text"),
            *(level.CustomLevel(f"{overlap} >= {n}", label_for_charts=f"overlap {n}") for n in SKETCH_LEVELS),
            level.ElseLevel(),
        ],
    )
    shared = [
        library.CustomComparison(
            output_column_name=name,
            comparison_levels=[
                level.CustomLevel(f"len({name}_l) = 0 OR len({name}_r) = 0", label_for_charts="none").configure(
                    is_null_level=True
                ),
                level.CustomLevel(f"list_has_any({name}_l, {name}_r)", label_for_charts="shared"),
                level.ElseLevel(),
            ],
        )
        for name in ("contacts", "images")
        if name in records.columns
    ]
    equal = [library.ExactMatch(name) for name in AGREEMENTS if name in records.columns]
    return [text, *shared, *equal]


def record_comparisons(fields: list[str]) -> list[Any]:
    """One comparison a field, by Jaro-Winkler similarity with levels at 0.92 and 0.8."""
    import splink.comparison_library as library

    return [library.JaroWinklerAtThresholds(name, [0.92, 0.8]) for name in fields]


def blocking(records: pl.DataFrame, fields: list[str]) -> tuple[list[Any], list[Any]]:
    """Rules that make the pairs to score, and those of the rounds of expectation maximisation."""
    from splink import block_on

    bands = [block_on(name) for name in records.columns if name.startswith("band_")]
    if fields:
        telling = [n for n in fields if records[n].drop_nulls().n_unique() >= DISTINCT * records.height]
        telling.sort(key=lambda name: (-records[name].n_unique(), name))
        return [*(block_on(name) for name in telling), *bands], [block_on(name) for name in telling[:3]] or bands[:1]
    first = {name: f"list_min({name})" for name in ("contacts", "images") if name in records.columns}
    exploded = [block_on(name, arrays_to_explode=[name]) for name in first]
    return [*exploded, *bands], [bands[0], *(block_on(rule) for rule in first.values())]


@contextmanager
def _quiet():
    """Splink reports its progress by log records and warnings about untrained levels: neither is for the user here."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
