"""Notebooks as students hand them in: started, then answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl
import pytest
from tipcourse.answers import Answers
from tipcourse.exercises import exercises_of, solutions_of
from tipcourse.grading import Run
from tipcourse.lessons import as_ipynb, lesson_of, notebook_of
from tipcourse.running import Limits, Questions

SECONDS = 60


@pytest.fixture
def handed(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook of a lesson, its answers replaced by these; of those not named, the solutions."""

    def write(lesson: str, answers: Mapping[str, str] | None = None, name: str = "ada.ipynb") -> Path:
        found = lesson_of(lesson)
        notebook = notebook_of(found)
        wanted = {**solutions_of(found), **(answers or {})}
        places = {one.place: one.name for one in exercises_of(found)}
        for cell in notebook.cells:
            if cell.source in places:
                cell.source = wanted[places[cell.source]]
        path = tmp_path / name
        path.write_text(as_ipynb(notebook), encoding="utf-8")
        return path

    return write


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run answers in this process as behind the fence, without a clock that would interrupt it later."""
    monkeypatch.setattr("tipcourse.answers._interrupt_after", lambda *_: None)

    def run(asked: Questions, limits: Limits) -> list[dict]:
        answers, text = Answers(SECONDS), pl.String
        answers.begin(pl.DataFrame(asked.cells, schema={"name": text, "source": text}, orient="row"))
        calls = pl.DataFrame(asked.calls, schema={"name": text, "arguments": text}, orient="row")
        return [json.loads(one) for one in answers.step(calls)["outcome"]]

    return run
