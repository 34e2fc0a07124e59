"""The commands of ``tipbench``: its own, and those that installed packages add.

A command is a module that declares what can be typed and does nothing of it. The first line of its docstring is its
line of help. ``declare(parser)`` gives its parser arguments and, as the default ``call``, the function that does it
by name, ``"package.module:function"``: it takes the parsed options and returns the exit code. With the default
``own_code=True`` a user's own modules can be imported from the current folder. A package adds a command in its
``pyproject.toml``::

    [project.entry-points."tipbench.commands"]
    name = "package.module"

Of all commands only the one that was typed is imported, and what does it once its arguments are parsed, so that help
waits for nothing that the command works with.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from tipcore.errors import UsageError

from tipbench.entry_points import entry_points, resolve

GROUP = "tipbench.commands"
OURS = "tipbench"


class Command(NamedTuple):
    """A command: its name, the module that declares it, and the package that adds it."""

    name: str
    module: str
    package: str = OURS

    def help(self) -> str:
        """Return the first line of the module's docstring, without importing the module. Raises UsageError."""
        try:
            spec = find_spec(self.module)
            if spec is None or spec.origin is None:
                raise ModuleNotFoundError(f"there is no module {self.module}")
            with open(spec.origin, encoding="utf-8") as file:
                first = next((line for line in file if line.startswith('"""')), "")
        except Exception as error:  # whatever a stranger's package does when it is looked at
            raise self._broken(error) from error
        return first.strip().strip('"').rpartition("``: ")[2].rstrip(".").replace("%", "%%")

    def declare(self, parser: argparse.ArgumentParser) -> None:
        """Import the module and let it declare its arguments. Raises UsageError where another package's fails."""
        with self._loading():
            import_module(self.module).declare(parser)

    def call(self, options: argparse.Namespace) -> int:
        """Import what does the command, and do it. Raises UsageError where another package's cannot be imported."""
        with self._loading():
            call = resolve(options.call)
        return call(options)

    @contextmanager
    def _loading(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self.package == OURS:
                raise
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> UsageError:
        return UsageError(
            f"the command {self.name} of the package {self.package} cannot be loaded "
            f"({type(error).__name__}: {error}): update or uninstall {self.package}."
        )


OWN = {
    name: Command(name, f"{__name__}.{module}")
    for name, module in (
        ("run", "run"),
        ("score", "score"),
        ("compare", "compare"),
        ("check", "check"),
        ("list", "list_"),
        ("data", "data"),
        ("docs", "docs"),
        ("completion", "completion"),
    )
}
"""The commands that need no entry point."""


def added() -> tuple[dict[str, Command], dict[str, str]]:
    """Return the commands that packages add, and of each name that is taken, a sentence about who wants it."""
    commands: dict[str, Command] = {}
    clashes: dict[str, str] = {}
    for entry in entry_points(GROUP):
        command = Command(*entry)
        taken = OWN.get(command.name) or commands.get(command.name)
        if taken is not None:
            clashes[command.name] = (
                f"the packages {taken.package} and {command.package} both add a command {command.name}: "
                f"uninstall one of them."
            )
        else:
            commands[command.name] = command
    return commands, clashes


WORDS = {
    "help": "teach a command: tipbench help COMMAND",
    "version": "print the version of tipbench",
}
"""What can be typed in the place of a command, and what it does. The command line itself answers it."""


def command_of(typed: str) -> Command | None:
    """Return the command of a name, None where there is none. Raises UsageError for a name that two packages add."""
    if typed in OWN:
        return OWN[typed]
    commands, clashes = added()
    if typed in clashes:
        raise UsageError(clashes[typed])
    return commands.get(typed)


def names() -> list[str]:
    """Return the names of all commands, without the words that stand in the place of one."""
    return [*OWN, *added()[0]]


def declare(subparsers: argparse._SubParsersAction, command: Command | None) -> list[str]:
    """Declare a command or, without one, every command by its line of help alone.

    Returns a sentence about each command that cannot be used. Raises UsageError where it is the one given.
    """
    if command is not None:
        command.declare(subparsers.add_parser(command.name, **_looks(command)))
        return []
    commands, clashes = added()
    said = list(clashes.values())
    for one in (OWN | commands).values():
        try:
            subparsers.add_parser(one.name, **_looks(one))
        except UsageError as error:
            said.append(str(error))
    for word, about in WORDS.items():
        parser = subparsers.add_parser(word, help=about)
        if word == "help":
            parser.add_argument("about", nargs="?", choices=names())
    return said


def _looks(command: Command) -> dict:
    about = command.help()
    return {"help": about, "description": about, "formatter_class": argparse.RawDescriptionHelpFormatter}
