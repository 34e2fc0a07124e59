"""Folds and answers from the tiny release: what is shown, what is not, and what is true."""

import pickle
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tipbench.data.fold import Fold, Prepared
from tipbench.data.splits.forward import VALID_UNTIL
from tipbench.loading import load, prepare
from tipbench.runs.scoring import evaluate
from tipbench.tasks import tasks
from tipbench.tasks.advert_authorship import GALLERY_A_REGION
from tipcore.display import html_table
from tipcore.errors import UsageError
from tipdata.release import Release


@pytest.fixture(scope="module")
def risk(tiny: Release) -> Prepared:
    return prepare("advert_risk", release=tiny, labels="truth")


@pytest.fixture(scope="module")
def truth(tiny: Release) -> pl.DataFrame:
    """Adverts with all that is hidden, and with the kind, terseness and weight of their operation."""
    stands_for = pl.col("weight") / 1_000_000
    kinds = tiny.scan("operations", truth=True).select("operation", "kind", "terse", own_weight=stands_for)
    return tiny.scan("adverts", truth=True).join(kinds, on="operation").collect()


def test_accounts_and_flags_are_those_of_the_folds_adverts(tiny: Release) -> None:
    fold = prepare("advert_risk", release=tiny, access="platform").folds[0]
    adverts = fold.tables["adverts"].collect()
    accounts = fold.tables["accounts"].collect()["account"]
    assert 0 < len(accounts) < tiny.scan("accounts").collect().height
    assert set(accounts) == set(adverts["account"].drop_nulls())
    flags = fold.tables["flags"].collect()
    assert set(flags["advert"]) <= set(adverts["advert"])
    assert flags["day"].to_numpy().max() < 730


def test_an_oracle_is_shown_what_is_hidden_and_nobody_else(tiny: Release) -> None:
    needs = {"adverts.operation", "operations.log_odds"}
    fold = prepare("advert_risk", release=tiny, oracle=True, needs=needs).folds[0]
    operations = fold.tables["operations"].collect()
    assert set(operations["operation"]) == set(fold.tables["adverts"].collect()["operation"])
    with pytest.raises(UsageError, match="only a method marked oracle"):
        prepare("advert_risk", release=tiny, needs=needs)


def test_labels_of_the_test_part_are_refused(risk: Prepared) -> None:
    with pytest.raises(UsageError, match="never given"):
        risk.folds[0].labels("test")
    with pytest.raises(UsageError, match="part dev does not exist"):
        risk.folds[0].units("dev")
    assert "test" not in risk.folds[0].supervision["part"].unique().to_list()


def test_answers_hold_the_truth_and_the_harm_columns(
    risk: Prepared, truth: pl.DataFrame, tiny: Release
) -> None:
    frame = risk.answers.frame.join(
        truth.select("advert", "operation", "kind", hidden="log_odds", says_little="terse"), on="advert"
    )
    assert (frame["label"] == (frame["kind"] == "trafficking").cast(pl.Int8)).all()
    assert (frame["cluster"] == frame["operation"]).all()
    assert (frame["group"] == frame["kind"]).all()
    assert (frame["unit_log_odds"] == frame["hidden"]).all()
    harmed = pl.col("label") == 1
    assert frame.filter(harmed).select("form", "sex", "language").null_count().sum_horizontal().item() == 0
    assert frame.filter(~harmed).select("form", "sex", "language").count().sum_horizontal().item() == 0
    assert 0 < frame["migrant"].sum() < frame.height / 2
    assert (frame["terse"] == frame["says_little"]).all()
    assert 0 < frame["terse"].sum() < frame.height / 2
    assert set(frame["part"]) == {"valid", "test"}


