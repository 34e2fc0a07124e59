"""What stands on pages: titles, links, units, and a sentence where there is nothing to show."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import tipbench
from stored_results import write_results
from tipbench.tasks import tasks
from tipboard.board.collection import to_bytes
from tipboard.board.entries import reference_entries
from tipboard.board.forest import draw, forest_of
from tipboard.board.page import render
from tipboard.board.tables import OPEN_PRACTICE
from tipboard.site.build import NOWHERE, build, write
from tipboard.site.pages import PICTURE, Publication, read_publication
from tipboard.site.sizes import Size, read_sizes, size_of
from tipboard.site.task_page import task_page
from tipboard.submissions.storage import CONFIG
from tipcore.errors import UsageError

REPOSITORY = Path(tipbench.__file__).parents[2]
A, B = "advert_risk/prior", "advert_risk/tfidf_logreg"
PUBLISHED = Publication(
    repository="https://code.example/t",
    documents="https://code.example/t/main/",
    address="https://board.example/x/",
)


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


@pytest.fixture(scope="module")
def sizes(made_board: Path) -> list[Size]:
    return read_sizes(made_board)


@pytest.fixture(scope="module")
def published(sizes: list[Size], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the made-up results, with declared addresses."""
    to = tmp_path_factory.mktemp("published") / "site"
    write(sizes, to, quiet=True, publication=PUBLISHED)
    return to


def head(page: str) -> dict[str, str]:
    """The title and every meta of a page."""
    found = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page))
    title = page.partition("<title>")[2].partition("</title>")[0]
    return {name: html.unescape(value) for name, value in {**found, "title": title}.items()}


def test_every_page_has_a_title_and_a_description_of_its_own_and_a_card(
    result: Callable, site: Callable, submission: Callable
) -> None:
    made = site(*reference_entries([result(A), result(B)], []), submission([result(A)], method='"><b>'))
    heads = [head(path.read_text(encoding="utf-8")) for path in made.rglob("*.html")]
    assert len({one["title"] for one in heads}) == len({one["description"] for one in heads}) == len(heads)
    for one in heads:
        assert one["title"] == f"{one['og:title']} · tipbench board"
        assert one["og:description"] == one["description"]
        assert 40 < len(one["description"]) < 320
        assert "og:image" not in one


def test_a_card_has_the_picture_of_the_board_where_its_address_is_known(
    result: Callable, site: Callable, tmp_path: Path
) -> None:
    (tmp_path / PICTURE).write_bytes(b"a picture")
    for address, prefix in (("https://board.example/x/", "https://board.example/x/"), ("", "../../")):
        published = Publication(address=address, picture=tmp_path / PICTURE)
        made = site(*reference_entries([result(A)], []), publication=published)
        page = head((made / "tiny/tasks/advert_risk.html").read_text(encoding="utf-8"))
        assert page["og:image"] == f"{prefix}{PICTURE}"
        assert page.get("og:url", "") == (f"{address}tiny/tasks/advert_risk.html" if address else "")
        assert (made / PICTURE).read_bytes() == b"a picture"


def test_addresses_that_are_declared_are_links_and_others_are_said_to_be_missing(
    result: Callable, site: Callable
) -> None:
    config = {"baseline": {"method": {"_target_": "tipbaselines.advert_risk.prior.Prior"}}}
    entries = reference_entries([result(A, config=config)], [])
    declared, bare = site(*entries, name="known", publication=PUBLISHED), site(*entries)
    for page, links in (
        ("index.html", {"https://code.example/t", "https://code.example/t/main/CITATION.cff"}),
        ("tiny/tasks/advert_risk.html", {"https://code.example/t/main/docs/tasks/advert_risk.md"}),
        (
            "tiny/methods/tipbench--prior.html",
            {"https://code.example/t/main/baselines/tipbaselines/advert_risk/prior.py"},
        ),
        ("about.html", {"https://code.example/t/main/docs/board.md"}),
    ):
        known = (declared / page).read_text(encoding="utf-8")
        assert links <= set(re.findall(r'href="(https://[^"]+)"', known)), page
        unknown = (bare / page).read_text(encoding="utf-8")
        assert "https://" not in unknown, page
        assert "address of the repository is not declared on this board" in text_of(unknown), page


@pytest.mark.parametrize(
    ("documentation", "begins"),
    [("https://docs.example/t/", "https://docs.example/t/"), ("../documents", "{root}../documents/")],
)
def test_documents_are_pages_of_the_documentation_where_it_is_declared(
    result: Callable, site: Callable, documentation: str, begins: str
) -> None:
    made = site(*reference_entries([result(A)], []), publication=Publication(documentation=documentation))
    for page, root, document in (
        ("index.html", "", "docs/index.html"),
        ("about.html", "", "docs/board.html"),
        ("tiny/tasks/advert_risk.html", "../../", "docs/tasks/advert_risk.html"),
        ("tiny/tasks/advert_risk.html", "../../", "docs/board.html"),
    ):
        links = re.findall(r'href="([^"]+)"', (made / page).read_text(encoding="utf-8"))
        assert begins.format(root=root) + document in links, (page, document)
        assert not [link for link in links if re.search(r"\.(cff|py)$|docs.*\.md|\.md.*docs", link)]


