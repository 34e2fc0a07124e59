"""The promise of CONTRIBUTING.md: a thing is added in the places that its table names, and appears everywhere else.

A copy of the tree gets a metric of which less is better, a task, a method of it, and a column of a draft version.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from additions import (
    ADDITIONS,
    COLUMN,
    METHOD,
    METRIC,
    RELEASED,
    REPOSITORY,
    TABLE,
    TASK,
    VERSION,
    is_of,
    named,
)
from tipcore.digest import column_digest
from tipdata.release import Release
from tipdata.release.manifests import published_manifest

pytestmark = pytest.mark.contract
slow = pytest.mark.slow

PLACES = {
    "a metric": ("benchmark/tipbench/metrics/<subject>.py", "benchmark/tipbench/tasks/<task>.py"),
    "a task": (
        "benchmark/tipbench/tasks/<task>.py",
        "configs/task/<task>.yaml",
        "docs/tasks/<task>.md",
        "README.md",
    ),
    "a method": ("baselines/tipbaselines/<task>/<method>.py", "configs/baseline/<task>/<method>.yaml"),
    "a column of a table": (
        "datasets/tipdata/tables/<stage>.yaml",
        "datasets/tipdata/stages/<stage>/<part>.py",
        "datasets/tipdata/versions.yaml",
        "benchmark/tipbench/tasks/<task>.py",
    ),
}
"""What is written by hand, and nothing else. To make it longer is to make a newcomer's work harder."""

GENERATED = {
    "a metric": {"tests/scores/scores.expected.json", "tests/scores/scores.lock.yaml"},
    "a task": {
        "tests/scores/scores.expected.json",
        "tests/scores/scores.lock.yaml",
        *(f"datasets/cards/releases/0.5.0/{size}.md" for size in ("forms", "small", "tiny")),
    },
    "a method": set(),
    "a column of a table": {f"datasets/cards/{TABLE}.md", "docs/schema.svg"},
}
"""What the commands write."""


def test_the_table_of_contributing_is_what_is_written_here() -> None:
    table = named()
    assert {thing: table[thing][1] for thing in PLACES} == PLACES
    assert {thing: table[thing][2] for thing in PLACES} == {t: a.commands for t, a in ADDITIONS.items()}
    for thing, (number, places, _) in table.items():
        assert number == len(places), thing


@pytest.mark.parametrize("thing", PLACES)
def test_a_thing_is_added_in_the_places_of_the_table(thing: str) -> None:
    touched = ADDITIONS[thing].touched
    assert len(touched) == len(PLACES[thing])
    assert all(sum(is_of(path, place) for path in touched) == 1 for place in PLACES[thing])
    for path, lines in ADDITIONS[thing].lines.items():
        text = (REPOSITORY / path).read_text(encoding="utf-8")
        assert [text.count(line) for line, _ in lines] == [1] * len(lines)


@slow
def test_nothing_else_is_written(house: Any) -> None:
    assert house.touched == {thing: addition.touched for thing, addition in ADDITIONS.items()}
    assert house.generated == GENERATED


@slow
def test_the_new_method_runs_on_the_new_task_and_keeps_the_contract_of_methods(house: Any) -> None:
    result = house.results[f"{TASK}/{METHOD}"]
    assert (result["task"], result["primary"]) == (TASK, "b_cubed_f1")
    assert 0 < result["scores"]["b_cubed_f1"]["value"] < 1
    assert "broken" not in house.copy.tipbench("check", f"{TASK}/{METHOD}")


@slow
def test_the_new_metric_is_scored_in_each_task_that_lists_it_and_on_the_board(house: Any, site: Path) -> None:
    for method in (f"{TASK}/{METHOD}", "advert_linkage/exact_duplicates"):
        score = house.results[method]["scores"][METRIC]
        assert score["low"] < score["value"] < score["high"], method
    found = house.results["advert_linkage/exact_duplicates"]["scores"]
    assert found[METRIC]["value"] == pytest.approx(1 - found["b_cubed_precision"]["value"], abs=1e-12)
    assert METRIC not in house.results["supplier_risk/sector_prior"]["scores"]
    score = house.results[f"{TASK}/{METHOD}"]["scores"][METRIC]
    [row] = pl.read_parquet(site / f"data/tiny/{TASK}.parquet").iter_rows(named=True)
    assert row[METRIC] == score["value"]
    page = (site.parent / "results" / "README.md").read_text(encoding="utf-8")
    assert "impurity of clusters; lower is better" in page
    pages = (site / "tiny/tasks").glob("*.html")
    shown = {page.stem for page in pages if "impurity of clusters" in page.read_text(encoding="utf-8")}
    assert shown == {TASK, "advert_linkage"}
    rows = pl.read_parquet(site / "data/tiny/methods-scores.parquet")
    [row] = rows.filter(metric=METRIC, method=METHOD).iter_rows(named=True)
    assert (row["value"], row["low"], row["high"]) == (score["value"], score["low"], score["high"])
    assert f">{METRIC}<" in (site / f"tiny/methods/tipbench--{METHOD}.html").read_text(encoding="utf-8")


