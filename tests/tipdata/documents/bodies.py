"""What the body of an advert says, read back from its text alone.

:func:`read_body` cuts a body at every sign that a writer may put between two sentences. It looks up the pieces, some of
them joined again, among all that the wordbook of the language can say, and parts two sentences that are joined to one.
It never guesses: a body is read whole, or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, product

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.text.book import ANY, CURRENCY, SHOWN, TITLE, Book
from tipdata.text.checks import wordbook
from tipdata.text.style import style

JOINED = 8
"""Most pieces that make one sentence."""
ENDS = ".!?。！？؟"
CRY = "¡"


@dataclass(frozen=True)
class BodyContent:
    """What a body says.

    ``levels``: ``fact=level`` of each sentence that says one, in order. ``sentences``: as the wordbook spells them, in
    lower case, prices and contacts all alike. ``unfit``: words that no advert of the category may hold. ``basis``: what
    its price is for, '' for none. ``read``: whether all of it was read.
    """

    levels: tuple[str, ...]
    sentences: tuple[str, ...]
    unfit: tuple[str, ...]
    basis: str
    read: bool


def read_body(body: str, language: str, category: str) -> BodyContent:
    """Return what the body of an advert says. Raises KeyError for a category that does not exist."""
    return _reader(language).read(body, category)


@cache
def _reader(language: str) -> _BodyReader:
    return _BodyReader(wordbook(language))


def _either(texts: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, texts), key=len, reverse=True))


class _BodyReader:
    """Reads bodies of one language."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.bases = {text.casefold(): basis for text, basis in book.prices.items()}
        self.basis = re.compile(_either(self.bases))
        listed = book.document["misspellings"]
        self.right = {str(wrong).casefold(): str(right).casefold() for right, wrong in listed.items()}
        # Within words too, at last: a word that a choice offers may be written on to the one before it.
        wrong = _either(self.right)
        self.wrong = re.compile(rf"(?<!\w)(?:{wrong})(?!\w)"), re.compile(wrong)
        signs = style()
        self.emoji = re.compile(rf"\s?(?:{_either(signs.emoji)})+")
        self.contact = re.compile(_either(one.casefold() for one in (*signs.contacts, *signs.masked)))
        self.price = re.compile(rf"\d[\d.,\s]*(?=\s{CURRENCY.casefold()})")
        between = _either(signs.between)
        self.cut = re.compile(rf"({between}|(?<=[{ENDS}]){re.escape(book.space)})")
        self.joins = [re.compile(re.escape(join), re.IGNORECASE) for join in book.joins]
        self.plain = lru_cache(1 << 16)(self._plain)
        self.known: dict[str, dict[str, str]] = {family: {} for family in FAMILIES}
        """family -> sentence -> ``fact=level``, '' for a filler."""
        for frame in book.frames():
            fact, says, level = frame.where.partition("/")
            if frame.where == TITLE:
                continue
            of = f"{fact}={level}" if says else ""
            for text in book.readings(frame):
                for family in FAMILIES if frame.family == ANY else (frame.family,):
                    self.known[family].update(dict.fromkeys(self._plain(text), of))

    def read(self, body: str, category: str) -> BodyContent:
        """Return what a body says."""
        known = self.known[FAMILIES[CATEGORIES[category]]]
        pieces = self.cut.split(self.emoji.sub("", body))
        count = (len(pieces) + 1) // 2
        sizes = [0] * count
        good = [False] * count + [True]
        found: list[tuple[str, ...]] = [()] * count
        for at in range(count - 1, -1, -1):
            for size in range(min(JOINED, count - at), 0, -1):
                if not good[at + size]:
                    continue
                if said := self._find("".join(pieces[2 * at : 2 * (at + size) - 1]), known):
                    sizes[at], good[at], found[at] = size, True, said
                    break
        at, sentences = 0, []
        while good[0] and at < count:
            sentences += found[at]
            at += sizes[at]
        bases = (self.basis.search(one) for one in sentences)
        return BodyContent(
            levels=tuple(known[one] for one in sentences if known[one]),
            sentences=tuple(sentences),
            unfit=tuple(word for one in sentences for word in self.book.unfit_in(one, category)),
            basis=next((self.bases[match.group()] for match in bases if match), ""),
            read=good[0],
        )

    def _find(self, text: str, known: dict[str, str]) -> tuple[str, ...]:
        """Return the sentence that a text is, or the two that are joined in it; none for no text of the wordbook."""
        halves = (
            (text[: join.start()], text[join.end() :]) for one in self.joins for join in one.finditer(text)
        )
        for parts in chain([(text,)], halves):
            for said in product(*map(self.plain, parts)):
                if all(one in known for one in said):
                    return said
        return ()

    def _plain(self, text: str) -> tuple[str, ...]:
        """Return a sentence in lower case, without its last sign, prices and contacts all alike: as it is, and spelt
        right. What is right as it is may hold what is wrong elsewhere."""
        text = self.contact.sub(SHOWN["contact"].casefold(), text.casefold())
        text = self.price.sub(SHOWN["price"], text)
        text = text.strip().removeprefix(CRY).rstrip(ENDS).strip()
        return text, *(wrong.sub(lambda found: self.right[found.group()], text) for wrong in self.wrong)
