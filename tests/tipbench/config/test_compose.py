import re
from dataclasses import replace
from functools import reduce
from operator import getitem
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


SHIPPED = Composer(config_folders(None))
"""Keeps what Hydra composed: half of the time of these tests."""


def composer(*words: str, own: Path | None = None) -> Composer:
    return replace(Composer(config_folders(str(own))) if own else SHIPPED, typed=parse(words))


def settings(*words: str, own: Path | None = None) -> dict[str, Any]:
    return composer(*words, own=own).settings().model_dump()


SPAM = ("baseline=advert_risk/tfidf_logreg", "data=sms_spam")
TARGET = "baseline.method._target_"
LABEL = "CASE WHEN column_1 = 'spam' THEN 1 ELSE 0 END"
LEAVES = {"_target_": "tipbaselines.advert_risk.lightgbm.LightGBM", "leaves": 8}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([RISK], {"task.name": "advert_risk"}),
        (
            [RISK, "seed=3", "engine.workers=2", "labels=truth"],
            {"seed": 3, "engine.workers": 2, "labels": "truth"},
        ),
        ([TREES, "baseline.method.leaves=8"], {"baseline.method": LEAVES}),
        ([TREES, "+baseline.method.leaves=8"], {"baseline.method": LEAVES}),
        (
            [RISK, "release=0.5.0/small"],
            {"release.version": "0.5.0", "release.size": "small", "release.world": 0},
        ),
        ([RISK, "release=0.5.0/small.w3"], {"release.version": "0.5.0", "release.world": 3}),
        ([RISK, "release=tiny.w12"], {"release.version": newest_released(), "release.world": 12}),
        ([*SPAM], {"release": None}),
        ([*SPAM, f"data.label={LABEL}"], {"data.label": LABEL}),
        ([*SPAM, "data.encoding=latin-1"], {"data.encoding": "latin-1"}),
        ([*SPAM, "data.tables.adverts.title=column_2"], {"data.tables.adverts.title": "column_2"}),
        (
            [*SPAM, "data.sources.accounts=the accounts.csv"],
            {"data.sources": {"accounts": "the accounts.csv"}},
        ),
        ([*SPAM, "data.tables.accounts.language=lang"], {"data.tables.accounts": {"language": "lang"}}),
        (
            [*SPAM, "data.sources.ties.sql=SELECT 'a, b' FROM x"],
            {"data.sources.ties.sql": "SELECT 'a, b' FROM x"},
        ),
        ([*SPAM, "data.labels.a=column_1"], {"data.labels": {"a": "column_1"}}),
        ([*SPAM, "data.hidden=[leak]"], {"data.hidden": ["leak"]}),
        (
            ["task=advert_risk", f"{TARGET}=mine.Mine", "baseline.method.depth=3"],
            {"baseline.name": "advert_risk/Mine", "baseline.method": {"_target_": "mine.Mine", "depth": 3}},
        ),
    ],
)
def test_words_become_settings(words: list[str], expected: dict[str, Any]) -> None:
    found = settings(*words)
    for key, value in expected.items():
        assert reduce(getitem, key.split("."), found) == value


@pytest.mark.parametrize(
    "path", ["a b", "a=b", "a,b", "(a)", "[x]", "{y}", "ملف بيانات", "it's", "${HOME}", "'q'", '"']
)
def test_a_path_is_taken_as_it_is_typed(path: str) -> None:
    found = settings(*SPAM, f"data.path={path}", f"runs.path={path}")
    assert (found["data"]["path"], found["runs"]["path"]) == (path, path)


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
        ([RISK, "release.world=-1"], "release.world=-1 is wrong: it must be 0 or more."),
        ([RISK, "release.world=x"], "release.world=x is wrong: it must be a whole number, 0 or more."),
        ([RISK, "release.word=1"], 'Did you mean "release.world"'),
        ([RISK, "engine.workers=0"], "engine.workers=0 is too few"),
        ([RISK, "overwrite=sometimes"], "only_missing"),
        ([RISK, "labels=[1,"], "cannot be composed"),
        ([RISK, "baseline.method.depth=1"], "Prior has no parameter of that name. It has none"),
        ([TREES, "baseline.method.leafs=1"], 'mean "baseline.method.leaves" or "baseline.method.leaf_size"?'),
        (["experiment=quickstrt"], 'Did you mean "quickstart"'),
        *(([word], "is not an override") for word in ("release", "=tiny", "")),
        (["seed=1", "seed=2"], "seed is given twice: keep one of seed=1 and seed=2."),
        ([RISK, "runs=x"], "runs=x is wrong: it has keys of its own; give runs.path=x."),
        ([RISK, "figure=x"], "figure=x is wrong: it has keys of its own; give figure.path=x."),
        (
            [RISK, "limits=3"],
            "limits=3 is wrong: it has keys of its own; give them, such as limits.KEY=VALUE.",
        ),
        (
            [RISK, "baseline.method=1"],
            "baseline.method=1 is wrong: it has keys of its own; give them, such as baseline.method.KEY=VALUE.",
        ),
        (
            ["baseline=advert_risk/tfidf_logreg", "+baseline.method.c.d=1"],
            "baseline.method.c.d: baseline.method.c is 10.0 and has no keys: give baseline.method.c=VALUE.",
        ),
        ([RISK, f"seed={10**20}"], f"seed={10**20} is wrong: it must be 0 or more and less than 2147483648."),
        ([RISK, "replicates=1000000000"], "is wrong: it must be 0 or more and 100000 or less."),
        *(
            ([f"{TARGET}={target}"], f"{target} is not a class: write module.Class, such as {like}.")
            for target, like in (
                ("Longest", "my_module.Longest"),
                ("mine.", "mine.MyMethod"),
                (".A", "my_module.A"),
            )
        ),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_to_do(words: list[str], says: str) -> None:
    with pytest.raises(UsageError) as error:
        settings(*words)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


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


def test_every_release_of_the_configs_is_one_that_the_data_has() -> None:
    assert set(composer().options["release"]) == set(sizes())
    for size in sizes():
        release = settings(RISK, f"release={size}")["release"]
        assert (release["size"], release["version"], release["world"]) == (size, newest_released(), 0)


def test_a_release_without_a_version_is_of_the_newest_released_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for version, status in {"0.8.0": "released", "0.9.0": "draft"}.items():
        monkeypatch.setitem(versions(), version, {**versions()["0.5.0"], "status": status})
    for words in ((), ("release=small",), ("release.version=null",)):
        assert settings(RISK, *words)["release"]["version"] == "0.8.0"
    assert settings(RISK, "release.version=0.9.0")["release"]["version"] == "0.9.0"


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


def test_a_seed_of_a_sweep_is_bounded_as_one_alone_is() -> None:
    with pytest.raises(UsageError, match="is too large: give whole numbers below 2147483648"):
        sweep(composer(RISK, f"seed=0,{10**20}"), lambda task, settings: ["forward"])
