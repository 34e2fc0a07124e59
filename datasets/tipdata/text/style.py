"""Signs of a writer's style, as :file:`text/signs.yaml` lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from tipdata.text.documents import read_document
from tipdata.text.lint import find_broken_rules


@dataclass(frozen=True)
class Separator:
    """What stands between two sentences, '' for the language's own space; and whether a sentence has its end sign.

    ``instead``: language -> what stands there in place of ``between``.
    """

    between: str
    ends: bool
    instead: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Style:
    """Signs by use; see the file."""

    separators: tuple[Separator, ...]
    emoji: tuple[str, ...]
    contacts: tuple[str, ...]
    masked: tuple[str, ...]
    thousands: dict[str, tuple[str, ...]]

    @property
    def between(self) -> set[str]:
        """All that may stand between two sentences, but a language's own space."""
        signs = (sign for one in self.separators for sign in (one.between, *one.instead.values()))
        return {sign for sign in signs if sign}

    def price(self, whole: int, language: str, way: int) -> str:
        """Return a price as a writer of a language groups its thousands."""
        if whole < 1000:
            return str(whole)
        form = self.thousands[language][way % len(self.thousands[language])]
        return form.format(whole) if "{1}" not in form else form.format(whole // 1000, f"{whole % 1000:03}")


@cache
def style() -> Style:
    """Return the signs."""
    document = read_document("signs")
    listed = {name: tuple(document[name]) for name in ("emoji", "contacts", "masked")}
    return Style(
        separators=tuple(Separator(**one) for one in document["separators"]),
        thousands={language: tuple(forms) for language, forms in document["thousands"].items()},
        **listed,
    )


def check_style() -> None:
    """Raises ValueError for a sign of style that may not stand in an advert."""
    signs = style()
    for sign in (*signs.emoji, *signs.contacts, *signs.masked, *sorted(signs.between)):
        for rule, found in find_broken_rules(sign, "", forms=False).items():
            raise ValueError(f"signs.yaml: {found!r} in {sign!r} is not allowed ({rule}): delete it.")
        if re.search(r"[^\W_]", re.sub(r"[Nx]", "", sign)):
            raise ValueError(f"signs.yaml: {sign!r} holds letters or digits that are no N: delete it.")
