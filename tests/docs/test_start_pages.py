"""What pages tell a reader to type works, as it is written, in an empty folder."""

import re
import shlex
import sys
from collections.abc import Callable
from glob import glob
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LEAST = {"researcher": 7, "author": 5, "lecturer": 3, "practitioner": 3}
"""Commands that a page has at least."""


Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=() if page == "author" else pytest.mark.slow) for page in sorted(LEAST)]
)
def test_commands_of_a_start_page_work_in_order(page: str, place: Path, tipbench: Command) -> None:
    sys.modules.pop("my_methods", None)
    assert len(printed_by(DOCS / "start" / f"{page}.md", place, tipbench)) >= LEAST[page]


def test_commands_of_the_page_on_own_worlds_work_and_give_the_name_it_says(
    place: Path, tipbench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIPBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("tipdata.release.release.sizes", lambda: {"tiny": 2})
    page = DOCS / "world.md"
    made, ran = printed_by(page, place, tipbench)
    [name] = set(re.findall("own-[0-9a-f]{16}", page.read_text(encoding="utf-8")))
    assert f"release.version={name}" in made
    assert f"{name}/tiny/advert_risk" in ran
    mine = place / "mine.yaml"
    text = mine.read_text(encoding="utf-8").replace("zh: 5", "zh: 5, de: 5")
    mine.write_text(text, encoding="utf-8")
    code, _, said = tipbench("data", "make", "world=mine.yaml")
    assert (code, "give the same names" in said) == (2, True), "the page says that German is refused"


def printed_by(page: Path, place: Path, tipbench: Command) -> list[str]:
    """Write the files of a page, run its commands in order, and return what each prints."""
    printed = []
    for language, title, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if title:
            path = place / title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif language == "python":
            exec(text, {})
        for line in text.splitlines() if language == "sh" else ():
            program, *words = shlex.split(line)
            assert program == "tipbench"
            if words[0] in ("run", "submit"):
                words.append("replicates=0")
            found = [path for word in words for path in (glob(word) if "*" in word else [word])]
            code, out, said = tipbench(*found)
            assert code == 0, (line, said)
            printed.append(out + said)
    return printed


def test_every_start_page_is_tried() -> None:
    assert {path.stem for path in (DOCS / "start").glob("*.md")} == set(LEAST)
