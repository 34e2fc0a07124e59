"""Digests of Python files by what they compute: what only a reader sees does not enter.

Comments, docstrings, blank lines, line ends and the width of an indentation may change and the digest stays. Every
other token counts. An f-string is one token, as it was before Python 3.12, so that every interpreter gives the same
digest.
"""

import hashlib
import io
import tokenize
from collections.abc import Iterator

UNSEEN = {"COMMENT", "NL", "ENCODING", "TYPE_COMMENT", "TYPE_IGNORE"}
"""Kinds of tokens that compute nothing."""
SHAPES = {"NEWLINE", "INDENT", "DEDENT"}
"""Kinds of tokens that count, but not the text in which they are written."""
BETWEEN = {"INDENT", "DEDENT"}
"""Kinds of tokens that stand before a statement and are none of it."""

Token = tuple[str, str]
"""Kind and text."""


def token_digest(source: bytes) -> str:
    """Return the hex SHA-256 of the tokens of a Python file's content, without those that only a reader sees.

    Raises SyntaxError and tokenize.TokenError for a text that is not Python.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = io.TextIOWrapper(io.BytesIO(source), encoding).read()
    digest = hashlib.sha256()
    for kind, written in _without_docstrings(_tokens(text)):
        digest.update(f"{kind} {len(written)} {written}\n".encode())
    return digest.hexdigest()


def _tokens(text: str) -> Iterator[Token]:
    """Yield the tokens that count, each f-string (and t-string) whole."""
    lines = io.StringIO(text).readlines()
    depth, start = 0, (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind in ("FSTRING_START", "TSTRING_START"):
            start = start if depth else token.start
            depth += 1
        elif kind in ("FSTRING_END", "TSTRING_END"):
            depth -= 1
            if not depth:
                yield "STRING", _between(lines, start, token.end)
        elif not depth and kind not in UNSEEN:
            yield kind, "" if kind in SHAPES else token.string


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text from one place to another; a place is a line, from 1, and a column, from 0."""
    (first, left), (last, right) = start, end
    if first == last:
        return lines[first - 1][left:right]
    return "".join([lines[first - 1][left:], *lines[first : last - 1], lines[last - 1][:right]])


def _without_docstrings(tokens: Iterator[Token]) -> Iterator[Token]:
    """Yield the tokens without statements that are nothing but a string: docstrings, also those of attributes."""
    statement: list[Token] = []
    for token in tokens:
        statement.append(token)
        if token[0] in ("NEWLINE", "ENDMARKER"):
            body = [t for t in statement[:-1] if t[0] not in BETWEEN]
            said = bool(body) and all(_is_plain_string(t) for t in body)
            yield from [t for t in statement if t[0] in BETWEEN] if said else statement
            statement = []


def _is_plain_string(token: Token) -> bool:
    """Return whether a token is a string whose evaluation does nothing (an f-string's may)."""
    kind, written = token
    prefix = written.lower().partition('"')[0].partition("'")[0]
    return kind == "STRING" and not set(prefix) & {"f", "t"}
