"""Commands declare themselves in their docstrings; help and completion load nothing of what they do."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import import_module

import pytest
from parsed import ROOT
from tipbench.commands import _descriptions, list_, score
from tipbench.declarations import MOVED, SECTIONS, SHARED, Command, Parser, commands
from tipbench.help_text import COLUMN, format_text
from tipbench.kinds import KINDS
from tipcore.errors import UsageError

HEAVY = ("numpy", "polars", "pyarrow", "hydra", "pydantic", "rich", "yaml", "scipy", "matplotlib")
KNOWN = commands()[0]
GROUPED = [one for command in KNOWN.values() for one in (command.actions or {"": command}).values()]
ALL = {one.name: one for command in GROUPED for one in (command.actions or {"": command}).values()}


def parser_of(*sections: str) -> Parser:
    command = Command("planted", "planted")
    command.__dict__["doc"] = "``tipbench planted``: for a test.\n\n" + "\n\n".join(sections) + "\n"
    command.__dict__["actions"] = {}
    return Parser(command, "tipbench planted")


@pytest.mark.parametrize(("columns", "widest"), [("", 80), ("80", 80), ("200", 100)])
def test_no_line_of_help_is_wider_than_the_terminal(tipbench: Callable, monkeypatch, columns, widest) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys, "__stdout__", None)  # no terminal
    for words in ("", *KNOWN, *ALL):
        code, out, _ = tipbench(*words.split(), "--help")
        assert code == 0
        assert [line for line in out.splitlines() if len(line) > widest] == [], words
        source = ALL.get(words) or KNOWN.get(words)
        shown, written = (text.replace("\\\n", "").split() for text in (out, source.help if source else ""))
        assert " ".join(written) in " ".join(shown)


def test_texts_about_parameters_begin_in_one_column(tipbench: Callable) -> None:
    for words in ALL:
        text = tipbench(*words.split(), "--help")[1]
        sections = re.findall(r"^(?:arguments|settings|options)\S*:\n((?:  .*\n)+)", text, re.MULTILINE)
        about = [
            re.match(r"  (?:\S.*?  +|  +)(?=\S)", line) for part in sections for line in part.splitlines()
        ]
        assert {one.end() for one in about if one} <= {COLUMN}, words


def test_an_example_that_is_too_long_goes_on_in_a_line_that_a_shell_joins() -> None:
    example = 'tipbench submit a/forward/s0=a.parquet --to acme--mine summary="Two words and more" --draft team=acme'
    shown = format_text(f"examples:\n  {example}  about it\n").splitlines()
    assert shown[1:4] == [
        "  tipbench submit a/forward/s0=a.parquet --to acme--mine \\",
        '      summary="Two words and more" --draft team=acme',
        " " * COLUMN + "about it",
    ]
    assert shlex.split("\n".join(shown[1:3]).replace("\\\n", "")) == shlex.split(example)


def test_there_are_at_most_33_commands() -> None:
    assert len(ALL) <= 33


@pytest.mark.parametrize("name", [*ALL, *KNOWN])
def test_the_docstring_is_what_is_read_without_an_import(name: str) -> None:
    command = ALL.get(name) or KNOWN[name]
    module = import_module(command.module)
    assert module.__doc__ == command.doc
    assert command.doc.startswith(f"``tipbench {name}``: ")
    if not command.actions:
        assert callable(module.call)


@pytest.mark.parametrize("name", ALL)
def test_a_parameter_has_help_and_no_section_is_misspelt(name: str) -> None:
    sections = re.findall(r"^([a-z]+)(?:, [a-z ]+)?:$", ALL[name].doc, re.MULTILINE)
    assert set(sections) <= {*SECTIONS, "examples", "example"}
    for section in SECTIONS:
        keys = [one.key for one in ALL[name].parameters[section]]
        assert len(set(keys)) == len(keys)
    assert all(one.value for one in ALL[name].parameters["settings"])
    Parser(ALL[name], name)


@pytest.mark.parametrize("name", [one for one in ALL if one.startswith(("data ", "board "))])
def test_help_of_an_action_shows_examples_of_it(name: str) -> None:
    family = name.partition(" ")[0]
    assert name in re.findall(rf"tipbench ({family} [a-z]+)", ALL[name].help)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("compare", "test whether runs differ from the first run, by a paired cluster bootstrap"),
        ("check", "check that a method follows the rules in docs/contract.md"),
        ("completion", "print the tab-completion script for your shell"),
    ],
)
def test_a_line_of_help_says_what_a_command_does_in_plain_words(command: str, says: str) -> None:
    assert KNOWN[command].summary == says


def test_keys_of_an_engine_are_offered_where_work_is_shared_out() -> None:
    offers = {name for name in ALL if name.startswith("data ") and "engine=," in ALL[name].help}
    assert offers == {"data make", "data verify", "data fidelity"}


def test_the_function_that_completes_a_list_is_there() -> None:
    assert {*_descriptions.DESCRIBED, "metrics", *list_.WHOLE} == set(list_.LISTED)


HELP = """
import sys
import tipbench
from tipbench.cli import main
for words in sys.argv[1:]:
    try:
        main(words.split())
    except SystemExit as left:
        assert not left.code
    loaded = {heavy} & set(sys.modules)
    assert not loaded, (words, loaded)
