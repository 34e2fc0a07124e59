"""Commands, as the docstrings of their modules declare them: what can be typed, and the help that says so.

A command is a module with a function ``call(options)`` that returns the exit code, or None for success. Its docstring
declares it, and is read without importing the module, so that help and completion wait for nothing that the command
works with. Only the command that was typed is imported. A package is a group of commands: its modules, but for those
that begin with ``_``.
A package adds a command or a group in its ``pyproject.toml``::

    [project.entry-points."tipbench.commands"]
    name = "package.module"

The docstring is the help, section by section; each section may be missing. The help of a command without examples ends
with that of its group::

    ``tipbench board check``: one line that says what it does.

    arguments:
      RUN...              [RUN] may be left out, RUN... repeated; of RUN=a|b it is one of these words

    settings:
      closes=DAY          must be given, as DAY begins with a capital; [team=NAME] may be left out; =N takes a number
      [earlier=FILE...]   may be given again
      replicates=1000     has a default, and is a whole number as the default is; true and false are defaults too
      key=value           any override of the config, for options.overrides

    options:
      --to FOLDER         must be given; [--to FOLDER] may be left out; FOLDER=results has a default
      --draft --json      options of SHARED

    examples:
      tipbench board check

    Further text of the help.

It is shown wrapped to the width of the terminal: paragraphs, lists and commands may be long lines.

What was typed reaches ``call`` as attributes in small letters, with ``_`` in the place of ``-`` and ``.``.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

from tipcore.errors import UsageError
from tipcore.spelling import check_word, nearest

from tipbench.entry_points import entry_points
from tipbench.help_text import format_text, format_usage

GROUP = "tipbench.commands"
"""The entry points by which packages add commands, and the package of tipbench's own."""
OURS = "tipbench"
SECTIONS = ("arguments", "settings", "options")
SHARED = {
    "--config-dir": "  [--config-dir FOLDER]   configs of your own: baseline/, data/, experiment/",
    "--draft": "  --draft                 also show data versions that are not released yet, marked as drafts",
    "--quiet": "  --quiet                 no progress and no notices",
    "--json": "  --json                  JSON alone on standard output",
}
"""Options that several commands have, by their lines of help."""
WORDS = {
    "help": "teach a command: tipbench help COMMAND",
    "version": "print the version of tipbench",
}
"""What can be typed in the place of a command, and what it does. The command line itself answers it."""
MOVED = {
    "board results": "board add runs=RUNS", "board accept": "board add submission=FOLDER",
    "board rescore": "board check scores=true", "course list": "course start",
    "course solution": "course start --solutions",
    "course key": "course start --key FILE", "data describe": "data preview table=all",
    "submit pack": "submit RUN --to FOLDER", "submit check": "submit FOLDER",
    "board export markdown": "board export --format markdown", "board export csv": "board export --format csv",
    "board export latex": "board export --format latex", "board export parquet": "board export --format parquet",
}  # fmt: skip
"""Commands of earlier versions -> what to type today."""

OVERRIDES = "\n  key=value  "
"""How the line of settings begins that stands for overrides of the config."""
KEY = re.compile(r"\+{0,2}[A-Za-z_][\w.]*=")


