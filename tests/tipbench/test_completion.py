"""A shell that asks for words gets commands, options, and the overrides that a command takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="shells pass words by a file descriptor there is not"
)


def completed(line: str, place: Path) -> list[str]:
    """What a shell is given for a line with the cursor at its end, by the protocol of argcomplete."""
    asked = {
        "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(place / "words"),
    }  # fmt: skip
    words = [sys.executable, "-c", "from tipbench.cli import main; main()"]
    subprocess.run(
        words, env={**os.environ, **asked}, cwd=place, check=False, capture_output=True, timeout=60
    )
    return [word.strip() for word in (place / "words").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tipbench r", ["run"]),
        ("tipbench hel", ["help"]),
        ("tipbench ver", ["version"]),
        ("tipbench help compl", ["completion"]),
        ("tipbench run --lo", ["--log-file"]),
        ("tipbench run rele", ["release="]),
        ("tipbench run release=s", ["release=small"]),
        ("tipbench run baseline=prevalence/chao_l", ["baseline=prevalence/chao_lower"]),
        ("tipbench data ver", ["verify"]),
        ("tipbench data make release=ti", ["release=tiny"]),
        ("tipbench board rep", ["reproduce"]),
        ("tipbench nothing x", []),
    ],
)
def test_a_line_is_completed_by_what_may_follow(line: str, words: list[str], tmp_path: Path) -> None:
    assert completed(line, tmp_path) == words
