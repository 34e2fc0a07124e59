import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import tipbench
from tipbench.config.compose import Composer, parse, values_of
from tipbench.config.options import config_folders
from tipbench.config.settings import Settings
from tipbench.runs.cells import Cell
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.grid import expand, runnable, sweep
from tipbench.task import Task
from tipbench.tasks import task_of
from tipboard.board.standings import reference_of
from tipcore.errors import UsageError
from tipdata.core.world import newest_released

SEARCHED = "flag_aggregation/linked_crowd"


def allowed(task: Task, settings: Settings) -> Sequence[str]:
    return ["forward", "operation"] if settings.data is None else ["kfold"]


@cache
def of_experiment(name: str) -> list[Cell]:
    """The cells of an experiment: of one task where another has the same baselines, all of which take seconds."""
    narrowed = {
        "board": ["task=advert_risk"],
        "difficulty": ["task=advert_risk"],
        "search": [f"baseline={SEARCHED}"],
    }
    return cells(f"experiment={name}", *narrowed.get(name, []))


def cells(*words: str, own: Path | None = None, many: bool = False) -> list[Cell]:
    composer = Composer(config_folders(str(own) if own else None), parse(words))
    return (sweep if many else expand)(composer, allowed)


def test_one_baseline_is_one_cell_with_everything_resolved() -> None:
    (cell,) = cells("baseline=advert_risk/prior")
    assert (cell.split, cell.config["labels"], cell.config["access"]) == ("forward", "truth", "public")
    assert cell.folder == Path(f"runs/0.5.0/tiny/advert_risk/forward/prior/{cell.hash[:12]}-s0")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("release=tiny", "There is nothing to run"),
        ("grid.baselines=[advert_lnkage/*]", r"baseline=advert_lnkage/\* matches nothing"),
        ("-m baseline=glob(advert_risk/q*)", r"baseline=glob\(advert_risk/q\*\) matches nothing"),
        ("grid.baselines=[advert_risk/prior] grid.splits=[kfold]", "the grid is empty"),
        ("grid.baselines=[advert_risk/prior] grid.splits=[] task=advert_linkage", "the grid is empty"),
        ("baseline=advert_risk/prior,advert_risk/oracle split=random,forward", "add -m"),
        ("baseline=advert_risk/tfidf_logreg seed=range(2)", "is a list: add -m"),
        ("baseline=advert_risk/tfidf_logreg baseline.method.c=0.1,1", "is a list: add -m"),
        ("-m baseline=advert_risk/prior seed=range(a)", "gives no list of values|is not a seed"),
        ("-m baseline=advert_risk/prior seed=interval(0,1)", "gives no list of values|is not a seed"),
        ("-m baseline=advert_risk/prior seed=tag(x,choice(1,2)", "gives no list of values"),
        ("-m split=random,forward", "a sweep needs baselines"),
        ("baseline=advert_risk/prior release.world=1,2", r"release\.world=1,2 is a list: add -m"),
        ("-m baseline=advert_risk/prior release.world=x,1", "=x is not a world: give whole numbers from 0"),
        ("grid.baselines=all grid.worlds=[1,-2]", r"grid\.worlds\.1=-2 is wrong"),
        ("baseline=recruitment_onset/oracle release.world=1", "is for the released world only"),
        ("grid.baselines=[recruitment_onset/oracle] grid.worlds=[1]", "an oracle, which is for the released"),
        (
            "grid.baselines=all grid.worlds=[1] task=advert_risk data=sms_spam data.path=x",
            "own has no worlds",
        ),
    ],
)
def test_what_cannot_be_run_or_swept_is_refused(words: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        cells(*words.removeprefix("-m ").split(), many=words.startswith("-m "))


def test_a_grid_is_every_combination_that_the_tasks_have() -> None:
    found = cells(
        "grid.baselines=[advert_risk/prior,advert_risk/oracle]", "grid.splits=[random,forward,kfold]"
    )
    assert {(c.method, c.split) for c in found} == set(product(("prior", "oracle"), ("random", "forward")))


@pytest.mark.parametrize("words", [["baseline=advert_risk/prior"], ["grid.baselines=[advert_risk/prior]"]])
def test_for_the_default_split_no_other_is_tried(words: list[str]) -> None:
    def one_at_a_time(task: Task, settings: Settings) -> Iterator[str]:
        yield from allowed(task, settings)[:1]
        raise AssertionError("another split is tried")

    (cell,) = expand(Composer(config_folders(None), parse(words)), one_at_a_time)
    assert cell.split == "forward"


def test_a_baseline_that_names_splits_runs_on_these_unless_others_are_asked_for() -> None:
    slow = "grid.baselines=[advert_authorship/metric_learning]"
    assert [cell.split for cell in cells(slow, "grid.splits=allowed")] == ["forward"]  # and not operation
    assert [cell.split for cell in cells(slow, "grid.splits=[operation]")] == ["operation"]
    assert [cell.split for cell in cells(slow)] == ["forward"]


def test_allowed_splits_are_those_of_the_data() -> None:
    found = cells("grid.baselines=[advert_risk/prior]", "grid.splits=allowed")
    assert [c.split for c in found] == ["forward", "operation"]


def test_patterns_match_baselines() -> None:
    assert {c.task for c in cells("grid.baselines=[advert_linkage/*]")} == {"advert_linkage"}


def test_a_deterministic_method_runs_one_seed_and_a_stochastic_one_all(own_configs: Path) -> None:
    found = cells(
        "grid.baselines=[advert_risk/length,advert_risk/chance]", "grid.seeds=[0,1,2]", own=own_configs
    )
    assert [(c.method, c.seed) for c in found] == [("chance", 0), ("chance", 1), ("chance", 2), ("length", 0)]


def test_a_baseline_without_its_extra_is_left_out_of_patterns_and_refused_by_name(own_configs: Path) -> None:
    path = own_configs / "baseline" / "advert_risk" / "chance.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "extra: torch\n", encoding="utf-8")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tipcore.extras.EXTRAS", {"torch": ("a_module_that_is_not_there",)})
        composer = Composer(
            config_folders(str(own_configs)), parse(["grid.baselines=[advert_risk/*]", "split=random"])
        )
        assert "chance" not in {c.method for c in expand(composer, allowed, notice=said.append)}
        assert "advert_risk/chance" in said[0]
        with pytest.raises(UsageError, match=r"advert_risk/chance needs the extra torch: .*\[torch\]'"):
            cells("baseline=advert_risk/chance", own=own_configs)
        with pytest.raises(UsageError, match="needs the extra torch"):
            cells("grid.baselines=[advert_risk/chance]", own=own_configs)
        patch.setattr("tipcore.extras.EXTRAS", {"torch": ("json",)})
        assert "extra" not in cells("baseline=advert_risk/chance", own=own_configs)[0].config["baseline"]


