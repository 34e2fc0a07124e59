"""What the start pages tell a reader to type works, as it is written, in an empty folder."""

import re
import shlex
import sys
from collections.abc import Callable
from glob import glob
from pathlib import Path

import pytest

START = Path(__file__).parents[2] / "docs" / "start"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LEAST = {"researcher": 7, "author": 5, "lecturer": 3}
"""Commands that a page has at least."""


@pytest.mark.parametrize("page", sorted(LEAST))
def test_commands_of_a_start_page_work_in_order(
    page: str, place: Path, tipbench: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sys.modules.pop("my_methods", None)
    typed = 0
    for language, title, text in BLOCK.findall((START / f"{page}.md").read_text(encoding="utf-8")):
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
                words += ["replicates=0"] if words[0] == "run" else ["--replicates", "0"]
            found = [path for word in words for path in (glob(word) if "*" in word else [word])]
            code, _, said = tipbench(*found)
            assert code == 0, (line, said)
            typed += 1
    assert typed >= LEAST[page]


def test_every_start_page_is_tried() -> None:
    assert {path.stem for path in START.glob("*.md")} == set(LEAST)
