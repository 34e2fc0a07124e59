"""How pages are gathered, and that the check of a built site finds what is wrong with one."""

import re
import sys
from pathlib import Path, PurePosixPath

import pytest
import yaml
from tipbench.tasks import tasks
from tipdata.stages import all_tables
from tipdocs.mirror import LINK, ROOT, expand, linked, pages, resolved
from tipdocs.tasks_page import tasks_overview


def test_every_document_is_a_page() -> None:
    found = pages()
    assert {"README.md", "docs/guide.md", "docs/start/lecturer.md", "docs/tasks/prevalence.md"} <= set(found)
    assert {f"datasets/cards/{table}.md" for table in all_tables()} <= set(found)
    assert not [path for path in found if path.startswith("docs/site/")]


def test_files_that_pages_link_to_come_along() -> None:
    found = set(linked(pages()))
    assert {"docs/architecture.svg", "docs/schema.svg", "docs/submission.schema.json"} <= found
    assert {"docs/figures/board.svg", "docs/figures/story-night.svg"} <= found


def test_a_link_to_a_folder_leads_to_its_readme() -> None:
    there = {"docs/tasks/README.md"}
    text = "[all](docs/tasks) and [one](docs/tasks/x.md#a), [far](https://docs/tasks)"
    expected = text.replace("(docs/tasks)", "(docs/tasks/README.md)")
    assert resolved(text, PurePosixPath("README.md"), there) == expected


def test_a_star_of_the_navigation_stands_for_the_pages_of_a_folder() -> None:
    nav = expand([{"Tasks": "docs/tasks/*"}, {"More": [{"One": "docs/guide.md"}]}], ("docs/tasks/README.md",))
    assert nav[0]["Tasks"][0] == "docs/tasks/README.md"
    assert set(nav[0]["Tasks"][1:]) == {f"docs/tasks/{task}.md" for task in tasks()}
    assert nav[1] == {"More": [{"One": "docs/guide.md"}]}


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = yaml.safe_load(text[text.index("\nnav:") : text.index("\ntheme:")])["nav"]
    listed = re.findall(r"[\w/.-]+\.md", str(expand(nav, ())))
    assert sorted(listed) == pages()


def test_the_overview_of_tasks_asks_each_ones_question() -> None:
    text = tasks_overview()
    for name, task in tasks().items():
        assert f"[{name}]({name}.md) | {task.question}" in text


def test_the_documents_index_has_every_document() -> None:
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / link).resolve() for link in LINK.findall(index.read_text(encoding="utf-8"))}
    pages_of = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages_of <= {path.name for path in named} | {"README.md"}


FILE = re.compile(r"\[`?((?:docs|datasets|tests)/\S*|\S+\.(?:md|svg|cff)|[A-Z-]{6,})`?\]\(")
"""A link whose text is the path of a file."""


def test_links_say_in_words_what_is_behind_them() -> None:
    assert FILE.search("read [docs/ethics.md](docs/ethics.md)")
    assert not FILE.search("read [ethics](docs/ethics.md), [advert_risk](docs/tasks/advert_risk.md)")
    texts = {path: (ROOT / path).read_text(encoding="utf-8") for path in pages() if path != "CHANGELOG.md"}
    assert {path: found for path, text in texts.items() if (found := FILE.findall(text))} == {}


PAGE = '<html><body id="top"><a href="b.html#there">b</a>{}</body></html>'


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ('<img src="https://elsewhere.example/x.png">', "asks for https://elsewhere.example/x.png"),
        ('<script src="//elsewhere.example/x.js"></script>', "asks for //elsewhere.example/x.js"),
        ('<a href="c.html">c</a>', "c.html leads nowhere"),
        ('<a href="b.html#nowhere">b</a>', "b.html#nowhere has no such place"),
        ('<img src="missing.svg">', "missing.svg leads nowhere"),
    ],
)
def test_the_check_of_a_site_finds_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], planted: str, said: str
) -> None:
    sys.modules.pop("check", None)
    from check import main

    other = '<p id="there"><a href="https://doi.example/1">a link is fine</a></p>'
    (tmp_path / "b.html").write_text(other, encoding="utf-8")
    (tmp_path / "a.html").write_text(PAGE.format(""), encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    (tmp_path / "a.html").write_text(PAGE.format(planted), encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert said in capsys.readouterr().out


def test_the_check_asks_for_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from check import main

    assert main([str(tmp_path / "none")]) == 2
    assert "Give the folder of a built site" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 1
    assert "the site has no pages" in capsys.readouterr().out
