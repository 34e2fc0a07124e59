"""The site's pages and files, without a browser."""

import csv
import html
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tipbench.pages.safe import https, visible
from tipboard.board.columns import COLUMNS
from tipboard.board.entries import reference_entries
from tipboard.board.files import Board
from tipboard.site.build import MARKER, build, write
from tipboard.site.sizes import size_of
from tipboard.site.tables import page_id
from tipcore.errors import UsageError

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
A, B = "advert_risk/prior", "advert_risk/tfidf_logreg"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pages(folder: Path) -> dict[str, str]:
    return {name: content.decode() for name, content in files(folder).items() if name.endswith(".html")}


def test_there_is_a_page_a_task_and_a_page_a_method(
    result: Callable, site: Callable, submission: Callable
) -> None:
    made = site(*reference_entries([result(A), result(B)], []), submission([result("advert_risk/stacker")]))
    assert set(pages(made)) == {
        "index.html",
        "about.html",
        "tiny/tasks/advert_risk.html",
        "tiny/methods/tipbench--prior.html",
        "tiny/methods/tipbench--tfidf_logreg.html",
        "tiny/methods/north--stacker.html",
    }


def test_every_link_and_download_leads_to_a_file(
    result: Callable, site: Callable, submission: Callable
) -> None:
    made = site(*reference_entries([result(A), result(A, "random"), result(B)], []), submission([result(A)]))
    seen = 0
    for name, text in pages(made).items():
        assert text.count(" download>") >= 4 or name == "about.html", name
        for address in re.findall(r'(?:href|src)="([^"#]+)"', text):
            if not address.startswith("https://"):
                assert (made / name).parent.joinpath(address).resolve().is_file(), (name, address)
                seen += 1
    assert seen > 50


def test_the_same_results_give_the_same_bytes(result: Callable, site: Callable, submission: Callable) -> None:
    entries = [*reference_entries([result(A), result(B)], []), submission([result(A)])]
    assert files(site(*entries)) == files(site(*entries, name="again"))


def test_pages_name_no_address_but_those_of_authors(
    result: Callable, site: Callable, submission: Callable
) -> None:
    made = site(*reference_entries([result(A)], []), submission([result(A)]))
    for name, text in pages(made).items():
        found = set(re.findall(r"(?:https?:)?//[^\s\"'<]+", text)) - {"https://papers.example/1"}
        assert not found, name
        assert "default-src 'none'" in html.unescape(text), name
        assert " style=" not in text, name
        assert not re.search(r"\son\w+=", text), name


def test_text_of_entries_is_shown_and_never_is_markup(
    result: Callable, site: Callable, submission: Callable
) -> None:
    hostile = submission(
        [result(A)], team=SCRIPT, method="</title><b>", title=SCRIPT, summary="a\u202eb" + SCRIPT,
        paper="javascript:alert(1)", code="https://evil.example/\"onclick=alert(1)", hardware="</dl>",
    )  # fmt: skip
    made = site(*reference_entries([result(A)], []), hostile)
    for name, content in files(made).items():
        if name.endswith((".html", ".svg")):
            text = content.decode()
            assert not re.search(r"<(script>|img|b>)|\u202e|javascript:", text), name
    page = (made / f"tiny/methods/{page_id(hostile.id)}.html").read_text(encoding="utf-8")
    assert SCRIPT in html.unescape(re.sub("<wbr>", "", page))
    assert "a\ufffdb" in page
    assert "evil.example" not in page


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://papers.example/1?a=b", True),
        ("http://papers.example/", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//papers.example", False),
        ("https://", False),
        ("https://user@papers.example/", False),
        ("https://papers.example/a b", False),
        ("https://papers.example/\u202e", False),
        ("\thttps://papers.example/", False),
        ("https://[", False),
        (None, False),
    ],
)
def test_only_plain_https_addresses_are_links(address: str | None, kept: bool) -> None:
    assert https(address) == (address if kept else None)


def test_what_cannot_be_seen_is_shown_as_a_sign_and_other_scripts_stay() -> None:
    assert visible("a\u202e\u2066\u200f\x00\ue000\u2028b") == "a" + "\ufffd" * 6 + "b"
    assert visible("می‌خواهم ملف é 中\n") == "می‌خواهم ملف é 中\n"


def test_only_slugs_are_names_of_pages(result: Callable, submission: Callable) -> None:
    assert page_id(submission([]).id) == "north--stacker"
    for team in ("../..", "North", "a b", "", "é", "a" * 200):
        assert re.fullmatch(r"entry-[0-9a-f]{16}", page_id(submission([], team=team).id))


