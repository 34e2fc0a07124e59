import re
from pathlib import Path
from typing import Any

import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folder, config_folders
from tipbench.runs.grid import sweep
from tipcore.errors import UsageError
from tipdata.core.world import newest_released, sizes, versions

RISK = "baseline=advert_risk/prior"
TREES = "baseline=advert_risk/lightgbm"


def composer(*words: str, own: Path | None = None) -> Composer:
    return Composer(config_folders(str(own) if own else None), parse(words))


def settings(*words: str, own: Path | None = None) -> dict[str, Any]:
    return composer(*words, own=own).settings().model_dump()


def test_a_parameter_that_the_class_has_needs_no_plus() -> None:
    method = settings(TREES, "baseline.method.leaves=8")["baseline"]["method"]
    assert method == {"_target_": "tipbaselines.advert_risk.lightgbm.LightGBM", "leaves": 8}
    assert method == settings(TREES, "+baseline.method.leaves=8")["baseline"]["method"]


def test_overrides_are_split_at_the_first_equals_sign() -> None:
    assert parse(["data.path=a=b, (c)"])[0].value == "a=b, (c)"


@pytest.mark.parametrize("word", ["release", "=tiny", ""])
def test_a_word_that_is_no_override_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="is not an override"):
        parse([word])


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="seed is given twice"):
        parse(["seed=1", "seed=2"])


def test_the_task_follows_from_the_baseline() -> None:
    assert settings(RISK)["task"]["name"] == "advert_risk"


def test_values_have_their_types() -> None:
    found = settings(RISK, "seed=3", "engine.workers=2", "labels=truth")
    assert (found["seed"], found["engine"]["workers"], found["labels"]) == (3, 2, "truth")


@pytest.mark.parametrize(
    "path", ["a b", "a=b", "a,b", "(a)", "[x]", "{y}", "ملف بيانات", "it's", "${HOME}", "'q'", '"']
)
def test_a_path_is_taken_as_it_is_typed(path: str) -> None:
    found = settings(
        "baseline=advert_risk/tfidf_logreg", "data=sms_spam", f"data.path={path}", f"runs.path={path}"
    )
    assert (found["data"]["path"], found["runs"]["path"]) == (path, path)


def test_an_sql_expression_of_own_data_needs_no_quotes_of_hydra() -> None:
    expression = "CASE WHEN column_1 = 'spam' THEN 1 ELSE 0 END"
    found = settings("baseline=advert_risk/tfidf_logreg", "data=sms_spam", f"data.label={expression}")
    assert found["data"]["label"] == expression


def test_fields_that_a_data_config_leaves_out_can_be_set() -> None:
    words = ("baseline=advert_risk/tfidf_logreg", "data=sms_spam", "data.encoding=latin-1")
    found = settings(*words, "data.tables.adverts.title=column_2")
    assert found["data"]["encoding"] == "latin-1"
    assert found["data"]["tables"]["adverts"]["title"] == "column_2"


def test_files_labels_and_sql_of_further_tables_can_be_set() -> None:
    words = ("baseline=advert_risk/tfidf_logreg", "data=sms_spam", "data.sources.accounts=the accounts.csv")
    told = (
        "data.tables.accounts.language=lang",
        "data.sources.ties.sql=SELECT 'a, b' AS who FROM rows",
        "data.labels.a=column_1",
    )
    found = settings(*words, *told, "data.hidden=[leak]")["data"]
    assert found["sources"] == {
        "accounts": "the accounts.csv",
        "ties": {"sql": "SELECT 'a, b' AS who FROM rows"},
    }
    assert found["tables"]["accounts"] == {"language": "lang"}
    assert (found["labels"], found["hidden"]) == ({"a": "column_1"}, ["leak"])