@dataclass(frozen=True)
class Parameter:
    """One line of a section: an argument (``RUN``), a setting (``closes``) or an option (``--to``).

    ``value``: what stands after its name: the name of a value, which begins with a capital, or the default.
    """

    name: str
    value: str | None
    about: str
    optional: bool = False
    many: bool = False
    short: str | None = None

    @property
    def key(self) -> str:
        """The attribute by which a command reads it."""
        return re.sub(r"\W", "_", self.name.lstrip("-").lower())

    @property
    def is_required(self) -> bool:
        return not self.optional and self.default is None

    @property
    def choices(self) -> list[str] | None:
        return self.value.split("|") if self.value and "|" in self.value else None

    @property
    def default(self) -> Any:
        """What it is where it was not typed."""
        if self.name.startswith("-"):
            if self.value is None:
                return False
            return self.choices[0] if self.choices else self.value.partition("=")[2] or None
        if self.value is None or self.value[:1].isupper() or self.choices:
            return None
        return self.convert(self.value)

    def convert(self, text: str) -> Any:
        """Return the value of a setting. Raises UsageError for a word where the default is a number, or true, false."""
        if self.value in ("true", "false"):
            if text not in ("true", "false"):
                raise UsageError(f"{self.name}={text} is neither true nor false.")
            return text == "true"
        if self.value == "N" or (self.value or "").isdigit():
            if not re.fullmatch(r"-?[0-9]{1,18}", text):
                raise UsageError(f"{self.name}={text} is not a whole number.")
            return int(text)
        return text

    def __str__(self) -> str:
        if self.choices and not self.name.startswith("-"):
            return f"{self.name} (one of {', '.join(self.choices)})"
        typed = self.name + (("=", " ")[self.name.startswith("-")] + self.value if self.value else "")
        return f"{typed} ({self.about})" if self.about else typed


@dataclass(frozen=True)
class Command:
    """A command or a group of commands: what is typed for it, its module, and the package that adds it.

    ``group``: the group that holds it, if any.
    """

    name: str
    module: str
    package: str = OURS
    group: "Command | None" = None

    @cached_property
    def _spec(self) -> Any:
        with self._loading():
            spec = find_spec(self.module)
            if spec is None or spec.origin is None:
                raise ModuleNotFoundError(f"there is no module {self.module}")
            return spec

    @cached_property
    def doc(self) -> str:
        """The docstring of the module, which is not imported. Raises UsageError where it cannot be read."""
        with self._loading(), open(self._spec.origin, encoding="utf-8") as file:
            return file.read().partition('"""')[2].partition('"""')[0]

    @property
    def summary(self) -> str:
        """The first line of the docstring: what the command does."""
        return self.doc.partition("\n")[0].rpartition("``: ")[2].rstrip(".")

    @cached_property
    def actions(self) -> dict[str, "Command"]:
        """The commands of a group, by name; none of a command."""
        if self._spec.submodule_search_locations is None:
            return {}
        found = {}
        for file in sorted(os.listdir(os.path.dirname(self._spec.origin))):
            stem, ending = os.path.splitext(file)
            if not stem.startswith((".", "_")) and ending in ("", ".py"):
                word = stem.rstrip("_")
                group = self if self.name else None
                name = f"{self.name} {word}".strip()
                found[word] = Command(name, f"{self.module}.{stem}", self.package, group)
        return found

    @cached_property
    def parameters(self) -> dict[str, list[Parameter]]:
        """The parameters of each section."""
        found: dict[str, list[Parameter]] = {section: [] for section in SECTIONS}
        section = ""
        for line in self.help.splitlines():
            if not line.startswith(" "):
                section = line.rstrip(":").partition(",")[0]
            elif section in SECTIONS and re.match(r"  (?!key=value  )\S", line):
                found[section].append(_parameter(section, *re.split(r"\s{2,}", line.strip(), maxsplit=1)))
        return found

    @cached_property
    def help(self) -> str:
        """What ``--help`` shows, before it is wrapped."""
        lines = self.doc.rstrip().splitlines()[1:]
        if self.group is not None and not self.actions and "\nexamples" not in self.doc:
            lines += self.group.doc.rstrip().splitlines()[1:]
        for at, line in enumerate(lines):
            names = line.split()
            if names and set(names) <= SHARED.keys():
                lines[at] = "\n".join(SHARED[name] for name in names)
        return "\n".join([self.summary, *lines])

    @property
    def takes_overrides(self) -> bool:
        return OVERRIDES in self.help

    def call(self, options: argparse.Namespace) -> int:
        """Import the module and do it. Raises UsageError where another package's cannot be imported.

        With ``OWN_CODE = True`` in the module, a user's own modules are found in the folder the command is run in.
        """
        with self._loading():
            module = import_module(self.module)
            call = module.call
        if getattr(module, "OWN_CODE", False) and "" not in sys.path:
            sys.path.append("")
        return call(options) or 0

    @contextmanager
    def _loading(self) -> Iterator[None]:
        try:
            yield
        except UsageError:
            raise
        except Exception as error:  # anything may happen in another's package
            if self.package == OURS:
                raise
            raise UsageError(
                f"the command {self.name} of the package {self.package} cannot be loaded "
                f"({type(error).__name__}: {error}): update or uninstall {self.package}."
            ) from error