def test_what_is_typed_narrows_an_experiment() -> None:
    found = cells("experiment=quickstart", "baseline=advert_risk/prior", "split=random", "seed=4")
    assert [(c.baseline, c.split, c.seed) for c in found] == [("advert_risk/prior", "random", 4)]
    assert {c.task for c in cells("experiment=quickstart", "task=advert_linkage")} == {"advert_linkage"}


def test_a_release_typed_overrides_that_of_an_experiment() -> None:
    assert {c.data for c in cells("experiment=quickstart", "release=small", "task=advert_risk")} == {
        "0.5.0/small"
    }


def test_comma_lists_multiply_with_m() -> None:
    lists = ("baseline=advert_risk/prior,advert_risk/oracle", "split=random,forward")
    found = cells(*lists, "release=tiny,small", "labels=truth,expert", many=True)
    assert len(found) == len({c.folder for c in found}) == 2 * 2 * 2 * 2


def test_labels_of_a_grid_are_none_where_a_split_gives_none() -> None:
    found = cells("experiment=difficulty")
    labels = {(c.task, c.split): c.config["labels"] for c in found}
    assert {labels[task, "all"] for task in ("prevalence", "intervention_effect")} == {"none"}
    assert {one for (_, split), one in labels.items() if split != "all"} == {"truth"}
    (single,) = cells("baseline=prevalence/chao_lower", "labels=truth")
    assert single.config["labels"] == "truth"  # refused when its fold is made


def test_a_sweep_of_one_value_stands_for_that_value() -> None:
    words = (
        "baseline=glob(advert_risk/pr*)",
        "split=choice(random)",
        "release=glob(sma*)",
        "seed=range(3,4)",
    )
    (cell,) = cells(*words, many=True)
    assert (cell.baseline, cell.split) == ("advert_risk/prior", "random")
    assert (cell.data, cell.seed) == ("0.5.0/small", 3)


@pytest.mark.parametrize(
    ("word", "values"),
    [
        ("seed=range(2)", ["0", "1"]),
        ("seed=range(1,4)", ["1", "2", "3"]),
        ("baseline.method.c=choice(0.1,1)", ["0.1", "1"]),
        ("split=shuffle(random,random)", ["random", "random"]),
        ("baseline=glob(route_forecast/*markov*,exclude=*higher*)", None),
        ("runs.path=range(2)", ["range(2)"]),
        ("labels=truth,expert", ["truth", "expert"]),
    ],
)
def test_the_sweeps_of_hydra_are_read_as_hydra_does(word: str, values: list[str] | None) -> None:
    (override,) = parse([word])
    names = Composer(config_folders(None)).options
    wanted = values or sorted(
        n for n in names["baseline"] if n.startswith("route_forecast/") and "markov" in n
    )
    assert values_of(override, names) == wanted