"""


def test_help_loads_nothing_heavy() -> None:
    lines = ["--version", *(f"{words} --help" for words in ("", *KNOWN, *ALL))]
    subprocess.run([sys.executable, "-c", HELP.format(heavy=set(HEAVY)), *lines], check=True)


@pytest.mark.parametrize("old", MOVED)
def test_an_old_word_is_answered_by_what_it_is_now(old: str, tipbench: Callable) -> None:
    assert tipbench(*old.split(), "x") == (
        2,
        "",
        f"tipbench: `tipbench {old}` is now `tipbench {MOVED[old]}`.\n",
    )
    assert " ".join(MOVED[old].split()[:2]) in ALL or MOVED[old].split()[0] in ALL


def test_a_setting_with_dots_may_be_given_again_or_left_out() -> None:
    parser = parser_of("settings:\n  [earlier=FILE...]       older ones\n  [to=FILE]  a place")
    assert parser.read(["earlier=a", "to=c", "earlier=b"]).earlier == ["a", "b"]
    assert parser.read([]).earlier == []
    assert "[key=value ...]" in parser.format_help()


MISTAKES = {
    "rnu": 'Unknown command "rnu". Did you mean "run"?',
    "hlep": 'Unknown command "hlep". Did you mean "help"?',
    "data verfy release=tiny": 'Unknown action "verfy". Did you mean "verify"?',
    "board exprt": 'Unknown action "exprt". Did you mean "export"?',
    "board export --format latx": 'Unknown argument "latx". Did you mean "latex"?',
    "list basline": 'Unknown argument "basline". Did you mean "baselines"?',
    "completion bahs": 'Unknown argument "bahs". Did you mean "bash"?',
    "run --colums method": 'Unknown option "--colums". Did you mean "--columns"?',
    "run --colums=method": 'Unknown option "--colums". Did you mean "--columns"?',
    "data make --quite": 'Unknown option "--quite". Did you mean "--quiet"?',
    "board export --matix": 'Unknown option "--matix". Did you mean "--matrix"?',
    "data make --xyzw": 'Unknown option "--xyzw". See `tipbench data make --help`.',
    "--vrsion": 'Unknown option "--vrsion". Did you mean "--version"?',
    "compare a b --replicates 5": "`--replicates` is now `replicates=`: see `tipbench compare --help`.",
    "compare a b replicate=5": 'Unknown setting "replicate". Did you mean "replicates"?',
    "compare a b replicates=5 replicates=6": "replicates is given twice: keep one.",
    "compare a b replicates=x": "replicates=x is not a whole number.",
    "board add overwrite=yes": "overwrite=yes is neither true nor false.",
    "docs ethics more": "unexpected argument: more; see `tipbench docs --help`.",
}
MISSING = {
    "data export": "`tipbench data export` needs --to DIR_OR_URL (a folder that is not there yet",
    "data": "`tipbench data` needs ACTION (one of audit, browse,",
    "board reproduce": "`tipbench board reproduce` needs ENTRY (an entry of the board: TEAM--METHOD).",
    "score": "`tipbench score` needs PREDICTIONS (a .parquet or .csv file). See `tipbench score --help`.",
    "course grade": "`tipbench course grade` needs NOTEBOOK (a notebook, or a folder",
    "data export --to": "`tipbench data export` cannot be run: argument --to: expected one argument.",
}


@pytest.mark.parametrize("typed", [*MISTAKES, *MISSING])
def test_a_mistake_is_one_sentence_without_usage(refused: Callable, typed: str) -> None:
    said = refused(*typed.split())
    assert said.startswith(f"tipbench: {MISSING.get(typed) or MISTAKES[typed]}")
    assert typed in MISSING or said == f"tipbench: {MISTAKES[typed]}\n"


def test_a_command_is_also_known_by_its_nearest_with_a_space(tipbench: Callable) -> None:
    assert tipbench("score ")[2] == 'tipbench: Unknown command "score ". Did you mean "score"?\n'


@pytest.mark.parametrize("command", KNOWN)
def test_help_teaches_with_examples(tipbench: Callable, command: str) -> None:
    code, out, _ = tipbench(command, "--help")
    assert code == 0
    assert f"tipbench {command} " in out.partition("example")[2]


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("help run", "run --help"), ("version", "--version"), ("version --json", "--version --json"),
        *((words, "--help") for words in ("help", "help help", "help --help", "help version", "version --help")),
    ],
)  # fmt: skip
def test_help_and_version_are_what_other_programs_call_them(
    tipbench: Callable, words: str, same: str
) -> None:
    found = tipbench(*words.split())
    assert found[0] == 0
    assert found == tipbench(*same.split())


def test_the_version_is_that_of_the_distribution_and_json_where_that_is_asked_for(tipbench: Callable) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert tipbench("--version")[1] == f"tipbench {version}\n"
    assert json.loads(tipbench("--version", "--json")[1]) == {"version": version}


def test_no_command_is_a_usage_error_that_shows_the_help(tipbench: Callable) -> None:
    code, out, _ = tipbench()
    assert code == 2
    assert {"help", "version", "run"} <= set(out.partition("commands:")[2].split())


def test_words_are_arguments_settings_and_options_in_any_order() -> None:
    parser = parser_of(
        "arguments:\n  ROUND       a folder\n  [TASK...]   tasks",
        "settings:\n  day=DAY     when\n  [who=NAME]\n  size=tiny   how large\n  n=3   many\n  all=false  all",
        "options:\n  --to FILE   where\n  [--format a|b]\n  -m, --many  many\n  [--as FOLDER=here]\n  --json",
    )
    found = vars(parser.read(["day=1", "--to", "x=y", "r", "-m", "t", "n=4", "u"]))
    assert (found["round"], found["task"], found["day"], found["who"]) == ("r", ["t", "u"], "1", None)
    assert (found["size"], found["n"], found["all"], found["to"]) == ("tiny", 4, False, "x=y")
    assert (found["format"], found["many"], found["as"], found["json"]) == ("a", True, "here", False)
    assert (found["quiet"], found["overrides"]) == (False, [])
    with pytest.raises(
        UsageError, match=r"needs ROUND \(a folder\), day=DAY \(when\) and --to FILE \(where\)"
    ):
        parser.read([])


def test_a_command_that_takes_overrides_leaves_them_to_the_config(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.csv").touch()
    parser = parser_of("arguments:\n  FILE   a file", "settings:\n  key=value   any\n  rows=10   rows")
    found = parser.read(["seed=1", "a=b.csv", "+baseline.method.c=2", "rows=3"])
    assert (found.file, found.rows, found.overrides) == ("a=b.csv", 3, ["seed=1", "+baseline.method.c=2"])
    with pytest.raises(UsageError, match="unexpected argument: more"):
        parser.read(["a=b.csv", "more"])


def test_options_that_commands_share_have_one_line_of_help() -> None:
    assert all(f"{name} " in line or f"{name}]" in line for name, line in SHARED.items())
    assert SHARED["--json"] in ALL["run"].help


def test_help_of_score_names_the_columns_of_every_kind() -> None:
    text = " ".join((score.__doc__ or "").split())
    for kind in KINDS.values():
        columns = ", ".join(kind.columns("UNIT"))
        assert f"{kind.name} {columns}: {kind.title}, {kind.rows}" in text
