"""The pages of a release, without a browser: what is there, links, safety of text, the same bytes."""

import html
import re
from pathlib import Path

import polars as pl
import pytest
import yaml
from tipbench.browse import build
from tipbench.browse.build import MARKER, MOST_ROWS, browse
from tipbench.browse.site import MOST_REGIONS, about_of, facts, first_regions
from tipbench.data.releases import Regions
from tipbench.pages.templates import Page
from tipbench.stories.sources import find_operations_of
from tipcore.errors import UsageError
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import DAYS, register
from tipdata.documents.project_files import licence
from tipdata.release import Release
from tipdata.stages import tables_of

SCRIPT = "<script>alert(1)</script>\u202e<img src=x onerror=alert(2)>&amp;"


def pages(folder: Path) -> dict[str, str]:
    files = folder.rglob("*.html")
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def text_of(page: str) -> str:
    """The words of a page, without its markup."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<wbr>", "", page)))


def test_every_table_has_a_page_that_names_each_of_its_columns(folder: Path, tiny: Release) -> None:
    made = pages(folder)
    for name, table in tables_of(tiny.version).items():
        page = made[f"tables/{name}.html"]
        keys = re.findall(r'<th scope="col" data-key="([^"]+)"', page)
        assert sorted(keys) == sorted(table.schema), name
        assert html.unescape(table.note) in html.unescape(page), name
        assert f"tables/{name}.html" in made["index.html"], name


def test_rows_shown_and_rows_there_are_told(folder: Path, tiny: Release) -> None:
    made = pages(folder)
    total = tiny.scan("payments").select(pl.len()).collect().item()
    assert f"120 of {total:,} rows, drawn at random" in text_of(made["tables/payments.html"])
    assert len(re.findall(r'<th scope="row"[^>]*>\d', made["tables/payments.html"])) == 120
    assert "All 64 rows that were read." in text_of(made["tables/platforms.html"])


def test_rows_that_are_shown_are_rows_of_the_table(folder: Path, tiny: Release) -> None:
    body = pages(folder)["tables/flags.html"].split("<tbody>")[-1]
    there = tiny.scan("flags", truth=True).collect()
    keys = [int(key) for key in re.findall(r'<tr><th scope="row" class="n">(\d+)</th>', body)]
    assert keys == there.filter(pl.col("flag").is_in(keys))["flag"].to_list()


def test_truth_is_in_columns_that_a_switch_covers_and_nowhere_else(folder: Path, tiny: Release) -> None:
    for name, table in tables_of(tiny.version).items():
        page = pages(folder)[f"tables/{name}.html"]
        rows = page.split("<tbody>")[-1].split("</tbody>")[0]
        first = rows.split("</tr>")[0]
        covered = [bool(re.match(r'[^>]*class="[^"]*\bt\b', cell)) for cell in re.split(r"<t[hd]", first)[1:]]
        keys = re.findall(r'<th scope="col" data-key="([^"]+)"', page)
        truth = {key for key, is_covered in zip(keys, covered, strict=True) if is_covered}
        assert truth == set(table.names("truth"))
        assert covered == sorted(covered), name
        assert 'id="truth"' in page, name
        assert ("No method is given it" in page) == bool(table.names("truth")), name


def test_missing_shares_and_distributions_are_of_all_rows(folder: Path, tiny: Release) -> None:
    page = pages(folder)["tables/adverts.html"]
    adverts = tiny.scan("adverts").collect()
    share = f"{100 * adverts['price'].null_count() / adverts.height:.0f}%"
    row = page.split(">price</th>")[1].split("</tr>")[0]
    assert f'<td class="n" data-label="missing">{share}</td>' in row
    assert f"{adverts['price'].min():,} to {adverts['price'].max():,}, half of them up to" in row


def test_adverts_are_of_six_languages_and_arabic_runs_from_right_to_left(folder: Path) -> None:
    page = pages(folder)["adverts.html"]
    for language in LANGUAGES:
        bodies = re.findall(rf'<p class="body" lang="{language}" dir="(\w+)">', page)
        assert len(bodies) == 9, language
        assert set(bodies) == {"rtl" if language == "ar" else "ltr"}


def test_notes_of_a_helpline_are_not_said_to_be_in_the_language_of_the_caller(folder: Path) -> None:
    rows = pages(folder)["tables/contacts.html"].split("<tbody>")[-1]
    assert '<td class="long" dir="auto">' in rows
    assert " lang=" not in rows
    assert ' lang="ar" dir="rtl">' in pages(folder)["tables/adverts.html"].split("<tbody>")[-1]


def test_a_lawful_case_stands_beside_every_trafficking_case(folder: Path) -> None:
    made = {name: page for name, page in pages(folder).items() if name.startswith("cases/")}
    titles = {name: text_of(page).split("<h1>")[1].split(" <span")[0] for name, page in made.items()}
    lawful = {name for name, title in titles.items() if title.startswith("Lawful: ")}
    assert len(lawful) == len(made) - len(lawful) >= 5
    for name, page in made.items():
        other = "cases/" + re.findall(r'href="\.\./cases/(\d+\.html)"', page)[0]
        assert (other in lawful) != (name in lawful)
        assert "A sign that fits it fits lawful work as well." in text_of(page)


def test_the_case_that_is_seen_best_is_told_in_full(folder: Path, tiny: Release) -> None:
    number = find_operations_of(tiny, "kind=trafficking")["operation"][0]
    page = text_of((folder / f"cases/{number}.html").read_text(encoding="utf-8"))
    for word in ("Beside it", "What happened when", "What is linked with what", "Chronicle", "begins"):
        assert word in page
    assert (folder / f"figures/{number}-days.svg").is_file()


def test_no_child_is_told_of_but_in_counts(folder: Path) -> None:
    for name, page in pages(folder).items():
        if name.startswith("cases/"):
            assert not re.search(r"\b(child|children|minor|minors)\b", text_of(page)), name
    assert "nobody under eighteen is a row" in text_of(pages(folder)["tables/child_counts.html"])


def test_what_the_release_is_stands_on_the_first_page_and_the_licence_on_another(folder: Path) -> None:
    index, about = (text_of(pages(folder)[name]) for name in ("index.html", "about.html"))
    wanted = (
        "0.5.0",
        "released: it never changes",
        "tiny: 8 regions",
        "seed 20261201",
        "CC BY 4.0",
        str(DAYS),
    )
    assert [said for said in wanted if said not in index] == []
    for line in licence().replace("\n- ", "\n\n").split("\n\n"):
        assert " ".join(line.removeprefix("- ").split()) in re.sub(r"<[^>]+>", "", about)


def test_a_world_of_ones_own_says_that_it_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "home"))
    file = tmp_path / "mine.yaml"
    spell = {"value": 60, "unit": "days", "sign": "infoshield2021", "magnitude": "assumed", "times": 1.5}
    text = yaml.safe_dump({"based_on": "0.5.0", "parameters": {"operations.duration_days": spell}})
    file.write_text(text, encoding="utf-8")
    release = Release.of(register(file).name, "tiny")
    said = dict(facts(release, about_of(release, first_regions(release)), 1))
    assert said["Status"] == "a world file of your own: no board takes it"
    assert said["World"].startswith("one of your own, seed ")


def test_every_link_leads_to_a_file_and_every_place_in_it_is_there(folder: Path) -> None:
    made, seen = pages(folder), 0
    for name, page in made.items():
        for address in re.findall(r'(?:href|src)="([^"]+)"', page):
            path, _, place = address.partition("#")
            target = (folder / name).parent.joinpath(path).resolve() if path else folder / name
            assert target.is_file(), (name, address)
            assert not place or f'id="{place}"' in target.read_text(encoding="utf-8"), (name, address)
            seen += 1
    assert seen > 1000


def test_pages_ask_nothing_of_a_network_and_hold_no_script_or_style_of_their_own(folder: Path) -> None:
    for name, page in pages(folder).items():
        assert not re.findall(r"(?:href|src)=\"(?:https?:)?//", page), name
        assert "default-src 'none'" in html.unescape(page), name
        assert " style=" not in page, name
        assert not re.search(r"\son\w+=|<script>|<style", page), name


@pytest.mark.slow
def test_the_same_release_gives_the_same_bytes(folder: Path, tiny: Release, tmp_path: Path) -> None:
    again = browse(tiny, tmp_path / "again", 120, quiet=True).folder
    mine, other = (
        {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (folder, again)
    )
    assert mine == other


class Hostile(Regions):
    """A release whose every free text is an attack."""

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        frame = super().scan(table, truth)
        names = {"title", "body", "narrative", "name", "product"} & set(frame.collect_schema())
        return frame.with_columns(pl.lit(SCRIPT).alias(name) for name in names)

    def one_region(self, number: int) -> "Hostile":
        return Hostile(self.release, (number,))


@pytest.fixture
def attacked(tiny: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(build, "first_regions", lambda release: Hostile(release, (0, 1)))
    made = browse(tiny, tmp_path / "attacked", 5, quiet=True).folder
    files = [*made.rglob("*.html"), *made.rglob("figures/*.svg")]
    return {str(path.relative_to(made)): path.read_text(encoding="utf-8") for path in files}


def test_text_of_the_data_is_shown_and_never_is_markup(attacked: dict[str, str]) -> None:
    assert len(attacked) > 40
    for name, page in attacked.items():
        assert not re.search(r"<script>|<img|\u202e", page), name
    text = "&lt;script&gt;alert(1)&lt;/script&gt;\ufffd&lt;img"
    shown = [name for name, page in attacked.items() if text in page]
    assert {"adverts.html", "tables/adverts.html", "tables/contacts.html", "tables/places.html"} <= set(shown)
    assert any(name.startswith("cases/") for name in shown)


def test_of_a_large_release_the_first_regions_are_read_and_told(
    tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = first_regions(Release.of("0.5.0", "full"))
    assert full.regions == MOST_REGIONS < full.release.regions
    assert build.about_of(full.release, full).read == "the first 64 of 640 regions"
    assert build.about_of(tiny, first_regions(tiny)).read == "all 8 regions"
    two = Regions(tiny, (1, 4)).scan("accounts", truth=True).collect()
    whole = tiny.scan("accounts", truth=True).filter(pl.col("region").is_in([1, 4])).collect()
    assert two.equals(whole)


def test_a_folder_that_is_something_else_is_refused_and_stays_and_earlier_pages_are_replaced(
    folder: Path, tiny: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work", encoding="utf-8")
    for place in (other, other / "thesis.txt"):
        with pytest.raises(UsageError, match="was not made by `tipbench data browse`: give another --to"):
            browse(tiny, place, 5, quiet=True)
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]
    monkeypatch.setattr(build, "_makers", lambda site, most: [lambda: Page("about.html", "")])
    old = tmp_path / "old"
    old.mkdir()
    (old / MARKER).write_text("", encoding="utf-8")
    (old / "left.html").write_text("", encoding="utf-8")
    browse(tiny, old, 5, quiet=True)
    assert {path.name for path in old.iterdir()} == {MARKER, "about.html", "assets"}


@pytest.mark.parametrize("most", [0, -1, MOST_ROWS + 1])
def test_a_number_of_rows_that_a_page_cannot_show_is_refused(
    tiny: Release, tmp_path: Path, most: int
) -> None:
    with pytest.raises(UsageError, match=f"rows={most} cannot be shown on a page: give 1 to 20,000."):
        browse(tiny, tmp_path / "pages", most, quiet=True)
    assert not list(tmp_path.iterdir())
