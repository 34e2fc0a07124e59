from collections.abc import Callable
from pathlib import Path

import pytest
from tipbench.config.options import check_option, describe_option, nearest, options, suggestion
from tipcore.errors import UsageError

KNOWN = [
    "advert_risk/tfidf_logreg",
    "advert_risk/prior",
    "advert_risk/oracle",
    "advert_authorship/tfidf_cosine",
]


def test_a_misspelt_baseline_is_nearest_to_itself_and_not_to_its_siblings() -> None:
    assert nearest("advert_risk/tfidf_logre", KNOWN) == ["advert_risk/tfidf_logreg"]


def test_a_baseline_without_its_task_is_found() -> None:
    assert nearest("tfidf_logreg", KNOWN)[0] == "advert_risk/tfidf_logreg"


def test_a_misspelt_task_of_a_baseline_is_found() -> None:
    assert nearest("advert_rsk/prior", KNOWN)[0] == "advert_risk/prior"


def test_what_is_like_nothing_gets_the_whole_list_when_it_is_short() -> None:
    assert suggestion("qqq", ["tiny", "small"]) == "Choose one of tiny, small."


def test_a_later_folder_adds_options_and_replaces_files(tmp_path: Path) -> None:
    for folder, names in (("a", ["x/one", "x/two"]), ("b", ["x/two", "x/three"])):
        for name in names:
            path = tmp_path / folder / "baseline" / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("name: x\n", encoding="utf-8")
    found = options([tmp_path / "a", tmp_path / "b"])["baseline"]
    assert list(found) == ["x/one", "x/three", "x/two"]
    assert found["x/two"] == tmp_path / "b" / "baseline" / "x" / "two.yaml"


def test_an_option_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r'release=tny does not exist\. Did you mean "tiny"\?'):
        check_option("release", "tny", {"release": {"tiny": Path("tiny.yaml")}})


def test_the_first_comment_describes_a_file_without_a_summary(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("# @package _global_\n# What it is for.\n# more\ngrid: null\n", encoding="utf-8")
    assert describe_option(path)["summary"] == "What it is for."


def test_unreadable_yaml_is_a_usage_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: [1,\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"x\.yaml"):
        describe_option(path)


def test_a_fifo_or_bytes_that_are_no_text_are_refused(tmp_path: Path, fifo: Callable[[Path], None]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"mine\.yaml cannot be read: it is not UTF-8"):
        describe_option(path)
    fifo(path)
    with pytest.raises(UsageError, match=r"mine\.yaml cannot be read: it is not a regular file"):
        describe_option(path)
