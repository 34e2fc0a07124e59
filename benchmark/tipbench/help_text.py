"""Wrap the help of commands to the width of the terminal; :mod:`tipbench.declarations` reads it from docstrings."""

import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby

COLUMN = 26
"""Where the text about a parameter or an example begins."""
NARROWEST, WIDEST = 60, 100
"""Columns: lines are not made shorter or longer on other terminals."""


def width() -> int:
    """Return the number of columns of the terminal, within bounds; 80 in a pipe."""
    return max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST))


def format_usage(words: Sequence[str]) -> str:
    """Return the line of usage; it is broken between the words, of which the first is the program."""
    return _wrap(" ".join(map(_join, words)), "usage: ", " " * len(f"usage: {words[0]} "))


def format_text(text: str) -> str:
    """Return a text in which paragraphs, parameters and examples are wrapped.

    A paragraph begins at the margin. Indented lines are a list, and the line before them is its heading. A line of a
    list is a parameter or a command; what follows two spaces or more, or stands deeper below it, is about it.
    """
    blocks = [(kind, list(lines)) for kind, lines in groupby(text.splitlines(), _kind)]
    shown: list[str] = []
    for number, (kind, lines) in enumerate(blocks):
        if kind == "list":
            for entry in re.split(r"\n  (?! )", "\n" + "\n".join(lines))[1:]:
                command = re.sub(r"\s*\\\n\s*", " ", entry)
                term, about = [*re.split(r"\s{2,}", command, maxsplit=1), ""][:2]
                shown.append(_entry(term, " ".join(about.split())))
        elif kind == "text":
            heads = blocks[number + 1 :] and blocks[number + 1][0] == "list"
            paragraphs = [" ".join(lines[:-1]), lines[-1]] if heads else [" ".join(lines)]
            shown += [_wrap(one) for one in paragraphs if one]
        else:
            shown += lines
    return "\n".join(shown)


def format_table(about: Mapping[str, str]) -> str:
    """Return a list of names with the text about each beside it."""
    column = max((len(name) + 4 for name in about), default=0)
    return "\n".join(_entry(name, text, column) for name, text in about.items())


def _kind(line: str) -> str:
    return "list" if line.startswith("  ") else "text" if line.strip() else "gap"


def _entry(term: str, about: str, column: int = COLUMN) -> str:
    if not about:
        return _break(term)
    gap = " " * column
    if len(term) + 4 <= column:
        return _wrap(about, f"  {term}".ljust(column), gap)
    return f"{_break(term)}\n{_wrap(about, gap, gap)}"


def _break(command: str) -> str:
    r"""Return an indented command; one that is too long is broken by ``\``, not within quotes or before a value."""
    line = f"  {command}"
    if len(line) <= width():
        return line
    whole = re.sub(r'"[^"]*"|--\w\S* (?!-)\S+', lambda found: _join(found[0]), command)
    return _wrap(whole, "  ", " " * 6, ending=" \\")


def _join(text: str) -> str:
    """Return a text that is not broken."""
    return text.replace(" ", "\xa0")


def _wrap(text: str, first: str = "", rest: str = "", ending: str = "") -> str:
    """Return a text in lines, not broken within `backquotes`, with these beginnings; all but the last get an ending."""
    whole = re.sub(r"`[^`]*`", lambda found: _join(found[0]), text)
    lines = textwrap.wrap(
        whole,
        width() - len(ending),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{ending}\n".join(lines).replace("\xa0", " ")
