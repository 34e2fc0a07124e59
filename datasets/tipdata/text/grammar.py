"""The grammar of one sentence: text with choices and slots.

``[a|b]`` is a choice of the writer's; ``(I|we)`` depends on whether one or several speak; ``<tu|vous>`` on the
register; ``{flat}`` is a slot: a word of the dialect, a number, or what the advert is about. Choices may hold slots and
other choices. Where an option is empty, one of the spaces beside the choice goes with it: ``of [good|] practice`` is
"of practice".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, product
from math import prod

WRITER, SPEAKER, REGISTER = "[", "(", "<"
CLOSED_BY = {"[": "]", "(": ")", "<": ">"}
SPEAKERS = ("one", "several")


@dataclass(frozen=True)
class Slot:
    """A place for a word that something else decides."""

    name: str


@dataclass(frozen=True)
class Choice:
    """A place for one of several wordings. ``by``: what decides (:data:`WRITER`, :data:`SPEAKER`, :data:`REGISTER`)."""

    by: str
    options: tuple[Sentence, ...]


Part = str | Slot | Choice
Sentence = tuple[Part, ...]


def parse(text: str) -> Sentence:
    """Return the parts of a sentence. Raises ValueError, which says what is wrong, for brackets that do not pair."""
    parts, rest = _parts(text, "")
    if rest:
        raise ValueError(f"{rest[0]} closes nothing")
    return _tighten(parts)


def _tighten(parts: Sentence) -> Sentence:
    """Return the parts with the space beside each choice that may be empty moved into its other options."""
    made = list(parts)
    for at, part in enumerate(made):
        if not isinstance(part, Choice):
            continue
        options = tuple(_tighten(option) for option in part.options)
        if () in options:
            before, after = at - 1, at + 1
            if at and _text(made, before).endswith(" "):
                made[before] = _text(made, before)[:-1]
                options = tuple((" ", *option) if option else option for option in options)
            elif not at and _text(made, after).startswith(" "):
                made[after] = _text(made, after)[1:]
                options = tuple((*option, " ") if option else option for option in options)
        made[at] = Choice(part.by, options)
    return tuple(part for part in made if part != "")


def _text(parts: list[Part], at: int) -> str:
    part = parts[at] if at < len(parts) else ""
    return part if isinstance(part, str) else ""


def _parts(text: str, stops: str) -> tuple[Sentence, str]:
    """Return the parts of a text up to one of the characters of ``stops``, and the rest, from that character on."""
    made: list[Part] = []
    while text and text[0] not in stops:
        first = text[0]
        if first in CLOSED_BY:
            options, end = [], "|"
            while end == "|":
                option, text = _parts(text[1:], f"|{CLOSED_BY[first]}")
                if not text:
                    raise ValueError(f"{first} is not closed")
                options.append(option)
                end = text[0]
            made.append(Choice(first, tuple(options)))
            text = text[1:]
        elif first == "{":
            name, closed, text = text[1:].partition("}")
            if not closed or not name.isidentifier():
                raise ValueError("{ begins a slot and no } ends its name")
            made.append(Slot(name))
        elif first in "])>}|":
            raise ValueError(f"{first} closes nothing")
        else:
            end = next((i for i, one in enumerate(text) if one in "[(<{])>}|"), len(text))
            made.append(text[:end])
            text = text[end:]
    return tuple(made), text


def slots(sentence: Sentence) -> frozenset[str]:
    """Return the names of all slots of a sentence."""
    found: set[str] = set()
    for part in sentence:
        if isinstance(part, Slot):
            found.add(part.name)
        elif isinstance(part, Choice):
            found.update(*(slots(option) for option in part.options))
    return frozenset(found)


def choices(sentence: Sentence) -> Iterator[Choice]:
    """Yield all choices of a sentence, those within others too."""
    for part in sentence:
        if isinstance(part, Choice):
            yield part
            for option in part.options:
                yield from choices(option)


def surfaces(sentence: Sentence, words: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield what a sentence can read: every combination of its choices and of the words of its slots.

    ``words``: slot -> the words that it may hold; a slot that is not listed stays as it is written.
    """
    return ("".join(one) for one in product(*(_ways(part, words) for part in sentence)))


def ways(sentence: Sentence, words: Mapping[str, tuple[str, ...]]) -> int:
    """Return how many readings :func:`surfaces` yields."""
    return prod(
        sum(ways(option, words) for option in part.options)
        if isinstance(part, Choice)
        else len(words.get(part.name, ("",)))
        if isinstance(part, Slot)
        else 1
        for part in sentence
    )


def _ways(part: Part, words: Mapping[str, tuple[str, ...]]) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, Slot):
        return list(words.get(part.name, (f"{{{part.name}}}",)))
    return [text for option in part.options for text in surfaces(option, words)]


def group_parts(parts: Sentence) -> list[Sentence]:
    """Return a sentence's stretches: each choice alone, and what lies between choices together."""
    made: list[Sentence] = []
    for is_choice, run in groupby(parts, lambda part: isinstance(part, Choice)):
        together = tuple(run)
        made += [(part,) for part in together] if is_choice else [together]
    return made


def readings(part: Sentence, speaker: int, register: int) -> list[tuple[str | Slot, ...]]:
    """Return the readings of a stretch by the writer's choices, once speaker and register are settled."""
    ways: list[list[tuple[str | Slot, ...]]] = []
    for one in part:
        if isinstance(one, Choice):
            picked = {SPEAKER: (speaker,), REGISTER: (register,), WRITER: range(len(one.options))}[one.by]
            ways.append([way for k in picked for way in readings(one.options[k], speaker, register)])
        else:
            ways.append([(one,)])
    return [tuple(atom for way in chosen for atom in way) for chosen in product(*ways)]