def test_seeds_and_parameters_can_be_swept_by_a_range() -> None:
    found = cells(
        "baseline=advert_risk/tfidf_logreg", "seed=range(2)", "baseline.method.c=choice(0.1,1)", many=True
    )
    assert {(c.seed, c.config["baseline"]["method"]["c"]) for c in found} <= set(product((0, 1), (0.1, 1)))
    assert len({c.config["baseline"]["method"]["c"] for c in found}) == 2


def test_a_comma_in_a_path_is_no_list(tmp_path: Path) -> None:
    found = cells("baseline=advert_risk/prior", "runs.path=a,b", "split=random,forward", many=True)
    assert {str(c.runs) for c in found} == {"a,b"}


def test_own_data_keeps_the_baselines_of_its_task() -> None:
    found = cells("grid.baselines=[advert_risk/*,advert_linkage/*]", "data=sms_spam", "data.path=x")
    assert {(c.task, c.split, c.config["labels"]) for c in found} == {("advert_risk", "kfold", "given")}


def test_the_hash_depends_on_what_decides_a_result_and_on_nothing_else() -> None:
    base = ["baseline=advert_risk/tfidf_logreg"]
    (one,) = cells(*base)
    for same in (
        "seed=1",
        "engine=sequential",
        "overwrite=always",
        "runs.path=x",
        "labels=truth",
        "access=public",
    ):
        assert cells(*base, same)[0].hash == one.hash, same
    for other in ("baseline.method.c=1", "labels=expert", "split=random", "release=small", "replicates=10"):
        assert cells(*base, other)[0].hash != one.hash, other


KEPT = Path(tipbench.__file__).parents[2] / "results" / newest_released() / "small" / "reference" / RESULTS
REFERENCE = [one for one in read_results(KEPT) if one.seed == 0] if KEPT.is_file() else []


@pytest.mark.skipif(not REFERENCE, reason="the reference run of this version of the data is in the making")
def test_every_committed_result_has_the_hash_that_its_config_gives() -> None:
    for result in REFERENCE:
        place = result.method, result.split
        assert Cell(dict(result.config), Path()).hash == result.config_hash, place


