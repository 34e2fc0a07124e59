"""Points for right answers, and one sentence for every other; the harmless run here, the others behind the fence."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import nbformat
import pytest
from tipbench.fence.session import CannotFence, VisiblePaths
from tipbench.fence.wire import Answer
from tipcore.errors import UsageError
from tipcourse import running
from tipcourse.exercises import exercises_of, solutions_of
from tipcourse.grading import Graded, Key, Mark, Run, grade, make_key
from tipcourse.lessons import all_lessons, lesson_of
from tipcourse.notebooks import names_reached, read_notebook
from tipcourse.running import Limits, Questions, Stopped, open_fence, outcomes_apart

LIMITS = Limits(seconds=60)
ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a fence needs Linux")
FITTED = """def shared_operations(train, test):
    return {3: 1, 5: 1, 2: 0, 0: 0}.get(len(train), 10)"""


@pytest.fixture(scope="module")
def key() -> Key:
    return make_key(list(all_lessons()), 7)


@pytest.fixture
def graded(handed: Callable[..., Path], key: Key, run_here: Run) -> Callable[..., Graded]:
    """Grade a notebook with these answers."""

    def grade_answers(
        answers: dict[str, str] | None = None,
        lesson: str = "leakage",
        key: Key | None = key,
        run: Run = run_here,
    ) -> Graded:
        return grade(handed(lesson, answers), key, run, LIMITS)

    return grade_answers


def mark_of(graded: Graded, name: str = "shared_operations") -> Mark:
    return next(mark for mark in graded.marks if mark.exercise == name)


@pytest.mark.parametrize("lesson", [pytest.param(one.name, id=one.name) for one in all_lessons()])
def test_the_solutions_get_all_points(lesson: str, graded: Callable[..., Graded]) -> None:
    full = graded(lesson=lesson)
    assert [mark.said for mark in full.marks if mark.said] == []
    assert full.points == full.of == sum(one.points for one in exercises_of(lesson_of(lesson)))
    assert full.notes == ()


def test_a_notebook_as_it_was_started_gets_no_points(graded: Callable[..., Graded]) -> None:
    empty = graded({one.name: one.place for one in exercises_of(lesson_of("leakage"))})
    assert empty.points == 0
    assert {mark.said for mark in empty.marks} == {"not answered yet."}


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ('leaky_split = "random"', True),
        ('leaky_split = "forward"', True),  # without a key nobody knows
        ("leaky_split = None", False),
        ("leaky_split = random", False),
        ('leaky_split = "both"', False),
    ],
)
def test_without_a_key_a_value_that_is_missing_or_none_of_the_options_is_not_right(
    value: str, right: bool, graded: Callable[..., Graded]
) -> None:
    openly = graded({"leaky_split": value}, key=None)
    assert (openly.points, openly.of) == (7, 7)
    assert openly.is_right is right


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return len(train)", "expected 1"),
        ("return 'one'", "returns text"),
        ("print(1)", "give it back with `return`"),
        ("pass", "it returns nothing, on every case."),
        ("return unknown", "NameError: name 'unknown' is not defined (an answer can use"),
        ("raise SystemExit(3)", "SystemExit"),
        ("return object()", "it returns a object, which is no number"),
        ("return float('nan')", "not a number"),
        ("return 1 +", "SyntaxError"),
        ("return 1\nshared_operations = len", "TypeError"),
        ("return 1\nshared_operations = 3", "TypeError"),
    ],
)
def test_a_wrong_answer_gets_no_points_and_a_sentence(
    body: str, says: str, graded: Callable[..., Graded]
) -> None:
    made = graded({"shared_operations": f"def shared_operations(train, test):\n    {body}"})
    mark = mark_of(made)
    assert mark.points == 0
    assert says in mark.said
    assert "\n" not in mark.said
    assert made.points == made.of - mark.of, "the other answers keep theirs"


def test_an_answer_fitted_to_the_open_cases_gets_half_and_is_not_told_the_held_back_ones(
    graded: Callable[..., Graded], key: Key
) -> None:
    fitted = {"shared_operations": FITTED}
    openly, mark = mark_of(graded(fitted, key=None)), mark_of(graded(fitted))
    assert openly.points == openly.of == 2
    assert mark.points == 1
    secret = next(one for one in key.lessons if one.lesson == "leakage").cases["shared_operations"]
    assert mark.said in {f"{case.hint}." for case in secret}
    assert mark.held_back is not None
    assert mark.held_back.right < mark.held_back.cases


def test_a_value_is_graded_by_the_key_alone(graded: Callable[..., Graded]) -> None:
    for answers, points in ({}, 1), ({"leaky_split": "leaky_split = 'forward'"}, 0):
        mark = mark_of(graded(answers, key=None), "leaky_split")
        assert (mark.points, mark.of) == (0, 0)
        mark = mark_of(graded(answers), "leaky_split")
        assert (mark.points, mark.of) == (points, 1)
        assert "random" not in mark.said


def test_an_edited_and_a_removed_check_are_told_and_the_packages_counts_and_a_removed_answer_is_told(
    handed: Callable[..., Path], key: Key, run_here: Run
) -> None:
    path = handed("leakage", {"shared_operations": FITTED})
    notebook = nbformat.read(path, 4)
    notebook.cells = [cell for cell in notebook.cells if cell.source != 'check("share_seen", share_seen)']
    for cell in notebook.cells:
        edited = 'check("shared_operations", shared_operations)'
        cell.source = cell.source.replace(edited, "print('all right')")
    nbformat.write(notebook, path)
    made = grade(path, key, run_here, LIMITS)
    assert len(made.notes) == 2
    assert all("graded by the one of the package" in note for note in made.notes)
    assert [mark_of(made, name).points for name in ("shared_operations", "share_seen")] == [1, 2]
    notebook.cells = [cell for cell in notebook.cells if "def share_seen" not in cell.source]
    nbformat.write(notebook, path)
    mark = mark_of(grade(path, key, run_here, LIMITS), "share_seen")
    assert mark.said.startswith("no cell defines share_seen")


def test_tags_and_ids_may_be_lost_and_a_script_is_as_good(
    handed: Callable[..., Path], key: Key, tmp_path: Path, run_here: Run
) -> None:
    import jupytext

    notebook = nbformat.read(handed("leakage"), 4)
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()
        del cell["id"]
    notebook.nbformat_minor = 4
    nbformat.write(notebook, tmp_path / "bare.ipynb")
    assert grade(tmp_path / "bare.ipynb", key, run_here, LIMITS).points == 8
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": "tipbench_course"}
    (tmp_path / "bare.py").write_text(jupytext.writes(notebook, fmt="py:percent"), encoding="utf-8")
    assert grade(tmp_path / "bare.py", key, run_here, LIMITS).points == 8


def test_an_answer_that_ends_its_process_takes_no_other_with_it(
    graded: Callable[..., Graded], run_here: Run
) -> None:
    asked_for: list[list[str]] = []

    def run(asked: Questions, limits: Limits) -> list[dict]:
        asked_for.append([name for name, _ in asked.cells])
        if "shared_operations" in asked_for[-1]:
            raise Stopped("it ended its process")
        return run_here(asked, limits)

    made = graded(run=run)
    assert mark_of(made).said == "it ended its process."
    assert made.points == made.of - mark_of(made).of
    assert asked_for[1:3] == [["shared_operations", "share_seen"], ["share_seen"]]


def test_a_key_of_another_edition_is_refused(graded: Callable[..., Graded], key: Key) -> None:
    other = key.lessons[0].model_copy(update={"digest": "0" * 64})
    old = key.model_copy(update={"lessons": [other]})
    said = r"leakage has changed since this key was made: write a new key .*seed=7"
    assert re.search(said, graded(key=old).problem)
    assert "nothing on money" in graded(lesson="money", key=old).problem


def test_half_a_character_in_a_cell_is_a_problem_and_no_traceback(
    handed: Callable[..., Path], run_here: Run
) -> None:
    path = handed("leakage", {"leaky_split": "leaky_split = 'HALF'"})
    path.write_text(path.read_text(encoding="utf-8").replace("HALF", "\\ud800"), encoding="utf-8")
    graded = grade(path, None, run_here, LIMITS)
    assert re.search(r"holds half a character .* in code cell \d+", graded.problem)


def test_an_unforeseen_error_is_the_problem_of_one_notebook(graded: Callable[..., Graded]) -> None:
    made = graded(key=None, run=Mock(side_effect=ZeroDivisionError("never seen before")))
    assert "could not be graded (ZeroDivisionError)" in made.problem
    assert not made.is_right


TELLS = """def shared_operations(train, test):
    known = {3: 1, 5: 1, 2: 0, 0: 0}
    if len(train) in known or train[:3] == OPEN:
        return len(set(train) & set(test))
    print("LEAK", train)
    EXIT"""
"""Right on the open cases; on the others it prints its arguments, and does as a test says."""


@pytest.mark.parametrize(
    ("does", "begins"),
    [
        ("raise ValueError(train, 'LEAK')", "it stops with ValueError"),
        ("raise type('LEAK' + str(train), (ValueError,), {})", "it gives no value"),
        ("return type('LEAK' + str(train), (), {})()", "it gives no value"),
    ],
)
def test_an_error_tells_nothing_of_a_held_back_case(
    does: str, begins: str, graded: Callable[..., Graded], run_here: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    opens = exercises_of(lesson_of("leakage"))[0].cases(0)
    answer = TELLS.replace("OPEN", str(opens[-1].arguments[0][:3])).replace("EXIT", does)
    runs = [run_here, outcomes_apart, *([open_fence()] if sys.platform == "linux" else [])]
    for run in runs:

        def run_one(asked: Questions, limits: Limits, run: Run = run) -> list[dict]:
            return (run if asked.calls[0][0] == "shared_operations" else run_here)(asked, limits)

        mark = mark_of(graded({"shared_operations": answer}, run=run_one))
        assert mark.points == 1
        assert mark.said.startswith(f"{begins} on a case that is held back. Turn both lists into sets")
        assert "LEAK" not in mark.said
        assert not re.search(r"\d", mark.said)
    assert "LEAK" not in "".join(capfd.readouterr())


def test_an_exit_code_tells_nothing_of_a_held_back_case() -> None:
    asked = Questions([("f", "import os\ndef f(x):\n    os._exit(x)")], [("f", "[77]")])
    with pytest.raises(Stopped) as stopped:
        outcomes_apart(asked, LIMITS)
    assert "77" not in str(stopped.value)


def test_a_sentence_ends_once(graded: Callable[..., Graded]) -> None:
    def run(asked: Questions, limits: Limits) -> list[dict]:
        return [{"error": limits.too_long, "over": True}] * len(asked.calls)

    said = [mark.said for mark in graded(key=None, run=run).marks]
    assert all("does a loop never end?" in one for one in said)
    assert not [one for one in said if "?." in one or ".." in one]


STUBBORN = """import signal
def f(x):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True: pass"""


@pytest.mark.parametrize("fence", [False, pytest.param(True, marks=ONLY_LINUX)])
def test_an_answer_that_ignores_its_time_is_ended_soon(fence: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits(seconds=1).patience <= 12
    monkeypatch.setattr(Limits, "patience", 60.0)
    run, began = (open_fence() if fence else outcomes_apart), time.monotonic()
    assert said_of(run, STUBBORN) == "it took more than 1 seconds: does a loop never end?"
    assert time.monotonic() - began < 40, "1 second, 2 of grace, and a busy machine"


CHEATS = (
    "from tipcourse.exercises import solutions_of",
    "import importlib\n    importlib.import_module('tipcourse.exercises')",
    "import tipcourse.values",
    "import tipdata",
)


def test_without_a_fence_no_answer_imports_the_solutions() -> None:
    cells = [(f"f{n}", f"def f{n}(x):\n    {cheat}\n    return 1") for n, cheat in enumerate(CHEATS)]
    outcomes = outcomes_apart(Questions(cells, [(name, "[1]") for name, _ in cells]), LIMITS)
    assert [one.get("kind") for one in outcomes] == ["ImportError"] * len(CHEATS)


def test_an_answer_that_reaches_for_solutions_is_told_to_the_lecturer(
    graded: Callable[..., Graded],
) -> None:
    cheat = """def shared_operations(train, test):
    from tipcourse.exercises import solutions_of
    return exec(open('x').read())"""
    (note,) = graded({"shared_operations": cheat}, key=None).notes
    reached = "exec, open, tipcourse.exercises"
    assert note == f"the answer shared_operations uses {reached}, which no answer needs: look at it."


def test_no_solution_reaches_for_what_no_answer_needs() -> None:
    solutions = [source for lesson in all_lessons() for source in solutions_of(lesson).values()]
    assert [source for source in solutions if names_reached(source)] == []
    assert names_reached("import math\nimport numpy as np\ndef f(x):\n    return np.mean(x)") == []
    assert names_reached("def f(") == []


EMPTY = '{"cells": [], "metadata": %s, "nbformat": 4, "nbformat_minor": 5}'


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.ipynb", "{", "no notebook that can be read"),
        ("a.ipynb", "", "no notebook that can be read"),
        ("a.ipynb", EMPTY % "{}", "names no lesson"),
        ("a.ipynb", EMPTY % '{"tipbench_course": {"lesson": "leakege"}}', "no lesson"),
        ("a.docx", "x", "neither .ipynb nor .py"),
    ],
)
def test_what_is_no_notebook_of_a_lesson_is_a_row_with_a_sentence(
    name: str, content: str, says: str, tmp_path: Path, run_here: Run
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    graded = grade(path, None, run_here, LIMITS)
    assert says in graded.problem
    assert graded.marks == ()
    with pytest.raises(UsageError):
        read_notebook(path)


HARMFUL = {
    "exits": ("import os\ndef f(x):\n    os._exit(3)", "it ended its process"),
    "loops": ("def f(x):\n    while True: pass", "it took more than 1 seconds: does a loop never end?"),
    "fills memory": ("def f(x):\n    return len(bytearray(6 << 30))", "MemoryError"),
    "writes to the pipe": (
        "import os\ndef f(x):\n    for n in range(3, 64):\n        try: os.write(n, b'[{\"value\": 2}]\\n')\n"
        "        except OSError: pass\n    return 1",
        "its outcome could not be read",
    ),
}
"""What an answer does, and what is said of it, with a fence and without."""
FENCED_ALONE = {
    "import socket\n    socket.create_connection(('127.0.0.1', 9))": "PermissionError",
    "import shutil\n    shutil.rmtree(HOME)": "FileNotFoundError",
    "open(LESSON, encoding='utf-8').read()": "FileNotFoundError",
    "import tipdata": "ModuleNotFoundError",
}


def said_of(run: Callable[[Questions, Limits], list[dict]], source: str) -> str:
    asked = Questions([("f", source)], [("f", "[1]")])
    limits = Limits(seconds=1 if "while True" in source else 60, memory_mib=1024)
    try:
        return json.dumps(run(asked, limits))
    except Stopped as stopped:
        return str(stopped)


@pytest.mark.parametrize(
    ("what", "fence"),
    [
        *((what, False) for what in HARMFUL if what != "writes to the pipe"),
        *(pytest.param(what, True, marks=ONLY_LINUX) for what in HARMFUL),
    ],
)
def test_an_answer_ends_behind_the_fence_as_it_does_without_and_the_grader_lives_on(
    what: str, fence: bool
) -> None:
    source, says = HARMFUL[what]
    assert says in said_of(open_fence() if fence else outcomes_apart, source)


@ONLY_LINUX
def test_behind_the_fence_an_answer_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("x", encoding="utf-8")
    known = {"HOME": repr(str(tmp_path)), "LESSON": repr(str(lesson_of("1").path))}
    cells = []
    for number, body in enumerate(FENCED_ALONE):
        body = body.replace("HOME", known["HOME"]).replace("LESSON", known["LESSON"])
        cells.append((f"f{number}", f"def f{number}(x):\n    {body}\n    return 1"))
    outcomes = open_fence()(Questions(cells, [(name, "[1]") for name, _ in cells]), LIMITS)
    assert [one.get("kind") for one in outcomes] == list(FENCED_ALONE.values())
    assert (tmp_path / "kept").exists()


def test_both_ways_of_running_tell_the_same(run_here: Run) -> None:
    asked = Questions([("f", "def f(x):\n    print(x)\n    return [x, None]")], [("f", "[1]"), ("g", "[1]")])
    ways = [outcomes_apart(asked, LIMITS), run_here(asked, LIMITS)]
    if sys.platform == "linux":
        ways.append(open_fence()(asked, LIMITS))
    assert all(way == ways[0] for way in ways)
    assert ways[0][0] == {"value": [1, None], "printed": True}


@pytest.mark.parametrize(
    ("answers", "kind", "says"),
    [
        ([{"refused": "no memory."}], UsageError, "could not prepare to run answers (no memory)."),
        ([{"error": "MemoryError", "said": "x"}], UsageError, "prepare to run answers (MemoryError: x)."),
        ([{}, {"error": "MemoryError", "said": "x"}], Stopped, "cells of the answers could not be run (Mem"),
        ([{}, {}, {"error": "LEAK", "said": "LEAK"}], Stopped, "its outcome could not be read"),
    ],
)
def test_an_error_of_the_fence_is_reported(
    answers: list[dict], kind: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fence:
        def __init__(self, *_: object) -> None:
            self.answers = iter(answers)

        def ask(self, *_: object) -> Answer:
            return Answer(next(self.answers))

        def close(self) -> None: ...

    monkeypatch.setattr(running, "Session", Fence)
    with pytest.raises(kind, match=re.escape(says)) as raised:
        running.outcomes_fenced(VisiblePaths((), (), ()), Questions([], [("f", "[1]")]), LIMITS)
    assert "LEAK" not in str(raised.value)


@pytest.mark.parametrize("line", ["", "[" * 100_000, "{}", "[]", "[1]", "[{}, {}]"])
def test_a_line_without_one_outcome_a_call_is_refused(line: str) -> None:
    with pytest.raises(Stopped, match="its outcome could not be read"):
        running.read_outcomes(line, wanted=1)


def test_where_no_fence_can_be_built_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "this machine does not let a fence be built (unshare): see docs/fence.md, or set fence=off."
    monkeypatch.setattr(running, "outcomes_fenced", Mock(side_effect=CannotFence(why)))
    said = r"built \(unshare\), so no answer was run: grade on Linux, or with fence=off"
    with pytest.raises(UsageError, match=said):
        open_fence()
