"""Parse what was typed, and answer a misspelling with the nearest word in one sentence."""

import argparse
from collections.abc import Iterator
from typing import Any

from tipcore.errors import UsageError

from tipbench.config.options import nearest, suggestion


class Parser(argparse.ArgumentParser):
    """A parser whose own parsers, of actions, are of this class too."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a word that is none of those an argument can be, which argparse asks of every argument.

        Raises UsageError, which names the nearest.
        """
        if action.choices is not None and value not in action.choices:
            is_action = isinstance(action, argparse._SubParsersAction)
            what = str(action.metavar).lower() if is_action else "argument"
            raise UsageError(f'Unknown {what} "{value}". {suggestion(value, map(str, action.choices))}')


def unknown_option(parser: argparse.ArgumentParser, typed: argparse.Namespace, word: str) -> UsageError:
    """Return the error for an option that neither the command nor its action has; it names the nearest."""
    option = word.partition("=")[0]
    reached = list(_reached(parser, typed))
    known = {name.lstrip("-"): name for one in reached for name in one._option_string_actions}
    near = nearest(option.lstrip("-"), [name for name in known if len(name) > 1])
    told = " or ".join(f'"{known[name]}"' for name in near)
    advice = f"Did you mean {told}?" if near else f"See `{reached[-1].prog} --help`."
    return UsageError(f'Unknown option "{option}". {advice}')


def _reached(parser: argparse.ArgumentParser, typed: argparse.Namespace) -> Iterator[argparse.ArgumentParser]:
    """Yield the parser, and those of the command and the actions that were typed."""
    yield parser
    for action in parser._actions:
        chosen = _chosen(action, typed)
        if chosen is not None:
            yield from _reached(chosen, typed)


def _chosen(action: argparse.Action, typed: argparse.Namespace) -> argparse.ArgumentParser | None:
    if not isinstance(action, argparse._SubParsersAction):
        return None
    parsers: dict[Any, argparse.ArgumentParser] = dict(action.choices)
    return parsers.get(getattr(typed, action.dest, None))
