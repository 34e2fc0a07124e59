"""``tipbench course``: eight lessons for a class: list, start, grade."""

import argparse

from tipbench.commands.options import add_json, add_quiet, parser_of

EXAMPLES = """\
examples, for students:
  tipbench course list
  tipbench course start leakage                   writes 01_leakage.ipynb; open it with Jupyter
  tipbench course grade 01_leakage.ipynb          the open checks
examples, for lecturers:
  tipbench course start all --to handout
  tipbench course solution leakage --to ~/lecture
  tipbench course key all --to ~/lecture/key.json
  tipbench course grade handed-in/ --key ~/lecture/key.json --csv marks.csv

Answers run behind a fence, which needs Linux; elsewhere, or in a container that lets none be built, with --trust: then
they run as you, with your files. See docs/course/README.md."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    one = parser_of(actions, "list", "which lessons there are", EXAMPLES, _call("list"))
    add_json(one)
    about = "write the notebook of a lesson"
    one = parser_of(actions, "start", about, EXAMPLES, _call("start"))
    _add_lessons(one)
    one.add_argument("--to", default=".", metavar="FOLDER", help="where (the working folder)")
    one.add_argument("--py", action="store_true", help="a script in jupytext's percent format beside it")
    add_quiet(one)
    about = "run the answers of notebooks and give points; exit 1 where one is not right, 2 where some are not graded"
    one = parser_of(actions, "grade", about, EXAMPLES, _call("grade"))
    _add_grade(one)
    about = "write the lecturer's notebook of a lesson: solutions, timing, what students get wrong"
    one = parser_of(actions, "solution", about, EXAMPLES, _call("solution"))
    _add_lessons(one)
    one.add_argument("--to", default=".", metavar="FOLDER", help="where (the working folder)")
    add_quiet(one)
    about = "write the lecturer's key: held-back cases, drawn from a seed of your own"
    one = parser_of(actions, "key", about, EXAMPLES, _call("key"))
    _add_lessons(one)
    one.add_argument("--to", required=True, metavar="FILE", help="the key; keep it from students")
    one.add_argument("--seed", type=int, help="to make the same key again (drawn)")
    add_quiet(one)


def _call(action: str) -> str:
    return f"tipcourse.actions.course:call_{action}"


def _add_lessons(one: argparse.ArgumentParser) -> None:
    one.add_argument("lessons", nargs="+", metavar="LESSON", help="a name or number of the list, or all")


def _add_grade(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "notebooks",
        nargs="+",
        metavar="NOTEBOOK",
        help="a notebook, or a folder that holds some, in folders too",
    )
    one.add_argument("--key", metavar="FILE", help="held-back cases, of `tipbench course key`")
    one.add_argument("--csv", metavar="FILE", help="write a table with one row per notebook")
    one.add_argument(
        "--trust", action="store_true", help="run answers without a fence, as you and with your files"
    )
    one.add_argument(
        "--seconds", type=int, default=10, help="of the processor for the answer to one exercise (10)"
    )
    one.add_argument("--memory", type=int, default=2048, metavar="MIB", help="of memory for the same (2048)")
    add_quiet(one)
    add_json(one)
