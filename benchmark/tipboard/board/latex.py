"""A table as LaTeX with booktabs, whatever text is in it.

What pdflatex has no glyph for is a command or a code point.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

HEAD = r"% Needs \usepackage[T1]{fontenc} and \usepackage{booktabs}."

_COMMANDS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "–": "--", "—": "---", "−": r"$-$", "±": r"$\pm$", "×": r"$\times$", "…": r"\ldots{}", "≥": r"$\geq$",
    "≤": r"$\leq$", "→": r"$\to$", "↓": r"$\downarrow$", "↑": r"$\uparrow$", "τ": r"$\tau$", "π": r"$\pi$",
    "α": r"$\alpha$", "β": r"$\beta$", "Δ": r"$\Delta$", "³": r"$^3$", "²": r"$^2$", "°": r"$^\circ$",
    "·": r"$\cdot$", "†": r"\dag{}",
    "“": "``", "”": "''", "‘": "`", "’": "'", "\u00a0": "~", "\t": " ", "\n": " ", "\r": " ",
    "-": "{-}",
}  # fmt: skip
"""A hyphen stands in braces, so that two of them are not a dash."""

_TABLE = str.maketrans(_COMMANDS)
_MINUS = re.compile(r"(?<![\w.-])-(?=[\d.])")


def escaped(text: str) -> str:
    """Return text that LaTeX prints as it is; of a character that pdflatex has no glyph for, its code point."""
    if text.isascii() and text.isprintable():
        return text.translate(_TABLE)
    return "".join(_COMMANDS.get(character) or _printed(character) for character in text)


def _printed(character: str) -> str:
    """Return letters of Latin alphabets as they are, which pdflatex reads as UTF-8."""
    if character.isascii() and character.isprintable():
        return character
    if ord(character) < 0x180 and unicodedata.category(character)[0] == "L":
        return character
    return rf"\texttt{{U+{ord(character):04X}}}"


def latex_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    number: Sequence[bool],
    caption: str,
    marks: Sequence[Mapping[int, str]] = (),
) -> str:
    """Return a ``table`` with a caption above it.

    Args:
        headings: one a column, plain text.
        rows: cells, plain text.
        number: whether a column stands at the right.
        caption: plain text.
        marks: of each row, by the place of a cell the command around it, such as ``emph`` or ``textbf``.
    """
    columns = "".join("r" if right else "l" for right in number)
    return "\n".join(
        [
            HEAD,
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped(caption)}}}",
            r"\footnotesize\setlength{\tabcolsep}{3pt}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            _line([escaped(heading) for heading in headings]),
            r"\midrule",
            *(_row(row, number, at) for row, at in zip(rows, marks or [{}] * len(rows), strict=True)),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _row(row: Sequence[str], number: Sequence[bool], marks: Mapping[int, str]) -> str:
    cells = [escaped(_MINUS.sub("−", c) if right else c) for c, right in zip(row, number, strict=True)]
    return _line([rf"\{marks[at]}{{{cell}}}" if at in marks else cell for at, cell in enumerate(cells)])


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"
