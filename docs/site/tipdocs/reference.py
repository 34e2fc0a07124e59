"""Put a name's signature and docstring where a page asks for it: ``<!-- reference: tipbench.load -->``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import tipbench

MARK = re.compile(r"^<!-- reference: tipbench\.(\w+) -->$", re.MULTILINE)
SECTION = re.compile(r"^(Args|Returns|Raises|Warns|Attributes):$")
ENTRY = re.compile(r"^ *(\w+(?:, \w+)*): +(.*)$")
ROLE = re.compile(r":\w+:`~?([^`]+)`")
LONGEST = 100
"""Letters of a signature on one line."""


def referred(markdown: str) -> str:
    """Return a page with the reference of each name that it marks."""
    return MARK.sub(lambda found: described(found[1]), markdown)


def described(name: str) -> str:
    """Return the reference of a public name as Markdown: how it is called, what its docstring says, its methods."""
    thing = getattr(tipbench, name)
    head = f'<div class="reference" markdown>\n\n### {name}\n\n'
    call = f"```python\n{_call(name, thing)}\n```\n\n" if inspect.isfunction(thing) else ""
    members = "".join(_member(thing, name) for name in _public(thing)) if inspect.isclass(thing) else ""
    return f"{head}{call}{_prose(inspect.getdoc(thing) or '')}\n\n{members}\n</div>\n"


def _call(name: str, function: Any) -> str:
    """Return a function as it is called, a line per parameter where one line is too short."""
    signature = inspect.signature(function)
    parts: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not any(part.startswith("*") for part in parts):
            parts.append("*")
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        parts.append(f"{star}{parameter.name}: {parameter.annotation}{default}")
    end = f" -> {signature.return_annotation}"
    whole = f"tipbench.{name}({', '.join(parts)}){end}"
    if len(whole) <= LONGEST:
        return whole
    return f"tipbench.{name}(\n{''.join(f'    {part},{chr(10)}' for part in parts)}){end}"


def _public(cls: type) -> list[str]:
    """Return the methods and properties of a class, and of what is ours above it, that have a docstring."""
    ours = [part for part in reversed(cls.__mro__) if part.__module__.startswith("tip")]
    found = {name: thing for part in ours for name, thing in vars(part).items() if not name.startswith("_")}
    shown = [n for n, t in found.items() if (inspect.isfunction(t) or isinstance(t, property)) and t.__doc__]
    return [] if issubclass(cls, Exception) else shown


def _member(cls: type, name: str) -> str:
    thing = inspect.getattr_static(cls, name)
    call = "" if isinstance(thing, property) else str(inspect.signature(thing))
    shown = f"{name}{call}".replace("(self, ", "(").replace("(self)", "()").replace("'", "")
    return f"- `{shown}`: {_words((inspect.getdoc(thing) or '').partition(chr(10) * 2)[0])}\n"


def _prose(doc: str) -> str:
    """Return a docstring as Markdown: its sections as lists, without the examples that pages have."""
    made: list[str] = []
    for title, lines in _sections(doc):
        if not title:
            made.append("\n".join(lines))
            continue
        entries = list(_entries(lines))
        made.append(f"**{title}**\n\n" + "\n".join(f"- {entry}" for entry in entries))
    return "\n\n".join(_words(part, keep_lines=True) for part in made if part.strip())


def _sections(doc: str) -> list[tuple[str, list[str]]]:
    """Return the parts of a docstring by title, '' for what is before a section or behind it."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in doc.splitlines():
        if title := SECTION.match(line):
            found.append((title[1], []))
        elif line.startswith((">>>", "...")):
            found.append(("", []))
        else:
            if found[-1][0] and line and not line.startswith(" "):
                found.append(("", []))
            found[-1][1].append(line)
    return found


def _entries(lines: list[str]) -> Iterator[str]:
    """Yield a line of Markdown per entry of a section: its name in bold, and its text."""
    entry = ""
    for line in lines:
        if begins := ENTRY.match(line):
            if entry:
                yield entry
            entry = f"**{begins[1]}**: {begins[2]}"
        elif line.strip():
            entry = f"{entry} {line.strip()}".strip()
    if entry:
        yield entry


def _words(text: str, keep_lines: bool = False) -> str:
    """Return text without the roles of another markup."""
    plain = ROLE.sub(lambda found: f"`{found[1]}`", text)
    return plain if keep_lines else " ".join(plain.split())
