"""The text of adverts: what is said, in the writer's order and style.

A sentence is put together from pieces (:mod:`tipdata.text.phrases`). How a writer picks among near-synonyms, orders
sentences, ends them, spells, and what decorates them, depends on the writer alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import Region
from tipdata.stages.adverts.saying import Said, number_of
from tipdata.stages.adverts.templates import Chains
from tipdata.stages.operations.facts import SILENT, Facts
from tipdata.stages.operations.kinds import CATEGORIES, MAX_TEMPLATES
from tipdata.stages.operations.stage import Operations
from tipdata.text.phrases import MISSPELT, NONE, PIECES, SLOTS, WORDS, Phrases
from tipdata.text.style import Style, style
from tipdata.text.wordbook import KINDS_OF_FILLER, NUMBERS

if TYPE_CHECKING:
    import pyarrow as pa

I, SEVERAL = 0, 1
AS_WRITTEN, LOWER, UPPER = range(3)
END_OF_LINE = -1


@dataclass(frozen=True)
class Shown:
    """What an advert shows that its text speaks of: ``price`` in minor units (n,), -1 for none; ``masked`` (n,) bool."""

    price: np.ndarray
    masked: np.ndarray


def render(
    region: Region, o: Operations, facts: Facts, words: Phrases, chains: Chains, source: Ints, said: Said, shown: Shown
) -> tuple[pa.Array, pa.Array, Ints]:
    """Return titles and bodies as arrow strings, and how many misspellings each body has."""
    text = _Text(region, o, facts, words, chains, source, said, shown)
    return text.titles(), text.bodies(), text.misspelt


class _Text:
    """One region's adverts while they are worded. ``strings`` are all strings: bases in their forms, then signs, prices and
    contacts of this region."""

    def __init__(
        self, region: Region, o: Operations, facts: Facts, words: Phrases, chains: Chains, source: Ints, said: Said, shown: Shown
    ) -> None:
        self.region, self.o, self.words, self.chains, self.said, self.shown = region, o, words, chains, said, shown
        self.signs: Style = style()
        self.owner = chains.operation
        self.language, self.family = o.language[self.owner], o.family[self.owner]
        self.template = source[chains.template]
        self.writer = o.writer[self.template // MAX_TEMPLATES]
        self.styles = self._styles(source)
        voice = facts.level[self.owner, number_of("voice")]
        said_voice = said.level[:, number_of("voice")]
        # Levels are numbered as in facts.yaml: 0 is one who writes of themselves.
        self.speaker = np.where(np.where(said_voice == SILENT, voice, said_voice) == 0, I, SEVERAL)
        self.strings: list[str] = []
        self.start = len(words.wrong) * MISSPELT
        self.wrong = region.stream("writers/misspelling").chance(
            self.writer[:, None], probability(region["writing.misspelling"]), np.arange(WORDS)[None, :]
        )
        self.sign = {text: self._own(text) for text in self.signs.all}

    def titles(self) -> pa.Array:
        """Return the titles."""
        frame = self.words.titles[self.language, self.family, self.said.title]
        row = np.arange(len(frame))
        _, at, code = self._pieces(row, frame)
        return self._joined(at, self._forms(at, code), self.styles["title_case"])

    def bodies(self) -> pa.Array:
        """Return the bodies."""
        row, frame = self._ordered()
        place, at, code = self._pieces(row, frame)
        string = self._forms(at, code)
        ends_at, ends = self._ends(row, frame)
        emoji_at, emoji = self._emoji(row)
        # Within a sentence: its words, its end sign, an emoji, what stands before the next one.
        position = np.concatenate([place * 8, ends_at, emoji_at])
        owner = np.concatenate([at, row[ends_at // 8], row[emoji_at // 8]])
        order = np.argsort(position, kind="stable")
        return self._joined(owner[order], np.concatenate([string, ends, emoji])[order], self.styles["body_case"])

    def _ordered(self) -> tuple[Ints, Ints]:
        """Return advert and frame of every sentence, in writing order."""
        said, words = self.said, self.words
        row, fact = np.nonzero(said.level != SILENT)
        frames = words.levels[self.language[row], self.family[row], fact, said.level[row, fact], said.frame[row, fact]]
        habit = self.region.stream("writers/order").below(self.writer[row], 1000, fact)
        own = self.region.stream("templates/order").below(self.template[row], 400, fact)
        time = 1000 + habit + own
        contact = fact == number_of("contact")
        time[contact] = self.styles["contact_place"][row[contact]]
        rows, times, listed = [row], [time], [frames]
        for kind, name in enumerate(KINDS_OF_FILLER):
            there = np.flatnonzero(said.filler[:, kind] >= 0)
            rows.append(there)
            listed.append(words.fillers[self.language[there], kind, self.family[there], said.filler[there, kind]])
            first, last = self.signs.places[name]
            times.append(first + self.region.stream(f"templates/place_{name}").below(self.template[there], last - first + 1))
        row, time, frame = np.concatenate(rows), np.concatenate(times), np.concatenate(listed)
        order = np.lexsort((frame, time, row))
        return row[order], frame[order]

    def _pieces(self, row: Ints, frame: Ints) -> tuple[Ints, Ints, Ints]:
        """Return the number of the sentence, the advert and the code of every piece, in order."""
        words = self.words
        sentence, item = _ragged(words.first_item[frame], words.items[frame])
        at = row[sentence]
        speakers, registers, dialects, ways = words.by[item].T
        option = np.where(speakers > 1, self.speaker[at], 0)
        option = option * registers + np.where(registers > 1, self.styles["register"][at], 0) % registers
        option = option * dialects + np.where(dialects > 1, self.styles["dialect"][at], 0) % dialects
        option = option * ways + self._way(at, item, ways)
        code = words.pieces[words.first_option[item] + option]
        there = code != NONE
        return np.repeat(sentence, PIECES)[there.ravel()], np.repeat(at, PIECES)[there.ravel()], code[there]

    def _way(self, at: Ints, item: Ints, ways: Ints) -> Ints:
        """Return which near-synonym is picked: mostly the one the writer always takes there."""
        made = np.zeros(len(at), dtype=np.int64)
        open_ = np.flatnonzero(ways > 1)
        a, i, n = at[open_], item[open_], ways[open_]
        own = self.region.stream("writers/synonym").below(self.writer[a], n, i)
        new = self.region.stream("templates/synonym").below(self.template[a], n, i)
        kept = self.region.stream("templates/own_synonym").chance(
            self.template[a], probability(self.region["writing.own_synonym"]), i
        )
        made[open_] = np.where(kept, own, new)
        return made

    def _forms(self, at: Ints, code: Ints) -> Ints:
        """Return the number of the string of each piece, misspelt as the writer does; slots are filled."""
        filled = code.copy()
        string = np.zeros(len(code), dtype=np.int64)
        for number, name in enumerate(SLOTS):
            here = np.flatnonzero(code == -2 - number)
            if here.size == 0:
                continue
            if name in NUMBERS:
                filled[here] = self._number(NUMBERS.index(name), at[here])
            elif name == "what":
                filled[here] = self.words.nouns[self.language[at[here]], self.o.category[self.owner[at[here]]], self.said.noun[at[here]]]
            else:
                string[here] = self._price(at[here]) if name == "price" else self._contact(at[here])
        base = np.flatnonzero(filled >= 0)
        listed = self.words.wrong[filled[base]]
        misspelt = np.zeros(len(base), dtype=np.int64)
        for bit in range(2):
            word = listed[:, bit].astype(np.int64)
            misspelt += (self.wrong[at[base], np.maximum(word, 0)] & (word >= 0)) << bit
        string[base] = filled[base] * MISSPELT + misspelt
        self.misspelt = np.bincount(at[base], weights=misspelt > 0, minlength=len(self.owner)).astype(np.int64)
        return string

    def _number(self, slot: int, at: Ints) -> Ints:
        """Return the base string of an operation's number, in digits or words as the writer does."""
        language = self.language[at]
        many = (self.words.values[language, slot] > 0).sum(axis=1)
        value = self.region.stream("operations/number").below(self.owner[at], many, slot)
        return self.words.numbers[language, slot, value, self.styles["number_words"][at]]

    def _price(self, at: Ints) -> Ints:
        price, way = self.shown.price[at] // 100, self.styles["thousands"][at]
        distinct, which = np.unique(price * 8 + way, return_inverse=True)
        own = np.array([self._own(self.signs.price(int(one) // 8, int(one) % 8)) for one in distinct])
        return own[which]

    def _contact(self, at: Ints) -> Ints:
        plain = np.array([self._own(one) for one in self.signs.contacts])
        masked = np.array([self._own(one) for one in self.signs.masked])
        way = self.styles["mask"][at]
        return np.where(self.shown.masked[at], masked[way % len(masked)], plain[way % len(plain)])

    def _ends(self, row: Ints, frame: Ints) -> tuple[Ints, Ints]:
        """Return places (eight a sentence) and the strings that end sentences and part them."""
        language, way = self.language[row], self.styles["separator"][row]
        last = np.ones(len(row), dtype=bool)
        last[:-1] = row[1:] != row[:-1]
        question = self.words.question[frame]
        shout = self.region.stream("templates/shout").chance(self.template[row], 9000, frame)
        kind = np.where(question, NONE, np.where(shout, 1, 0))
        plain = np.array([one.ends for one in self.signs.separators])[way]
        end = self.words.ends[language, np.maximum(kind, 0)] * MISSPELT
        signs = np.array([self.sign[one.between] if one.between else END_OF_LINE for one in self.signs.separators])
        between = np.where(signs[way] == END_OF_LINE, self.words.space[language] * MISSPELT, signs[way])
        has_end = plain & (kind != NONE)
        number = np.arange(len(row))
        places = np.concatenate([number[has_end] * 8 + 1, number[~last] * 8 + 3])
        return places, np.concatenate([end[has_end], between[~last]])

    def _emoji(self, row: Ints) -> tuple[Ints, Ints]:
        """Return places (eight a sentence) and strings of emoji, in runs."""
        first = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
        count = np.diff(np.r_[first, len(row)])
        at = row[first]
        run = self.styles["emoji_run"][at]
        spot = self.region.stream("templates/emoji_spot").below(self.template[at], np.maximum(count, 1))
        where, turn = _ragged(np.zeros(len(at), dtype=np.int64), run)
        token = self.region.stream("writers/emoji").below(self.writer[at][where], 4, turn % 2)
        kind = (self.styles["emoji"][at][where] * 3 + token) % len(self.signs.emoji)
        strings = np.array([self.sign[f" {one}"] for one in self.signs.emoji])
        return (first[where] + spot[where]) * 8 + 2, strings[kind]

    def _styles(self, source: Ints) -> dict[str, np.ndarray]:
        """Return style features of each advert: its writer's, each redrawn for a template now and then."""
        region, words = self.region, self.words
        template = np.arange(len(source))
        writer = self.o.writer[template // MAX_TEMPLATES]
        keep = probability(region["writing.persistence"])
        listed = region["writing.styles"]
        made: dict[str, np.ndarray] = {}
        for name, weights in listed.items():
            weights = np.array(weights)
            own = region.stream(f"writers/{name}").choose(writer, weights)
            new = region.stream(f"templates/{name}").choose(template, weights)
            kept = region.stream(f"templates/keeps_{name}").chance(template, keep)
            made[name] = np.where(kept, own, new)[self.template]
        # Register and dialect are fixed for a writer: nobody changes from "tu" to "usted" between two sentences.
        made["register"] = region.stream("writers/register").below(self.writer, 2)
        usual = int(region.stream("dialect/usual").below(np.array([0]), 6)[0])
        strays = region.stream("writers/strays").chance(self.writer, probability(region["writing.other_dialect"]))
        made["dialect"] = np.where(strays, region.stream("writers/dialect").below(self.writer, 6), usual)
        made["dialect"] = made["dialect"] % words.dialects[self.language]
        made["contact_place"] = np.array(self.signs.contact_places)[made["contact_place"]]
        return made

    def _own(self, text: str) -> int:
        """Return the number of a string of this region."""
        self.strings.append(text)
        return self.start + len(self.strings) - 1

    def _joined(self, owner: Ints, string: Ints, case: np.ndarray) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        known: Any = self.words.arrow.get("strings")
        if known is None:
            known = self.words.arrow["strings"] = pa.array(self.words.strings, type=pa.string())
        used, which = np.unique(string, return_inverse=True)
        bases = int(np.searchsorted(used, self.start))
        own = [self.strings[number - self.start] for number in used[bases:]]
        table = pa.concat_arrays([known.take(pa.array(used[:bases])), pa.array(own, type=pa.string())])
        pieces = table.take(pa.array(which))
        counts = np.bincount(owner, minlength=len(self.owner))
        offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), type=pa.int32())
        text = pc.binary_join(pa.ListArray.from_arrays(offsets, pieces), "")  # type: ignore[attr-defined]
        lower, upper = pc.utf8_lower(text), pc.utf8_upper(text)  # type: ignore[attr-defined]
        return pc.choose(pa.array(case), text, lower, upper)  # type: ignore[attr-defined]


def _ragged(first: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Return for rows of ``count`` elements each: the row of each element, and ``first`` + its place within the row."""
    row = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, np.asarray(first)[row] + within


__all__ = ["CATEGORIES", "Shown", "render"]
