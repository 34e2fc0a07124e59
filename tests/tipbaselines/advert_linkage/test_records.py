"""Splink's SQL runs in DuckDB within a limit of memory, or in Spark; what cannot be is refused in one sentence."""

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import adjusted_rand_score
from tipbaselines.advert_linkage.records import LinkageEngine
from tipbaselines.advert_linkage.splink import Splink
from tipbench.loading import prepare
from tipcore.errors import UsageError
from tipdata.release import Release

FEW: dict[str, Any] = {"random_pairs": 1e5, "training_pairs": 5e4, "iterations": 5}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"backend": "sqlite"}, "backend=sqlite does not exist: choose duckdb or spark."),
        ({"memory_gib": 0}, "memory_gib=0 is no memory: set more than 0."),
        ({"scratch": "/nowhere"}, "scratch=/nowhere is no folder: name one that is there."),
        ({"master": "spark://one:7077"}, "set baseline.method.backend=spark too."),
    ],
)
def test_impossible_settings_are_refused(given: dict, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        LinkageEngine(**given)
    assert str(refused.value).endswith(says)


def test_without_spark_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipbaselines.advert_linkage.records.importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"needs pyspark and Java 17 or later: .*\[spark\]'"):
        LinkageEngine("spark")


def test_duckdb_has_the_limit_and_the_folder_that_were_asked_for_and_leaves_nothing(tmp_path: Path) -> None:
    with LinkageEngine(memory_gib=0.0625, scratch=str(tmp_path)).connect() as api:
        query = "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
        limit, folder = api._execute_sql_against_backend(query).fetchall()[0]
        # more than the limit holds: sorted on disk
        api._execute_sql_against_backend(
            "CREATE TABLE big AS SELECT md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS word "
            "FROM range(1200000) t(i) ORDER BY word"
        )
        assert any(Path(folder).iterdir())
    assert limit == "64.0 MiB"
    assert Path(folder).parent == tmp_path
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="Spark is not installed",
)
def test_spark_links_the_adverts_that_duckdb_links(tiny: Release) -> None:
    fold = prepare("advert_linkage", release=tiny, split="region").folds[0]
    found = []
    for backend in ("duckdb", "spark"):
        method = Splink(**FEW, backend=backend)
        method.fit(fold, 0)
        found.append(method.predict(fold).sort("advert"))
    assert found[0]["advert"].equals(found[1]["advert"])
    # u is estimated from other random pairs there, so that a few clusters more or fewer are joined
    assert adjusted_rand_score(found[0]["cluster"], found[1]["cluster"]) > 0.9