def test_links_lead_to_files_that_the_repository_has(published: Path) -> None:
    seen = 0
    for path in published.rglob("*.html"):
        for file in re.findall(
            r'href="https://code.example/t/main/([^"]+)"', path.read_text(encoding="utf-8")
        ):
            assert (REPOSITORY / file).is_file(), (path.name, file)
            seen += 1
    assert seen > 100


def test_the_addresses_of_a_board_come_from_its_config_and_none_is_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipboard.site.pages._repository", lambda: "")
    assert read_publication(tmp_path) == NOWHERE
    (tmp_path / CONFIG).write_text("site: {repository: 'https://code.example/t'}", encoding="utf-8")
    (tmp_path / PICTURE).write_bytes(b"")
    assert read_publication(tmp_path) == Publication(
        repository="https://code.example/t", picture=tmp_path / PICTURE
    )


def test_the_repository_is_taken_from_the_metadata_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    from email.message import Message

    def declared(*lines: str) -> str:
        found = Message()
        for line in lines:
            found["Project-URL"] = line
        monkeypatch.setattr("tipboard.site.pages.metadata", lambda _: found)
        return read_publication(Path("nowhere")).repository

    assert declared() == ""
    assert (
        declared("Homepage, https://home.example", "Repository, https://Code.example/T")
        == "https://Code.example/T"
    )
    assert (
        declared("Source Code, javascript:alert(1)", "Homepage, https://home.example")
        == "https://home.example"
    )


def test_every_column_and_axis_says_its_unit_and_every_task_that_nothing_is_ranked(sizes: list[Size]) -> None:
    [size] = sizes
    own = {"CPU s", "MiB", "wall s"}
    for lines in size.usual:
        page, task = task_page(size, lines, NOWHERE), lines[0]["task"]
        for view in page.views:
            for column in view.columns:
                assert column.unit or not column.number or column.title in own, (view.id, column.name)
        for figure in page.figures:
            assert figure.drawing is not None
            words = " ".join(mark.text or "" for mark in figure.drawing.marks)
            assert re.search(r"\((0 to 1|log ratio)|access tier", words), (task, figure.id)
        assert OPEN_PRACTICE in text_of(page.html)


def test_titles_stand_beside_identifiers(published: Path) -> None:
    index = text_of((published / "index.html").read_text(encoding="utf-8"))
    for task in tasks().values():
        page = (published / f"small/tasks/{task.name}.html").read_text(encoding="utf-8")
        [heading] = re.findall("<h1>(.*)</h1>", page)
        assert text_of(heading) == f"{task.title} {task.name}"
        assert f"{task.title} {task.name}" in index


def test_no_figure_compares_scores_of_different_tasks(published: Path) -> None:
    assert list((published / "figures").glob("*.svg")) == []
    assert "Detection against intrusion" not in (published / "index.html").read_text(encoding="utf-8")


def test_a_page_without_data_says_so_in_a_sentence(result: Callable, site: Callable) -> None:
    made = site(
        *reference_entries([result(A, score=None, scores={"average_precision": {"value": None}})], [])
    )
    task = text_of((made / "tiny/tasks/advert_risk.html").read_text(encoding="utf-8"))
    for said in (
        "No method has a score on this split, so that there is nothing to draw.",
        "Fewer than two methods of this task have a harm gap",
    ):
        assert said in task
    assert "No method has a score." in text_of((made / "index.html").read_text(encoding="utf-8"))
    method = text_of((made / "tiny/methods/tipbench--prior.html").read_text(encoding="utf-8"))
    assert "This method has no scores on shifted splits or by group, so that nothing is drawn." in method


def test_results_that_hold_nothing_or_what_is_not_known_are_refused_in_one_sentence(
    result: Callable, tmp_path: Path
) -> None:
    folder = tmp_path / "results/0.5.0/tiny"
    folder.mkdir(parents=True)
    with pytest.raises(UsageError, match=r"0\.5\.0.tiny holds no result: keep some with"):
        build(tmp_path / "results", tmp_path / "site")
    for change in ({"primary": "nonsense"}, {"task": "advert_riks"}, {"primary": "auroc"}):
        write_results(folder / "reference", [result(A, **change)])
        (folder / "reference/draws.parquet").write_bytes(to_bytes([]))
        with pytest.raises(
            UsageError, match=r"which this tipbench does not know: run it again, or remove it"
        ):
            build(tmp_path / "results", tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_figure_of_nothing_is_refused_in_one_sentence(
    result: Callable, board: Callable, tmp_path: Path
) -> None:
    shown = board(result(A, score=None))
    with pytest.raises(UsageError, match=r"no method has a score, so that"):
        draw([forest_of(one) for one in size_of(shown).standings], shown.data, tmp_path / "board.svg")
    assert "advert_risk" in render(shown, "board.svg")
