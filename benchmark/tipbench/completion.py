"""Complete commands, options and overrides for a shell that asks for it (see ``tipbench completion``)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

from tipbench.config.options import config_folders, options

ASKED = "_ARGCOMPLETE"
"""What a shell sets in the environment where it wants words and not the command."""
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


def typed_command() -> str | None:
    """Return the command that stands whole on the line that is completed."""
    words = os.environ.get("COMP_LINE", "")[: int(os.environ.get("COMP_POINT", "0"))].split(" ")
    return words[1] if len(words) > 2 else None


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell and leave."""
    import argcomplete

    for action in _overrides(parser):
        action.completer = overrides
    argcomplete.autocomplete(parser, always_complete_options="long", append_space=False)


def overrides(prefix: str, **known: Any) -> list[str]:
    """Return the overrides that begin so: keys, or the options of a key that is written already."""
    groups = options(config_folders(None))
    key, written, _ = prefix.partition("=")
    if written:
        words = [f"{key}={option}" for option in groups.get(key, ())]
    else:
        words = [*(f"{group}=" for group in groups), *KEYS]
    return [word for word in words if word.startswith(prefix)]


def _overrides(parser: argparse.ArgumentParser) -> Iterator[Any]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _overrides(below)
        elif action.dest == "overrides":
            yield action