@pytest.mark.parametrize("split", ["forward", "random"])
@pytest.mark.parametrize("task", ["advert_risk", "advert_linkage"])
def test_an_operations_near_duplicates_weigh_what_it_does_in_total_in_a_part(
    task: str, split: str, tiny: Release, truth: pl.DataFrame
) -> None:
    """Linkage weighs operations apart, in ``stands_for``."""
    frame = prepare(task, release=tiny, split=split).answers.frame
    known = truth.select("advert", "operation", "near_duplicate_group", "own_weight")
    groups = frame.join(known, on="advert")
    by = [c for c in ("part", "operation", "near_duplicate_group") if c in groups.columns]
    weight = pl.col("weight") * (pl.col("stands_for") if task == "advert_linkage" else 1)
    totals = groups.group_by(*by, "own_weight").agg(total=weight.sum())
    total, own = totals["total"].to_numpy(), totals["own_weight"].to_numpy()
    assert total == pytest.approx(own, abs=1e-9)
    assert own.min() < 0.5 < 1 < own.max()


def test_a_gallery_has_one_advert_a_template_and_operation_and_one_size_in_every_split(
    tiny: Release, truth: pl.DataFrame
) -> None:
    for split in tasks()["advert_authorship"].splits:
        prepared = prepare("advert_authorship", release=tiny, split=split)
        parts = prepared.folds[0].parts.join(truth.select("advert", "template", "operation"), on="advert")
        assert parts.select("part", "template", "operation").is_unique().all()
        size = prepared.answers.frame.height
        assert size == GALLERY_A_REGION * tiny.regions or any(
            f"holds {size:,} units" in note for note in prepared.notes
        )


@pytest.mark.parametrize("split", [name for name in tasks()["advert_risk"].splits if name != "forward"])
def test_training_sizes_are_those_of_forward_or_noted(split: str, able: Release) -> None:
    prepared, forward = (prepare("advert_risk", release=able, split=name) for name in (split, "forward"))
    operations = able.scan("adverts", truth=True).select("advert", "operation")
    train, usual = (
        made.folds[0].units("train").select("advert").join(operations, on="advert").collect()
        for made in (prepared, forward)
    )
    if split == "random":
        assert train.height == usual.height
        return
    owners = train["operation"].n_unique()
    noted = any(f"trains on {owners:,} operations" in note for note in prepared.notes)
    assert owners == usual["operation"].n_unique() or noted


def test_expert_labels_are_noisy_and_only_of_train_and_valid(tiny: Release, truth: pl.DataFrame) -> None:
    fold = prepare("advert_risk", release=tiny, labels="expert").folds[0]
    scores = tiny.scan("annotations").group_by("advert").agg(pl.col("score").mean()).collect()
    found = fold.supervision.join(scores, on="advert").join(truth.select("advert", "kind"), on="advert")
    assert (found["label"] == (found["score"] >= 4).cast(pl.Int8)).all()
    agrees = found["label"] == (found["kind"] == "trafficking").cast(pl.Int8)
    assert 0.5 < agrees.sum() / found.height < 1


def test_weak_labels_are_flags_raised_before_testing_begins(tiny: Release) -> None:
    fold = prepare("advert_risk", release=tiny, labels="weak").folds[0]
    flags = tiny.scan("flags").collect()
    flagged = set(flags.filter(pl.col("day") < VALID_UNTIL)["advert"])
    assert flagged < set(flags["advert"])
    found = fold.supervision
    assert 0 < found["label"].sum() < found.height
    assert all(
        (advert in flagged) == bool(label)
        for advert, _, label in found.select("advert", "part", "label").iter_rows()
    )


def test_delayed_labels_know_only_what_was_investigated_in_time(small: Release) -> None:
    found = prepare("advert_risk", release=small, labels="delayed").folds[0].supervision
    adverts = small.scan("adverts", truth=True).select("advert", "operation")
    operations = small.scan("operations", truth=True).select("operation", "kind", "investigated_day")
    found = found.join(adverts.join(operations, on="operation").collect(), on="advert")
    known = ((pl.col("kind") == "trafficking") & (pl.col("investigated_day") < VALID_UNTIL)).fill_null(False)
    assert found.select((pl.col("label") == known.cast(pl.Int8)).all()).item()
    assert 0 < found["label"].sum() < (found["kind"] == "trafficking").sum()


