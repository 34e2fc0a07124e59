"""``tipbench data browse``: writes pages, says which to open, and refuses in one sentence with nothing written."""

import json
from pathlib import Path

import pytest
from tipbench.browse import build
from tipdata.release import Release


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One page in the place of all, since others are made elsewhere."""
    monkeypatch.setattr(build, "_makers", lambda site, most: [lambda: build._about(site, most)])


def test_pages_go_to_a_folder_named_for_the_release_and_the_one_to_open_is_told(
    tipbench, tiny: Release, place: Path, quick: None
) -> None:
    code, out, said = tipbench("data", "browse", "--quiet")
    assert (code, said) == (0, "")
    start = place.resolve() / "browse-tiny" / "index.html"
    assert out.splitlines()[-1] == f"open {start} in a browser"
    assert (start.parent / "about.html").is_file()
    told = json.loads(tipbench("data", "browse", "release=tiny", "--to", "x/y", "--json")[1])
    assert told["open"] == str(place.resolve() / "x" / "y" / "index.html")
    assert (told["release"], told["pages"]) == ("0.4.0/tiny", 1)
    assert told["bytes"] == sum(p.stat().st_size for p in (place / "x/y").rglob("*") if p.is_file())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["data=sms_spam"], "your own data have no operations, and so no truth to browse: name a release=."),
        (["release=tny"], "tny"),
        (["relase=tiny"], 'Unknown setting "relase". Did you mean "release"?'),
        (["table=adverts"], 'Unknown setting "table"'),
        (["rows=0"], "rows=0 is not a number of rows"),
        (["rows=many"], "rows=many is not a whole number"),
        (["rows=20001"], "rows=20001 cannot be shown on a page: give 1 to 20,000."),
        (
            ["--to", "own_methods.py"],
            "own_methods.py is there already and was not made by `tipbench data browse`",
        ),
        (["--to", "."], "was not made by `tipbench data browse`: give another --to."),
        (["--to", "own_methods.py/pages"], "cannot be written"),
        (["release.version=0.3.0"], "data version 0.3.0 is retired"),
    ],
)
def test_what_cannot_be_written_is_refused_with_nothing_written(
    tipbench, tiny: Release, place: Path, words: list[str], says: str
) -> None:
    before = sorted(place.rglob("*"))
    code, out, said = tipbench("data", "browse", *words)
    assert (code, out) == (2, "")
    assert says in said
    assert said.count("\n") == 1
    assert sorted(place.rglob("*")) == before


def test_a_sealed_round_has_nothing_to_browse(tipbench, place: Path) -> None:
    (place / "round").mkdir()
    (place / "round" / "round.json").write_text("{}", encoding="utf-8")
    code, out, said = tipbench("data", "browse", f"release={place / 'round'}")
    assert (code, out) == (2, "")
    assert "is a sealed round, whose truth nobody is shown" in said
    assert not (place / "browse-tiny").exists()
