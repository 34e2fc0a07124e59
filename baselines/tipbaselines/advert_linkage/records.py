"""Records that Splink links (adverts or plain records), and where its SQL runs (DuckDB or Spark)."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipcore.extras import how_to_install

from tipbaselines.linkage import Shingles, shingles, signatures
from tipbaselines.text import normalise, texts

ADVERT_STRINGS = frozenset(
    {"title", "body", "text", "platform", "language", "category", "price_basis", "account", "side"}
)
"""String columns of adverts; any other makes the data plain records."""
SKETCH = 16
"""Smallest shingle hashes of a text that stand for it in a comparison: their overlap estimates Jaccard similarity."""
BANDS, BAND_ROWS, RECORD_BAND_ROWS = 8, 4, 2
BLOCK_LIMIT = 400
"""A value that more records than this share does not block: a word that a whole market shares is no evidence."""


def record_fields(frame: pl.DataFrame) -> list[str]:
    """Return fields of plain records: string columns that an advert does not have, with at least two values. Records
    with neither these nor contacts nor images are compared by title and body."""
    strings = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    further = [name for name in strings if name not in ADVERT_STRINGS]
    if not further and not {"contacts", "images"} & set(frame.columns):
        further = [name for name in strings if name in ("title", "body")]
    return [name for name in further if frame[name].drop_nulls().n_unique() > 1]


def advert_records(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what is compared of an advert."""
    documents = texts(frame)
    joined = {"town": ("region", "town"), "category": ("language", "category")}
    columns = {
        name: pl.concat_str([pl.col(n).cast(pl.String) for n in names if n in frame.columns], separator="/")
        for name, names in joined.items()
        if name in frame.columns
    }
    columns |= {"platform": pl.col("platform"), "price": pl.col("price").cast(pl.Float64)}
    columns |= {name: pl.col(name).fill_null([]).list.sort() for name in ("contacts", "images")}
    known = {name: one for name, one in columns.items() if name in frame.columns}
    text = pl.Series("text", [d or None for d in normalise(documents)], dtype=pl.String)
    records = frame.select(unique_id=pl.int_range(pl.len()), **known)
    sets = shingles(documents, 3)
    smallest = [sets.values[a : min(a + SKETCH, b)].view(np.int64) for a, b in pairwise(sets.offsets)]
    sketch = pl.Series("sketch", smallest, dtype=pl.List(pl.Int64))
    return records.with_columns(text, sketch, *_bands(sets, BAND_ROWS))


