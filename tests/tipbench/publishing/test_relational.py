"""RelBench's loader opens the databases; rows are those that a method is given, references lead where they led."""

import importlib.util
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import tipbench
import yaml
from polars.testing import assert_frame_equal
from tipbench.publishing.relational import END, export_relational, has_binary_label
from tipbench.tasks import task_of, tasks
from tipcore.errors import UsageError
from tipdata.release import Release


@pytest.fixture(scope="module")
def folder(tiny: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("relational") / "tiny"
    chosen = [task_of("flag_aggregation"), task_of("prevalence")]
    export_relational(tiny, str(to), only=chosen, splits="headline")
    return to


def spec(folder: Path) -> dict:
    text = (folder / "flag_aggregation" / "manifest.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["tables"]


def read(folder: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(folder / "flag_aggregation" / "db" / f"{table}.parquet")


def test_tasks_with_one_binary_label_become_databases(folder: Path) -> None:
    names = {name for name, task in tasks().items() if has_binary_label(task)}
    assert names == {"account_risk", "advert_risk", "flag_aggregation", "payment_risk", "supplier_risk"}
    assert {path.parent.name for path in folder.glob("*/manifest.yaml")} == {"flag_aggregation"}


def test_keys_count_from_nought_in_the_order_of_time_and_lead_where_they_led(
    folder: Path, tiny: Release
) -> None:
    for table, said in spec(folder).items():
        frame = read(folder, table)
        shown = "queue" if table == "adverts" else table  # of adverts those that are judged
        assert frame.height == tiny.scan(shown).collect().height
        assert frame[said["pkey"]].to_list() == list(range(frame.height))
        if said["time_col"]:
            assert frame["time"].is_sorted()
            assert (frame["time"] < END).all()
    reviews = read(folder, "reviews")
    assert spec(folder)["reviews"]["fkeys"]["advert"] in ("adverts", "queue")
    owner = read(folder, spec(folder)["reviews"]["fkeys"]["advert"])
    back = reviews.join(owner.select("advert", "advert_id"), on="advert").select("review_id", "advert_id")
    released = tiny.scan("reviews").select(review_id="review", advert_id="advert").collect()
    assert_frame_equal(back.sort("review_id"), released.sort("review_id"), check_column_order=False)


def test_a_database_shows_what_the_access_may_see(folder: Path) -> None:
    visible_tables = set(read(folder, "adverts").columns) - {"time", "advert_id"}
    assert visible_tables == set(task_of("flag_aggregation").tables["adverts"])
    assert "gold_label" not in read(folder, "queue").columns


def test_label_tables_hold_the_truth_of_the_split(folder: Path, tiny: Release) -> None:
    prepared = tipbench.prepare("flag_aggregation", release=tiny, split="forward", labels="truth")
    ids = read(folder, "queue").select("advert", "advert_id")
    train, test = prepared.folds[0].labels("train").collect(), prepared.answers.scored_rows()
    for name, expected in (("train", train), ("test", test.select("advert", "label"))):
        labels = pl.read_parquet(folder / "flag_aggregation" / "tasks" / "forward" / f"{name}.parquet")
        found = labels.join(ids, on="advert").select(advert="advert_id", label="label").sort("advert")
        assert_frame_equal(found, expected.sort("advert"), check_dtypes=False)
        assert labels["advert"].is_sorted()
        assert set(labels["time"]) == {END}


@pytest.mark.skipif(importlib.util.find_spec("relbench") is None, reason="relbench is not installed")
def test_relbench_opens_it_and_scores_it(folder: Path) -> None:
    import relbench
    from relbench.manifest import validate_dataset_manifest

    data = relbench.load_dataset(folder / "flag_aggregation")
    validate_dataset_manifest(data.manifest, data.db_dir)
    db = data.get_db()
    sizes = {name: len(table) for name, table in db.table_dict.items()}
    assert sizes == {name: read(folder, name).height for name in spec(folder)}
    task = data.load_task(data.get_task_names()[0])
    assert list(task.get_table("test").df.columns) == ["time", "advert"]
    truth = task.get_table("test", mask_input_cols=False).df["label"].to_numpy()
    assert task.evaluate(truth.astype(float)) == {"roc_auc": 1.0}
    assert task.evaluate(np.zeros(truth.size)) == {"roc_auc": 0.5}


def test_without_a_task_that_fits_it_says_which_do(tiny: Release, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none of these tasks .* choose among account_risk, advert_risk"):
        export_relational(tiny, str(tmp_path / "x"), only=[task_of("prevalence")])
    assert list(tmp_path.iterdir()) == []