def test_own_data_has_no_release() -> None:
    assert settings("baseline=advert_risk/tfidf_logreg", "data=sms_spam")["release"] is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["baseline=advert_risk/tfidf_logre"], 'Did you mean "advert_risk/tfidf_logreg"'),
        ([RISK, "sed=1"], 'Unknown setting "sed". Did you mean "seed"'),
        ([RISK, "engine.worker=2"], "engine.workers"),
        ([RISK, "release=smal"], 'Did you mean "small"'),
        ([RISK, "split=forwrd"], 'Did you mean "forward"'),
        ([RISK, "task=advert_linkage"], "contradicts baseline=advert_risk/prior"),
        ([RISK, "release=tiny", "data=sms_spam"], "exclude each other"),
        ([RISK, "seed=x"], "seed=x is wrong"),
        ([RISK, "seed=-1"], "seed=-1 is wrong"),
        ([RISK, "release.world=-1"], "release.world=-1 is wrong: input should be greater than or equal to 0"),
        ([RISK, "release.world=x"], "release.world=x is wrong: input should be a valid integer"),
        ([RISK, "release.word=1"], 'Did you mean "release.world"'),
        ([RISK, "engine.workers=0"], "engine.workers=0 is too few"),
        ([RISK, "overwrite=sometimes"], "only_missing"),
        ([RISK, "labels=[1,"], "cannot be composed"),
        ([RISK, "baseline.method.depth=1"], "Prior has no parameter of that name. It has none"),
        ([TREES, "baseline.method.leafs=1"], 'mean "baseline.method.leaves" or "baseline.method.leaf_size"?'),
        (["experiment=quickstrt"], 'Did you mean "quickstart"'),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_to_do(words: list[str], says: str) -> None:
    with pytest.raises(UsageError) as error:
        settings(*words)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_users_own_class_needs_no_config_and_takes_any_argument() -> None:
    found = settings("task=advert_risk", "baseline.method._target_=mine.Mine", "baseline.method.depth=3")
    assert found["baseline"]["name"] == "advert_risk/Mine"
    assert found["baseline"]["method"] == {"_target_": "mine.Mine", "depth": 3}


@pytest.mark.parametrize(
    ("target", "like"), [("Longest", "my_module.Longest"), ("mine.", "mine.MyMethod"), (".A", "my_module.A")]
)
def test_a_class_without_its_module_is_answered_by_how_to_write_it(target: str, like: str) -> None:
    says = rf"_target_={target} is not a class: write module.Class, such as {like}\.$"
    with pytest.raises(UsageError, match=says):
        settings("task=advert_risk", f"baseline.method._target_={target}")


def test_a_users_own_configs_are_found_whatever_their_folder_is_called(own_configs: Path) -> None:
    found = settings("baseline=advert_risk/length", "baseline.method.sign=-1", own=own_configs)
    assert found["baseline"]["method"] == {"_target_": "own_methods.Length", "sign": -1}


def test_a_baseline_that_is_named_otherwise_than_its_file_is_refused(own_configs: Path) -> None:
    path = own_configs / "baseline" / "advert_risk" / "length.yaml"
    path.rename(path.with_name("copy.yaml"))
    with pytest.raises(UsageError, match="says name: advert_risk/length"):
        settings("baseline=advert_risk/copy", own=own_configs)


@pytest.mark.parametrize("content", ["name: [a\nfoo: {\n", "a: b: c\n", "a: 'b\n", "a:\n\tb: 1\n"])
def test_a_file_whose_yaml_is_broken_is_named_with_the_place(own_configs: Path, content: str) -> None:
    for name, word in (
        ("baseline/advert_risk/bad.yaml", "baseline=advert_risk/bad"),
        ("experiment/bad.yaml", "experiment=bad"),
    ):
        path = own_configs / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        says = rf"^{re.escape(str(path))} is not readable YAML: .+ in line \d, column \d; correct it\.$"
        with pytest.raises(UsageError, match=says):
            settings(word, own=own_configs)


@pytest.mark.parametrize(
    "method", ["", "method: {}\n", "method:\n  _target_: null\n", "method:\n  depth: 1\n"]
)
def test_a_config_without_a_class_is_named_and_told_what_it_lacks(own_configs: Path, method: str) -> None:
    path = own_configs / "baseline/advert_risk/bare.yaml"
    path.write_text(f"name: advert_risk/bare\nsummary: a test\nreference: null\n{method}", encoding="utf-8")
    with pytest.raises(UsageError) as error:
        settings("baseline=advert_risk/bare", own=own_configs)
    assert str(error.value) == f"{path} names no class: write method._target_, such as my_module.MyMethod."
    words = ("baseline=advert_risk/bare", "baseline.method._target_=own_methods.Length")
    assert settings(*words, own=own_configs)["baseline"]["method"]["_target_"] == "own_methods.Length"