def reposts(records: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Return a key of each advert: equal for adverts with one text and the same contacts, which are one record."""
    contacts = records["contacts"].to_list() if "contacts" in records.columns else [[]] * records.height
    both = enumerate(zip(records["text"].to_list(), contacts, strict=True))
    return [(words, *ids) if words else (row, None) for row, (words, ids) in both]


def plain_records(frame: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """Return the fields of plain records, lower case and trimmed, empty ones null; and bands of their joined text."""
    clean = [pl.col(n).str.to_lowercase().str.strip_chars().replace("", None) for n in fields]
    records = frame.select(pl.int_range(pl.len()).alias("unique_id"), *clean)
    joined = records.select(pl.concat_str(pl.col(fields).fill_null(""), separator=" ").alias("text"))["text"]
    return records.with_columns(*_bands(shingles(joined.to_list(), 1), RECORD_BAND_ROWS))


def _bands(sets: Shingles, rows: int) -> list[pl.Series]:
    """Return bands of the MinHash signatures as integers, null for an empty text."""
    signature = signatures(sets, BANDS * rows).astype(np.uint64)
    empty = np.diff(sets.offsets) == 0
    bands = []
    for band in range(BANDS):
        value = np.zeros(len(sets), dtype=np.uint64)
        for column in range(band * rows, (band + 1) * rows):
            value = value * np.uint64(0x100000001B3) + signature[:, column]
        bands.append(pl.Series(f"band_{band}", value.view(np.int64)).set(pl.Series(empty), None))
    rare = (pl.when(pl.len().over(b.name) <= BLOCK_LIMIT).then(pl.col(b.name)) for b in bands)
    return pl.DataFrame(bands).select(rare).get_columns()


class Words(NamedTuple):
    """Names of functions of lists, which no standard of SQL has."""

    size: str
    intersection: str
    overlap: str
    least: str


WORDS = {
    "duckdb": Words("len", "list_intersect", "list_has_any", "list_min"),
    "spark": Words("size", "array_intersect", "arrays_overlap", "array_min"),
}


@dataclass(frozen=True)
class LinkageEngine:
    """Which one, and what it may use.

    ``threads``: of DuckDB, and of Spark in this machine; ``memory_gib``: of DuckDB, and of Spark's driver; None for
    what each takes by itself. ``scratch``: folder for what does not fit; None for the system's. ``master``: address of
    a Spark cluster; '' for one in this machine.

    Raises UsageError for what cannot be, and where Spark is not installed.
    """

    backend: str = "duckdb"
    threads: int = 1
    memory_gib: float | None = None
    scratch: str | None = None
    master: str = ""

    def __post_init__(self) -> None:
        if self.backend not in WORDS:
            raise UsageError(
                f"baseline.method.backend={self.backend} does not exist: choose {' or '.join(WORDS)}."
            )
        if self.memory_gib is not None and not self.memory_gib > 0:
            raise UsageError(f"baseline.method.memory_gib={self.memory_gib} is no memory: set more than 0.")
        if self.scratch is not None and not Path(self.scratch).is_dir():
            raise UsageError(f"baseline.method.scratch={self.scratch} is no folder: name one that is there.")
        if self.master and self.backend != "spark":
            raise UsageError("baseline.method.master is for Spark: set baseline.method.backend=spark too.")
        if self.backend == "spark" and importlib.util.find_spec("pyspark") is None:
            raise UsageError(
                f"baseline.method.backend=spark needs pyspark and Java 17 or later: {how_to_install('spark')}."
            )

    @contextmanager
    def connect(self) -> Iterator[Any]:
        """Open it for Splink; it is closed, and its scratch files are gone, when the block is left."""
        begin = self._duckdb if self.backend == "duckdb" else self._spark
        with TemporaryDirectory(prefix="tipbench-linkage-", dir=self.scratch) as folder, begin(folder) as api:
            yield api

    @contextmanager
    def _duckdb(self, folder: str) -> Iterator[Any]:
        import duckdb
        from splink import DuckDBAPI

        config: dict[str, Any] = {"threads": self.threads, "temp_directory": folder}
        if self.memory_gib is not None:
            config["memory_limit"] = f"{round(self.memory_gib * 1024)}MiB"
        with duckdb.connect(config=config) as connection:
            yield DuckDBAPI(connection)

    @contextmanager
    def _spark(self, folder: str) -> Iterator[Any]:
        from py4j.protocol import Py4JError  # pyright: ignore[reportMissingImports]
        from pyspark.errors import PySparkException  # pyright: ignore[reportMissingImports]
        from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]
        from splink.backends.spark import SparkAPI, similarity_jar_location

        asked = SparkSession.builder.master(self.master or f"local[{self.threads}]").appName("tipbench")
        settings = {
            "spark.jars": similarity_jar_location(),
            "spark.local.dir": folder,
            "spark.sql.warehouse.dir": folder,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.log.level": "ERROR",
        }
        if self.memory_gib is not None:
            settings["spark.driver.memory"] = f"{round(self.memory_gib * 1024)}m"
        if not self.master:
            # By default, Spark splits every table into 200 parts, however small it is.
            settings |= {
                "spark.sql.shuffle.partitions": str(2 * self.threads),
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.host": "127.0.0.1",
            }
        for key, value in settings.items():
            asked = asked.config(key, value)
        try:
            session = asked.getOrCreate()
        except (PySparkException, Py4JError, OSError, RuntimeError) as error:
            raise UsageError(
                f"Spark does not start{f' at {self.master}' if self.master else ''} "
                f"({' '.join(str(error).split())[:120]}): install Java 17 or later, look at "
                "baseline.method.master, and set fence=off, since a fence has no network."
            ) from error
        try:
            session.sparkContext.setCheckpointDir(folder)
            yield SparkAPI(spark_session=session, break_lineage_method="parquet")
        finally:
            session.stop()
