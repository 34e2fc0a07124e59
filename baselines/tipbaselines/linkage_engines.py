"""Where the SQL of record linkage runs: DuckDB in this process, on disk past a limit of memory, or Spark."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tipcore.errors import UsageError
from tipcore.extras import how_to_install

BACKENDS = ("duckdb", "spark")


@dataclass(frozen=True)
class Words:
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
        if self.backend not in BACKENDS:
            raise UsageError(
                f"baseline.method.backend={self.backend} does not exist: choose {' or '.join(BACKENDS)}."
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

    @property
    def words(self) -> Words:
        return WORDS[self.backend]

    @contextmanager
    def opened(self) -> Iterator[Any]:
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
            # Of its own, Spark makes 200 parts of every table, whatever it holds.
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