def test_a_config_dir_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        config_folders(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", ["baseline/advert_risk/prior.yaml", "task/advert_risk.yaml", "config.yaml"])
def test_a_users_file_with_the_name_of_a_shipped_one_is_refused_unless_it_says_the_same(
    own_configs: Path, name: str
) -> None:
    shipped, own = config_folder() / name, own_configs / name
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_bytes(shipped.read_bytes())
    assert config_folders(str(own_configs))[-1] == own_configs
    own.write_text("name: mine\n", encoding="utf-8")
    says = f"{own} has the name of {shipped}, which would be taken instead: rename yours."
    with pytest.raises(UsageError, match=f"^{re.escape(says)}$"):
        config_folders(str(own_configs))


def test_the_config_of_tipbench_is_found() -> None:
    assert (config_folder() / "config.yaml").is_file()


def test_every_release_of_the_configs_is_one_that_the_data_has() -> None:
    for size in composer().options["release"]:
        release = settings(RISK, f"release={size}")["release"]
        assert release["size"] == size
        assert size in sizes()
        assert release["version"] == newest_released()
        assert release["world"] == 0


def test_a_release_without_a_version_is_of_the_newest_released_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for version, status in {"0.8.0": "released", "0.9.0": "draft"}.items():
        monkeypatch.setitem(versions(), version, {**versions()["0.4.0"], "status": status})
    for words in ((), ("release=small",), ("release.version=null",)):
        assert settings(RISK, *words)["release"]["version"] == "0.8.0"
    assert settings(RISK, "release.version=0.9.0")["release"]["version"] == "0.9.0"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("0.4.0/small", {"version": "0.4.0", "size": "small", "world": 0}),
        ("0.4.0/small.w3", {"version": "0.4.0", "size": "small", "world": 3}),
        ("tiny.w12", {"version": newest_released(), "size": "tiny", "world": 12}),
    ],
)
def test_a_release_can_be_named_by_version_size_and_world(name: str, said: dict[str, object]) -> None:
    release = settings(RISK, f"release={name}")["release"]
    assert {key: release[key] for key in said} == said


def test_every_size_has_a_config() -> None:
    assert set(composer().options["release"]) == set(sizes())


def test_nothing_of_omegaconf_leaves_the_composer() -> None:
    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return type(value) is dict and all(plain(inner) for inner in value.values())
        if isinstance(value, list):
            return type(value) is list and all(plain(inner) for inner in value)
        return value is None or type(value) in (str, int, float, bool)

    assert plain(settings("experiment=quickstart"))


def test_the_config_of_a_baseline_that_the_guide_shows_is_valid(tmp_path: Path) -> None:
    guide = (config_folder().parent / "docs" / "guide.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    (block,) = [one for one in blocks if "_target_" in one]
    path = tmp_path / "baseline/advert_risk/longest.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(block, encoding="utf-8")
    found = settings("baseline=advert_risk/longest", own=tmp_path)["baseline"]
    assert (found["name"], found["method"]["_target_"]) == ("advert_risk/longest", "my_module.Longest")
    assert "advert_risk/longest" not in guide.partition("## 2.")[0]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("runs=x", "runs=x is wrong: it has keys of its own; give runs.path=x."),
        ("figure=x", "figure=x is wrong: it has keys of its own; give figure.path=x."),
        ("limits=3", "limits=3 is wrong: it has keys of its own; give them, such as limits.KEY=VALUE."),
        (
            "baseline.method=1",
            "baseline.method=1 is wrong: it has keys of its own; give them, such as baseline.method.KEY=VALUE.",
        ),
        (
            "+baseline.method.c.d=1",
            "baseline.method.c.d: baseline.method.c is 10.0 and has no keys: give baseline.method.c=VALUE.",
        ),
        (f"seed={10**20}", f"seed={10**20} is wrong: input should be less than 2147483648."),
        (
            "replicates=1000000000",
            "replicates=1000000000 is wrong: input should be less than or equal to 100000.",
        ),
    ],
)
def test_a_value_that_nothing_can_be_done_with_is_refused_in_a_sentence(word: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        settings("baseline=advert_risk/tfidf_logreg", word)
    assert str(refused.value) == said


def test_a_seed_of_a_sweep_is_bounded_as_one_alone_is() -> None:
    with pytest.raises(UsageError, match="is too large: give whole numbers below 2147483648"):
        sweep(composer(RISK, f"seed=0,{10**20}"), lambda task, settings: ["forward"])