@slow
def test_the_new_column_is_in_documents_and_the_draft_and_a_released_version_stays(
    house: Any, draft: None
) -> None:
    root, home = house.copy.root, house.copy.home
    card = (root / f"datasets/cards/{TABLE}.md").read_text(encoding="utf-8")
    assert f"| {COLUMN} | Int64 | public | in a public register; from data version {VERSION} on |" in card
    assert f">{COLUMN}<" in (root / "docs/schema.svg").read_text(encoding="utf-8")
    versions = (VERSION, RELEASED)
    made, released = (pl.read_parquet(home / v / f"tiny/00000/{TABLE}.parquet") for v in versions)
    assert made.drop(COLUMN).equals(released)
    assert made[COLUMN].n_unique() > made.height / 2
    manifest = published_manifest(Release(RELEASED, "tiny"))
    assert manifest is not None
    folder = home / RELEASED / "tiny/00003"
    seen, hidden = (pl.read_parquet(folder / f"{TABLE}{part}.parquet") for part in ("", ".truth"))
    columns = {**{c.name: c for c in hidden}, **{c.name: c for c in seen}}
    expected = manifest["regions"]["00003"]["digests"][TABLE]
    assert {name: column_digest(column) for name, column in columns.items()} == expected
    assert "all files match their checksums" in house.copy.tipbench("data", "verify", "release=tiny")


TRUE_OF_ALL = (
    "tests/tipbench/test_task.py",
    "tests/scores/test_lock.py::test_the_lock_is_up_to_date",
    "tests/scores/test_lock.py::test_made_up_predictions_score_what_they_did",
    "tests/tipbench/evaluation/test_evaluation.py::test_no_metric_key_of_the_result_files_is_lost",
    "tests/tipbench/evaluation/test_evaluation.py::test_no_two_families_give_the_same_metric",
    "tests/tipbench/metrics/test_clustering.py",
    "tests/tipdata/documents",
    "tests/tipboard/board/test_columns.py",
    "tests/tipboard/board/test_page.py::test_every_task_names_a_baseline_of_its_own_as_its_reference",
)
"""Tests of what must be true of every task, metric, column and method."""


@pytest.mark.parametrize("place", TRUE_OF_ALL)
def test_what_must_be_true_of_all_is_tested_there(place: str) -> None:
    path, _, name = place.partition("::")
    assert (REPOSITORY / path).exists()
    assert not name or f"def {name}(" in (REPOSITORY / path).read_text(encoding="utf-8")


@slow
def test_what_must_be_true_of_every_task_metric_and_column_is_true_of_the_new_ones(
    house: Any, small: Release
) -> None:
    root = house.copy.root
    (house.copy.home / RELEASED / "small").symlink_to(small.folder)  # the published one: not made again
    ignored = shutil.ignore_patterns("__pycache__", "contract", "scores")
    shutil.copytree(REPOSITORY / "tests", root / "tests", ignore=ignored, dirs_exist_ok=True)
    words = ("-m", "pytest", "-q", "-n", "0", "--import-mode", "importlib", "-p", "no:cacheprovider")
    chosen = [str(root / place) for place in TRUE_OF_ALL]
    assert " passed" in house.copy.python(*words, "--rootdir", str(root), *chosen)


SHOWN = """
import json, sys
from tipbench.loading import prepare
from tipcore.errors import UsageError

version, column = sys.argv[1:]
needs = {f"firms.{column}"}
fold = prepare("supplier_risk", release=f"{version}/tiny", split="operation", needs=needs).folds[0]
try:
    prepare("supplier_risk", release="tiny", split="operation", needs=needs)
    said = ""
except UsageError as error:
    said = str(error)
print(json.dumps({"columns": fold.tables["firms"].collect_schema().names(), "said": said}))
"""


@slow
def test_a_task_shows_the_new_column_where_the_version_has_it_and_says_so_where_not(
    house: Any, draft: None
) -> None:
    found = json.loads(house.copy.python("-c", SHOWN, VERSION, COLUMN))
    assert COLUMN in found["columns"]
    assert f"firms.{COLUMN}" in found["said"]
    assert f"set release.version={VERSION}" in found["said"]
    assert house.results["supplier_risk/sector_prior"]["data"] == f"{RELEASED}/tiny"