class Parser(argparse.ArgumentParser):
    """The parser of one command; it answers mistakes in one sentence, where argparse prints its usage first."""

    def __init__(self, command: Command, prog: str) -> None:
        super().__init__(prog=prog)
        self.command = command
        self.set_defaults(config_dir=None, draft=False, quiet=False, json=False)
        self.add_argument("words", nargs="*")
        for one in command.parameters["options"]:
            names = [one.name] if one.short is None else [one.short, one.name]
            if one.value is None:
                self.add_argument(*names, action="store_true")
            elif one.value.startswith("["):
                self.add_argument(*names, nargs="?", const="")
            else:
                self.add_argument(*names, default=one.default, choices=one.choices)

    def format_help(self) -> str:
        """Return the usage and the docstring of the command."""
        words = [
            f"[{one.name}{'...' * one.many}]" if one.optional else one.name + "..." * one.many
            for one in self.command.parameters["arguments"]
        ]
        settings = self.command.parameters["settings"]
        words += [f"{one.name}={one.value}" for one in settings if one.is_required]
        optional = self.command.takes_overrides or any(not one.is_required for one in settings)
        words += ["[key=value ...]"] * optional
        words += [f"{one.name} {one.value}" for one in self.command.parameters["options"] if one.is_required]
        usage = format_usage([self.prog, *words, "[options]"])
        return f"{usage}\n\n{format_text(self.command.help)}\n"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None:
            check_word(value, map(str, action.choices), f'Unknown argument "{value}"')

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"`{self.prog}` cannot be run: {message}. See `{self.prog} --help`.")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Return what was typed after the command. Raises UsageError for what it does not take, and what is missing."""
        options, rest = self.parse_known_args(words)
        if unknown := [word for word in rest if word.startswith("-")]:
            raise self._unknown_option(unknown[0].partition("=")[0])
        self._assign([*options.words, *rest], options)
        declared = (one for section in SECTIONS for one in self.command.parameters[section])
        missing = [one for one in declared if one.is_required and getattr(options, one.key) in (None, [])]
        if missing:
            *others, last = map(str, missing)
            needs = f"{', '.join(others)} and {last}" if others else last
            raise UsageError(f"`{self.prog}` needs {needs}. See `{self.prog} --help`.")
        return options

    def _assign(self, words: list[str], options: argparse.Namespace) -> None:
        """Set the arguments and the settings among the words that were typed."""
        settings = {one.name: one for one in self.command.parameters["settings"]}
        arguments = self.command.parameters["arguments"]
        free = self.command.takes_overrides
        for one in (*settings.values(), *arguments):
            setattr(options, one.key, [] if one.many else one.default)
        options.overrides, options.settings, typed, loose = [], tuple(settings), set(), []
        for word in words:
            key, _, value = word.partition("=")
            if not KEY.match(word) or (key not in settings and os.path.exists(word)):
                loose.append(word)
            elif key in settings and settings[key].many:
                getattr(options, settings[key].key).append(value)
            elif key in typed:
                raise UsageError(f"{key} is given twice: keep one.")
            elif key in settings:
                typed.add(key)
                setattr(options, settings[key].key, settings[key].convert(value))
            elif free:
                options.overrides.append(word)
            elif settings:
                check_word(key, settings, f'Unknown setting "{key}"')
            else:
                loose.append(word)
        for one in arguments:
            taken = loose[:] if one.many else loose[:1]
            loose = loose[len(taken) :]
            if taken:
                setattr(options, one.key, taken if one.many else taken[0])
            if one.choices and taken:
                check_word(taken[0], one.choices, f'Unknown argument "{taken[0]}"')
        if loose and (arguments or not free):
            raise UsageError(f"unexpected argument: {loose[0]}; see `{self.prog} --help`.")
        options.overrides += loose

    def _unknown_option(self, option: str) -> UsageError:
        settings = {one.key: one.name for one in self.command.parameters["settings"]}
        if (key := settings.get(option.lstrip("-").replace("-", "_"))) is not None:
            return UsageError(f"`{option}` is now `{key}=`: see `{self.prog} --help`.")
        return unknown_option(option, list(self._option_string_actions), self.command)


def unknown_option(option: str, known: Sequence[str], command: Command | None) -> UsageError:
    """Return the error for an option that a command does not have; it names the nearest of those that it has."""
    option = option.partition("=")[0]
    names = {name.lstrip("-"): name for name in known if name.startswith("--")}
    near = " or ".join(f'"{names[name]}"' for name in nearest(option.lstrip("-"), names))
    help_of = f"tipbench {command.name} --help" if command else "tipbench --help"
    return UsageError(
        f'Unknown option "{option}". ' + (f"Did you mean {near}?" if near else f"See `{help_of}`.")
    )


def _parameter(section: str, form: str, about: str = "") -> Parameter:
    """Return the parameter that a line declares."""
    optional = form.startswith("[")
    form = form[1:-1] if optional else form
    if section == "arguments":
        name, _, value = form.removesuffix("...").partition("=")
        return Parameter(name, value or None, about, optional, form.endswith("..."))
    short, _, form = form.rpartition(", ")
    many = section == "settings" and form.endswith("...")
    name, _, value = form.removesuffix("..." * many).partition("=" if section == "settings" else " ")
    return Parameter(name, value or None, about, optional, many, short or None)


def commands() -> tuple[dict[str, Command], dict[str, str]]:
    """Return the commands, and of each name that two packages add, a sentence that says so; tipbench's own stay."""
    found = dict(Command("", GROUP).actions)
    clashes: dict[str, str] = {}
    for entry in entry_points(GROUP):
        taken = found.setdefault(entry.name, Command(*entry))
        if taken.package != entry.package:
            clashes[entry.name] = (
                f"the packages {taken.package} and {entry.package} both add a command {entry.name}: "
                f"uninstall one of them."
            )
    return {n: one for n, one in found.items() if n not in clashes or one.package == OURS}, clashes


