"""Parse what was typed, and answer a misspelling with the nearest word in one sentence."""

import argparse
from collections.abc import Iterator
from typing import Any, NoReturn

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

    def error(self, message: str) -> NoReturn:
        """Refuse what was typed in one sentence, where argparse prints its usage first.

        Raises UsageError, which says of what is missing what it is for.
        """
        named = message.rpartition(": ")[2].split(", ")
        missing = [action for action in self._actions if _is_needed(action) and _name(action) in named]
        if missing:
            raise UsageError(f"`{self.prog}` needs {_listed(missing)}. See `{self.prog} --help`.")
        raise UsageError(f"`{self.prog}` cannot be run: {message}. See `{self.prog} --help`.")


def _name(action: argparse.Action) -> str:
    """Return an argument as argparse calls it where it is missing."""
    return "/".join(action.option_strings) or str(action.metavar or action.dest)


def _is_needed(action: argparse.Action) -> bool:
    """Whether an argument must be typed: argparse counts some that may be empty as well."""
    return action.required and action.nargs != argparse.ZERO_OR_MORE


def _listed(missing: list[argparse.Action]) -> str:
    """Return arguments as they are typed, with what each is for."""
    said = [_said(action) for action in missing]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _said(action: argparse.Action) -> str:
    typed = " ".join([*action.option_strings[-1:], str(action.metavar or action.dest.upper())])
    about = action.help or f"one of {', '.join(map(str, action.choices or ()))}"
    return f"{typed} ({about})"


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
