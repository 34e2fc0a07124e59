"""``tipbench docs`` finds the documents that came with the installation."""

import json
import re
from pathlib import Path

import pytest
from tipbench import cli
from tipbench.commands.docs import documents
from tipdata.documents.project_files import project_file

WHEEL = re.compile(r'^"([^"]+)" = "tipdata/shipped/([^"]+)"$', re.MULTILINE)


def test_the_list_names_the_folder_and_every_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs"]) == 0
    said = capsys.readouterr().out
    assert str(project_file()) in said
    for page in ("README", "ethics", "tasks/advert_risk", "course/README", "datasets/cards/adverts"):
        assert re.search(rf"^ *{page} ", said, re.MULTILINE), page
    assert cli.main(["docs", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {page["page"] for page in told["pages"]} == set(documents())
    assert all(page["title"] for page in told["pages"])


@pytest.mark.parametrize("word", ["ethics", "ethics.md", "docs/ethics.md"])
def test_a_page_is_printed_by_any_of_its_names(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs", word]) == 0
    assert (
        capsys.readouterr().out.strip() == project_file("docs/ethics.md").read_text(encoding="utf-8").strip()
    )


def test_two_pages_of_one_name_are_both_there() -> None:
    assert documents()["README"] == project_file("README.md")
    assert documents()["docs/README"] == project_file("docs/README.md")


def test_a_page_that_does_not_exist_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs", "ethic"]) == 2
    assert "there is no page ethic: did you mean ethics?" in capsys.readouterr().err


def test_the_wheel_holds_each_document_where_it_is_looked_for() -> None:
    """The command looks below one folder: links between pages lead to each other there as in the repository."""
    root = Path(__file__).parents[3]
    held = dict(WHEEL.findall((root / "pyproject.toml").read_text(encoding="utf-8")))
    assert all(source == place and (root / source).exists() for source, place in held.items())
    for path in documents().values():
        name = path.relative_to(project_file()).as_posix()
        assert any(name == source or name.startswith(f"{source}/") for source in held), name
