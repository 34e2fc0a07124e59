"""What each command declares: by name, a function that is there; and help that loads nothing of what it does."""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tipbench.commands import OWN, added, command_of
from tipbench.commands.list_ import LISTED
from tipbench.entry_points import resolve

HEAVY = ("numpy", "polars", "pyarrow", "hydra", "pydantic", "rich", "yaml")
HEAVY_HELP = {"score": "its help says the columns of each kind of prediction, which polars' types declare"}
"""Commands whose help may load such a library -> why."""

COMMANDS = sorted(OWN | added()[0])


def declared(command: str) -> argparse.ArgumentParser:
    found = command_of(command)
    assert found is not None
    parser = argparse.ArgumentParser(command)
    found.declare(parser)
    return parser


def last(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers that have no further actions: those that something is done for."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield parser
    for group in groups:
        for inner in group.choices.values():
            yield from last(inner)


ACTIONS = {parser.prog: parser for command in COMMANDS for parser in last(declared(command))}


@pytest.mark.parametrize("action", ACTIONS)
def test_the_function_that_an_action_names_is_there(action: str) -> None:
    assert callable(resolve(ACTIONS[action].get_default("call")))


@pytest.mark.parametrize("action", [one for one in ACTIONS if one.startswith(("data ", "seal "))])
def test_help_of_an_action_shows_examples_of_it_and_of_no_sibling(action: str) -> None:
    family = action.partition(" ")[0]
    shown = set(re.findall(rf"tipbench ({family} [a-z]+)", ACTIONS[action].epilog or ""))
    assert shown == {action}


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("compare", "test whether runs differ from the first run, by a paired cluster bootstrap"),
        ("check", "check that a method follows the rules in docs/contract.md"),
        ("completion", "print the tab-completion script for your shell"),
    ],
)
def test_a_line_of_help_says_what_a_command_does_in_plain_words(command: str, says: str) -> None:
    assert OWN[command].help() == says


def test_keys_of_an_engine_are_offered_where_work_is_shared_out() -> None:
    offers = {
        name for name in ACTIONS if name.startswith("data ") and "engine=" in ACTIONS[name].format_help()
    }
    assert offers == {"data make", "data verify", "data fidelity"}


@pytest.mark.parametrize("listed", [name for name, listed in LISTED.items() if listed.complete])
def test_the_function_that_completes_a_list_is_there(listed: str) -> None:
    assert callable(resolve(LISTED[listed].complete or ""))


@pytest.mark.parametrize("words", ["", *COMMANDS])
def test_help_loads_nothing_heavy(words: str) -> None:
    code = (
        "import sys\nfrom tipbench.cli import main\ntry:\n    "
        f"main({[*words.split(), '--help']})\nexcept SystemExit as left:\n    assert not left.code\n"
        f"print(sorted({set(HEAVY)} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    is_light = found.stdout.splitlines()[-1] == "[]"
    assert is_light != (words in HEAVY_HELP)