def test_files_are_unrounded_and_no_text_of_csv_is_a_formula(
    result: Callable, site: Callable, submission: Callable
) -> None:
    value = 0.123456789012345
    scores = {"average_precision": {"value": value, "note": "=HYPERLINK(1)"}, "@x": {"value": -0.5}}
    made = site(submission([result(A, scores=scores)]))
    frame = pl.read_parquet(made / "data/tiny/methods-scores.parquet")
    assert frame["value"].to_list() == [value, -0.5]
    assert frame["note"].to_list() == ["=HYPERLINK(1)", None]
    with zipfile.ZipFile(made / "data/tiny/methods-scores.csv.zip") as packed:
        rows = list(csv.DictReader(packed.read("methods-scores.csv").decode().splitlines()))
    assert [row["value"] for row in rows] == [str(value), "-0.5"]
    assert [row["note"] for row in rows] == ["'=HYPERLINK(1)", ""]
    assert [row["metric"] for row in rows] == ["average_precision", "'@x"]


def test_uploaded_numbers_stand_beside_reproduced_ones(
    result: Callable, site: Callable, submission: Callable
) -> None:
    entry = submission([result(A, score=0.4)], [result(A, score=0.7, verified=False)])
    made = site(entry)
    frame = pl.read_parquet(made / "data/tiny/methods-uploaded.parquet")
    first = frame.row(0, named=True)
    assert (first["metric"], first["uploaded"], first["reproduced"]) == ("average_precision", 0.7, 0.4)
    assert "Uploaded and reproduced" in pages(made)["tiny/methods/north--stacker.html"]


def test_every_column_is_explained(result: Callable, site: Callable, submission: Callable) -> None:
    said = html.unescape((site(submission([result(A)])) / "about.html").read_text(encoding="utf-8"))
    for column in COLUMNS:
        assert column.about in said


def test_a_folder_that_is_no_site_is_refused_and_stays(made_board: Path, tmp_path: Path) -> None:
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(UsageError, match="was not made by `tipbench board build`"):
        build(made_board, other)
    with pytest.raises(UsageError, match="was not made by"):
        build(made_board, other / "thesis.txt")
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_and_an_earlier_site_are_replaced(
    result: Callable, site: Callable, tmp_path: Path, submission: Callable
) -> None:
    (tmp_path / "site").mkdir()
    made = site(submission([result(A)]), submission([result(A)], method="old"))
    assert (made / MARKER).is_file()
    again = site(submission([result(A)]))
    assert again == made
    assert not (made / "tiny/methods/north--old.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_self_reported_entries_are_told_from_reproduced_ones(
    result: Callable, site: Callable, submission: Callable
) -> None:
    for verified, status in ((True, "reproduced"), (False, "self-reported")):
        made = site(submission([result(A, verified=verified)]))
        assert f'<p class="status">{status}</p>' in pages(made)["tiny/methods/north--stacker.html"]


def test_every_size_has_its_pages_and_the_index_has_the_lines_of_all(
    result: Callable, tmp_path: Path
) -> None:
    of_small = [result(method, data="0.5.0/small") for method in (A, B)]
    small = Board("0.5.0/small", reference_entries(of_small, []))
    tiny = Board("0.5.0/tiny", reference_entries([result(A)], []))
    made = tmp_path / "site"
    write([size_of(small), size_of(tiny)], made, quiet=True)
    found = pages(made)
    assert {f"{size}/methods/tipbench--prior.html" for size in ("small", "tiny")} < set(found)
    assert "tiny/methods/tipbench--tfidf_logreg.html" not in found
    index = found["index.html"]
    for size in ("small", "tiny"):
        assert f'href="{size}/tasks/advert_risk.html"' in index
    assert 'data-key="size" data-words>' in index
    assert pl.read_parquet(made / "data/overall.parquet")["size"].to_list() == ["small", "small", "tiny"]


def test_a_gap_that_was_not_earned_is_read_and_sorts_as_nothing_and_what_was_not_measured_says_so(
    result: Callable, site: Callable
) -> None:
    silent = {"average_precision": {"value": 0.05}, "harm_gap": {"value": None, "note": "no finds"}}
    made = site(*reference_entries([result(A, scores=silent), result(B)], []))
    page = pages(made)["tiny/tasks/advert_risk.html"]
    assert '<td data-v="" title="no finds">no finds<' in page
    assert '<td title="not measured when this was run">-<' in page
    assert 'data-key="accusations_per_find_20"' in page
    assert 'data-key="coverage"' not in page