def test_proxy_labels_are_equal_within_a_phone_component(tiny: Release) -> None:
    linked = prepare("advert_linkage", release=tiny, labels="proxy").folds[0]
    risk = prepare("advert_risk", release=tiny, labels="proxy").folds[0]
    both = risk.supervision.join(linked.supervision.rename({"label": "component"}), on=["advert", "part"])
    assert both.height == risk.supervision.height
    assert (both.group_by("component", "part").agg(pl.col("label").n_unique())["label"] == 1).all()
    phones = linked.tables["adverts"].select("advert", "contacts").explode("contacts").drop_nulls().collect()
    components = (
        phones.join(linked.supervision, on="advert").group_by("contacts").agg(pl.col("label").n_unique())
    )
    assert (components["label"] == 1).all()


def test_the_proxy_of_linkage_answers_both_merges_and_splits_operations(tiny: Release) -> None:
    frame = prepare("advert_linkage", release=tiny).answers.frame
    assert (frame.group_by("proxy").agg(pl.col("cluster").n_unique())["cluster"] > 1).any()
    assert (frame.group_by("cluster").agg(pl.col("proxy").n_unique())["proxy"] > 1).any()


def test_auto_is_forward_truth_and_public(tiny: Release) -> None:
    prepared = prepare("advert_risk", release=tiny)
    assert (prepared.split, prepared.labels, prepared.access) == ("forward", "truth", "public")
    assert prepared.data == "0.5.0/tiny"


def test_load_gives_a_fold_that_pandas_and_datasets_can_take(tiny: Release) -> None:
    pytest.importorskip("pandas")
    fold = load("advert_authorship", release="tiny")
    assert isinstance(fold, Fold)
    frames = fold.to_pandas()
    assert len(frames["test"]) == fold.units("test").collect().height
    assert "label" in frames["train"]
    assert "label" not in frames["test"]
    hub = fold.to_hf()
    assert hub["train"].num_rows == len(frames["train"])
    assert list(hub) == ["train", "validation", "test"]
    assert hub["validation"].num_rows == len(frames["valid"])
    assert "label" not in hub["test"].column_names


def test_frames_of_a_library_that_is_not_installed_say_which_extra_brings_it(
    tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = load("advert_authorship", release="tiny")
    monkeypatch.setattr("tipcore.extras.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"^to_pandas needs pandas, .*\[pandas\]'"):
        fold.to_pandas()


def test_objects_show_themselves_in_a_line_and_in_a_notebook(tiny: Release) -> None:
    fold = load("advert_risk", release="tiny", split="operation")
    units = {part: fold.units(part).collect().height for part in ("train", "valid", "test")}
    assert f"test {units['test']:,} (0 labelled)" in repr(fold)
    assert len(repr(fold)) < 250
    assert f"<td>train</td><td>{units['train']}</td>" in fold._repr_html_()
    assert repr(fold.task).startswith("Task advert_risk: Which adverts come from a trafficking operation?")
    assert "<td>primary metric</td><td>average_precision</td>" in fold.task._repr_html_()
    made = evaluate(
        "advert_risk", fold.to_predict().select("advert", score=pl.lit(0.5)).collect(), split="operation"
    )
    first, *_ = repr(made).splitlines()
    assert first == "average_precision 0.05 [0.05; 0.05]"
    assert "<td>average_precision</td><td>0.05</td><td>[0.05; 0.05]</td>" in made._repr_html_()
    assert "protection_gap - (" in repr(made)
    assert "&lt;" in html_table("<b>", (), ())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"split": "kfold"}, "choose one of forward, operation, random"),
        ({"labels": "given"}, "choose truth or expert or weak or proxy or delayed"),
        ({"access": "truth"}, "choose one of public, platform, legal"),
        ({"needs": {"adverts.account"}}, "set access=platform"),
        ({"needs": {"flags.flag"}}, "set access=platform"),
        ({"needs": {"adverts.telephone"}}, "which no table has"),
        (
            {"needs": {"advert.body"}},
            r"advert\.body, which no table has: correct its needs, perhaps to adverts\.body\.",
        ),
        ({"needs": {"annotations.score"}}, "what labels are made of"),
        ({"task": "advert_authorship", "needs": {"adverts.images"}}, "hides at every access"),
        ({"task": "advert_linkage", "labels": "expert"}, "choose truth or proxy"),
        ({"own": {"name": "x"}}, "not both"),
        ({"release": None}, "give either"),
        ({"release": "medium"}, "choose one of tiny, small"),
    ],
)
def test_what_cannot_be_had_is_said_with_what_can(wrong: dict, says: str, tiny: Release) -> None:
    with pytest.raises(UsageError, match=says):
        prepare(**{"task": "advert_risk", "release": tiny, **wrong})


