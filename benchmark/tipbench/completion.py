"""Complete commands, options and settings for a shell that asks for it (see ``tipbench completion``)."""

from __future__ import annotations

import argparse
import os
from typing import Any

from tipbench.config.options import config_folders, options
from tipbench.declarations import WORDS, Command, Parser, commands

ASKED = "_ARGCOMPLETE"
"""The environment variable by which a shell asks for words in place of running the command."""
KEYS = (
    "seed=",
    "labels=",
    "access=",
    "replicates=",
    "overwrite=",
    "runs.path=",
    "figure.path=",
    "engine.workers=",
)


def complete() -> None:
    """Answer the shell and leave."""
    import argcomplete

    words = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", "0"))].split(" ")
    parser = argparse.ArgumentParser("tipbench")
    parser.add_argument("--version", action="store_true")
    known = commands()[0]
    inner = _add_commands(parser, known, words[1:-1])
    for word in WORDS:
        inner.add_parser(word)
    inner.choices["help"].add_argument("about", nargs="?", choices=list(known))
    argcomplete.autocomplete(parser, always_complete_options="long", append_space=False)


def _add_commands(parser: argparse.ArgumentParser, known: dict[str, Command], words: list[str]) -> Any:
    """Add every command by its name alone, and what may follow the one that stands whole on the line."""
    inner = parser.add_subparsers(parser_class=argparse.ArgumentParser)
    for name, command in known.items():
        if words[:1] != [name]:
            inner.add_parser(name)
        elif command.actions:
            _add_commands(inner.add_parser(name), command.actions, words[1:])
        else:
            one = inner.add_parser(name, parents=[Parser(command, name)], add_help=False)
            for action in one._actions:
                if action.dest == "words":
                    action.completer = lambda prefix, command=command, **_: _words(command, prefix)  # type: ignore[attr-defined]
    return inner


def _words(command: Command, prefix: str) -> list[str]:
    """Return the words that a command takes and that begin so: choices, settings, and options of overrides."""
    found = [choice for one in command.parameters["arguments"] for choice in one.choices or ()]
    found += [f"{one.name}=" for one in command.parameters["settings"]]
    if command.takes_overrides:
        groups = options(config_folders(None))
        key, equals, _ = prefix.partition("=")
        found += [f"{key}={option}" for option in groups.get(key, ())] if equals else []
        found += [*(f"{group}=" for group in groups), *KEYS]
    return [word for word in dict.fromkeys(found) if word.startswith(prefix)]