def find_command(words: Sequence[str]) -> tuple[Command | None, list[str]]:
    """Return the command that words begin with, the innermost of its group, and the words that follow.

    Raises UsageError for a word that is no command, and for one that two packages add.
    """
    known, clashes = commands()
    command, valid, rest = None, known, list(words)
    while rest and not rest[0].startswith("-") and (command is None or command.actions):
        word = rest.pop(0)
        name = f"{command.name} {word}" if command else word
        if word not in valid and name in MOVED | clashes:
            raise UsageError(clashes.get(name) or f"`tipbench {name}` is now `tipbench {MOVED[name]}`.")
        what = f'Unknown {"action" if command else "command"} "{word}"'
        check_word(word, [*valid, *WORDS] if command is None and word not in WORDS else valid, what)
        command = valid[word]
        valid = command.actions
    if command and rest and (name := f"{command.name} {rest[0]}") in MOVED:
        raise UsageError(f"`tipbench {name}` is now `tipbench {MOVED[name]}`.")
    return command, rest


def overview() -> tuple[dict[str, str], list[str]]:
    """Return what each command does, by its name, and a sentence about each that cannot be used."""
    known, clashes = commands()
    lines, problems = {}, []
    for name, one in known.items():
        try:
            lines[name] = one.summary
        except UsageError as error:
            problems.append(str(error))
    return lines | WORDS, [*clashes.values(), *problems]