def test_a_fold_of_regions_holds_their_rows_units_and_labels_and_no_other(risk: Prepared) -> None:
    fold = risk.folds[0]
    some = fold.of_regions([1, 4])
    for name, table in some.tables.items():
        assert table.collect().equals(fold.tables[name].filter(pl.col("region").is_in([1, 4])).collect())
    units = some.tables["adverts"].collect()["advert"]
    assert some.parts.equals(fold.parts.filter(pl.col("advert").is_in(units.implode())))
    assert some.supervision.equals(fold.supervision.filter(pl.col("advert").is_in(units.implode())))
    assert (some.regions, some.whole) == ((1, 4), fold)
    assert some.of_regions([4]).whole is fold
    with pytest.raises(UsageError, match=r"^this fold has no adverts of region 99: give regions that it has"):
        fold.of_regions([1, 99])


@pytest.mark.parametrize("task", [name for name, task in tasks().items() if not task.stream])
def test_of_some_regions_no_other_file_is_read(
    task: str, tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = prepare(task, release=tiny).folds[0]
    if "region" not in fold.tables[fold.task.table].collect_schema():
        pytest.skip(f"{fold.task.table} do not say which region a row is of")
    regions = fold.tables[fold.task.table].collect()["region"].unique().sort().to_list()[1::2]
    read: set[int] = set()
    usual = Release.scan

    def noted(self: Release, table: str, truth: bool = False, those: Sequence[int] | None = None) -> Any:
        read.update(range(self.regions) if those is None else those)
        return usual(self, table, truth, those)

    monkeypatch.setattr(Release, "scan", noted)
    some = fold.of_regions(regions)
    assert read == set(regions)
    monkeypatch.undo()
    plain = replace(fold, tables=dict(fold.tables)).of_regions(regions)
    for name, table in some.tables.items():
        assert table.collect().equals(plain.tables[name].collect()), name


def test_tables_that_are_put_in_the_place_of_a_releases_are_those_of_its_regions(risk: Prepared) -> None:
    fold = risk.folds[0]
    without = fold.tables["adverts"].with_columns(price=None)
    tables = copy(fold.tables)
    tables["adverts"] = tables["mine"] = without
    some = replace(fold, tables=tables).of_regions([1])
    assert some.tables["mine"].collect().equals(some.tables["adverts"].collect())
    assert some.tables["adverts"].collect()["price"].null_count() == some.parts.height
    again = pickle.loads(pickle.dumps(fold)).of_regions([1])
    assert again.tables["adverts"].collect().equals(fold.of_regions([1]).tables["adverts"].collect())


def test_batches_of_regions_are_the_whole_fold_each_unit_once(risk: Prepared) -> None:
    fold = risk.folds[0]
    with pytest.raises(ValueError, match="give 1 or more regions"):
        list(fold.by_regions(-1))
    batches = list(fold.by_regions(3))
    assert [batch.regions for batch in batches] == [(0, 1, 2), (3, 4, 5), (6, 7)]
    assert pl.concat([batch.parts for batch in batches]).sort("advert").equals(fold.parts.sort("advert"))
    assert list(fold.by_regions(8)) == [fold]


def test_regions_that_may_meet_or_are_hidden_are_no_batches(risk: Prepared, tiny: Release) -> None:
    own = replace(risk.folds[0], independent_regions=False)
    hidden = load("advert_authorship", release=tiny)
    for fold in (own, hidden):
        assert [batch is fold for batch in fold.by_regions(1)] == [True]
    assert type(hidden.tables) is dict, "no region can be asked for"
    with pytest.raises(UsageError, match="adverts do not say which region a row is of"):
        hidden.of_regions([0])
