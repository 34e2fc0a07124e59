"""Run the reference method of a task on ``tiny`` while the pages are made, and show what it prints."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import cache
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from tipbench.cli import main
from tipcore.errors import CheckFailed

from tipdocs.mirror import ROOT

WIDTH = 88
"""Letters beside each other on the terminal that is shown."""


class Screen(io.StringIO):
    """A terminal of which all is kept."""

    def isatty(self) -> bool:
        return True


def first_result(task: str) -> str:
    """Return the command of a task's first result and what it prints, as Markdown; '' without a reference method."""
    config = ROOT / "configs" / "task" / f"{task}.yaml"
    reference = (
        yaml.safe_load(config.read_text(encoding="utf-8")).get("reference") if config.exists() else None
    )
    if reference is None:
        return ""
    words = ["run", f"baseline={task}/{reference}", "release=tiny"]
    printed = escape(_printed(tuple(words)))
    return (
        f"**A first result**, in a few seconds on a terminal of {WIDTH} columns. `tiny` shows how things work; it "
        f"ranks nothing.\n\n```\ntipbench {' '.join(words)}\n```\n\n"
        f'<pre class="printed" tabindex="0" data-search-exclude><code>{printed}</code></pre>\n'
    )


@cache
def _printed(words: tuple[str, ...]) -> str:
    """Return what a command prints. Raises CheckFailed where it fails."""
    screen, notes = Screen(), io.StringIO()
    with TemporaryDirectory() as folder, _terminal(screen), redirect_stderr(notes):
        runs = Path(folder) / "runs"
        code = main([*words, f"runs.path={runs}"])
    if code:
        raise CheckFailed(f"tipbench {' '.join(words)} ended with {code}: {notes.getvalue().strip()}")
    return "\n".join(line.rstrip() for line in screen.getvalue().splitlines())


@contextmanager
def _terminal(screen: Screen) -> Iterator[None]:
    """Put a terminal without colours in the place of stdout."""
    kept = {name: os.environ.get(name) for name in ("COLUMNS", "LINES", "NO_COLOR", "TERM")}
    os.environ.update(COLUMNS=str(WIDTH), LINES="50", NO_COLOR="1", TERM="dumb")
    stdout, sys.stdout = sys.stdout, screen
    try:
        yield
    finally:
        sys.stdout = stdout
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