def test_the_hash_is_of_what_decides_and_not_of_prose() -> None:
    (cell,) = cells("baseline=advert_risk/tfidf_logreg")
    decides = {
        **{key: cell.config[key] for key in ("task", "release", "split", "labels", "access", "replicates")},
        "data": None,
        "method": cell.config["baseline"]["method"],
    }
    text = json.dumps(decides, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert cell.hash == hashlib.sha256(text.encode()).hexdigest()
    prose = {**cell.config["baseline"], "summary": "said otherwise", "reference": "nobody", "name": "mine"}
    assert Cell({**cell.config, "baseline": prose, "seed": 7}, Path()).hash == cell.hash
    for other in ({"ngrams": 3}, {"_target_": "own.Method"}):
        changed = {**prose, "method": {**prose["method"], **other}}
        assert Cell({**cell.config, "baseline": changed}, Path()).hash != cell.hash


def test_the_hash_of_own_data_is_not_of_what_its_config_says_to_a_reader() -> None:
    (cell,) = cells("baseline=advert_risk/tfidf_logreg", "data=sms_spam", "split=all")
    said = {**cell.config["data"], "summary": "said otherwise", "source": "somewhere"}
    assert Cell({**cell.config, "data": said}, Path()).hash == cell.hash
    assert Cell({**cell.config, "data": {**said, "folds": 7}}, Path()).hash != cell.hash


@pytest.mark.parametrize("task", sorted({result.task for result in REFERENCE}))
def test_the_command_of_a_committed_result_still_gives_its_hash(task: str) -> None:
    """The released world is not in the config of a cell, so that results from before there were others stand."""
    method = f"{task}/{reference_of(task)}"
    result = min((one for one in REFERENCE if one.method == method), key=lambda one: one.split)
    (cell,) = cells(f"baseline={result.method}", "release=small", f"split={result.split}", "release.world=0")
    assert cell.hash == Cell(dict(result.config), Path()).hash
    # A result from before a setting was there lacks it, as if it were not given.
    configs = [dict[str, Any](config) for config in (cell.config, result.config)]
    now, then = (
        {key: value for key, value in one.pop("baseline").items() if value is not None} for one in configs
    )
    assert now == then
    assert configs[0] == configs[1]


def test_an_independent_world_is_another_release_with_runs_of_its_own() -> None:
    (here,), (there,) = (
        cells("baseline=advert_risk/prior"),
        cells("baseline=advert_risk/prior", "release.world=3"),
    )
    assert "world" not in here.config["release"]
    assert there.config["release"] == {"version": "0.5.0", "size": "tiny", "world": 3}
    assert there.data == "0.5.0/tiny.w3"
    assert there.folder == Path(f"runs/0.5.0/tiny.w3/advert_risk/forward/prior/{there.hash[:12]}-s0")
    assert there.hash != here.hash
    assert there.fold_key != here.fold_key


def test_worlds_are_an_axis_of_a_grid() -> None:
    both = "baseline=advert_risk/prior,advert_risk/tfidf_logreg"
    typed = cells(both, "release.world=0,2", many=True)
    places = ("0.5.0/tiny", "0.5.0/tiny.w2")
    assert {(c.method, c.data) for c in typed} == set(product(("prior", "tfidf_logreg"), places))
    listed = cells("grid.baselines=[advert_risk/prior,advert_risk/tfidf_logreg]", "grid.worlds=[0,2,2]")
    assert [c.folder for c in listed] == [c.folder for c in typed]


def test_each_world_has_the_splits_that_its_own_data_allow() -> None:
    def differs(task: Task, settings: Settings) -> Sequence[str]:
        assert settings.release is not None
        return ["operation"] if settings.release.world == 2 else ["forward"]

    words = ["grid.baselines=[advert_risk/prior]", "grid.worlds=[1,2]"]
    found = expand(Composer(config_folders(None), parse(words)), differs)
    assert [(c.data, c.split) for c in found] == [
        ("0.5.0/tiny.w1", "forward"),
        ("0.5.0/tiny.w2", "operation"),
    ]


def test_an_oracle_on_an_independent_world_is_left_out_of_patterns() -> None:
    every = cells("grid.baselines=[recruitment_onset/*]", "grid.worlds=[0,1]")
    assert {c.data for c in every if c.method == "oracle"} == {"0.5.0/tiny"}


def test_cells_that_share_a_fold_have_one_key() -> None:
    found = cells("grid.baselines=[advert_risk/*]", "grid.splits=[random,forward]")
    assert len({c.fold_key for c in found}) == 2


@pytest.mark.parametrize(
    "path", sorted((config_folders(None)[0] / "experiment").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_experiment_composes_expands_and_says_how_it_is_run(path: Path) -> None:
    found = of_experiment(path.stem)
    assert found
    assert len({c.folder for c in found}) == len(found)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# @package _global_\n")
    assert f"# tipbench run experiment={path.stem}" in text


def test_a_search_runs_every_combination_of_the_settings_that_a_config_lists() -> None:
    found = [cell.config["baseline"]["method"] for cell in of_experiment("search")]
    assert [(one["jaccard"], one["smoothing"]) for one in found] == list(
        product((0.3, 0.5, 0.7), (0.3, 1.0, 3.0))
    )


def test_a_setting_that_is_typed_is_not_searched() -> None:
    found = cells("experiment=search", f"baseline={SEARCHED}", "baseline.method.jaccard=0.4")
    method = [cell.config["baseline"]["method"] for cell in found]
    assert [(one["jaccard"], one["smoothing"]) for one in method] == [(0.4, 0.3), (0.4, 1.0), (0.4, 3.0)]


def test_a_baseline_without_a_search_is_refused_in_one() -> None:
    with pytest.raises(UsageError, match="advert_risk/prior lists no settings to search"):
        cells("experiment=search", "baseline=advert_risk/prior")


def test_settings_are_among_those_that_were_searched() -> None:
    composer = Composer(config_folders(None))
    baselines = [composer.settings(name).baseline for name in composer.options["baseline"]]
    searched = [(one.method, one.search) for one in baselines if one.search]
    assert searched
    for method, search in searched:
        assert all(method[setting] in values for setting, values in search.items())


def test_what_can_run_on_own_data_is_what_its_columns_feed() -> None:
    words = ["baseline=advert_risk/lightgbm", "data=sms_spam", "data.path=/nowhere"]
    composer = Composer(config_folders(None), parse(words))
    data = composer.settings().data
    assert data is not None
    can = runnable(composer, data, task_of("advert_risk"))
    assert "advert_risk/tfidf_logreg" in can
    assert "advert_risk/lightgbm" not in can
    assert "advert_risk/oracle" not in can
