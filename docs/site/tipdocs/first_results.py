"""Run the reference method of a task on ``tiny`` while the pages are made, and show what it prints."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import yaml
from tipbench.cli import main
from tipcore.errors import CheckFailed

from tipdocs.mirror import ROOT

WIDTH = 88
"""Letters beside each other on the terminal that is shown."""


class Screen(io.StringIO):
    """A terminal that keeps its whole output."""

    def isatty(self) -> bool:
        return True


def first_result(task: str) -> str:
    """Return the command of a task's first result and what it prints, as Markdown; '' without a reference method."""
    config = ROOT / "configs" / "task" / f"{task}.yaml"
    task_config = yaml.safe_load(config.read_text(encoding="utf-8")) if config.exists() else {}
    if (reference := task_config.get("reference")) is None:
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
    """Return what a command prints on a terminal without colours. Raises CheckFailed where it fails."""
    screen, notes = Screen(), io.StringIO()
    terminal = {"COLUMNS": str(WIDTH), "LINES": "50", "NO_COLOR": "1", "TERM": "dumb"}
    here = patch.dict(os.environ, terminal)
    with TemporaryDirectory() as folder, here, redirect_stdout(screen), redirect_stderr(notes):
        code = main([*words, f"runs.path={Path(folder) / 'runs'}"])
    if code:
        raise CheckFailed(f"tipbench {' '.join(words)} ended with {code}: {notes.getvalue().strip()}")
    return "\n".join(line.rstrip() for line in screen.getvalue().splitlines())
