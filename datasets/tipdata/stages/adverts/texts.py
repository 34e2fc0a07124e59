"""The text of adverts: what is offered, then the facts section by section, then a contact, in the writer's style.

Two neighbouring sentences of a topic are often joined to one. The order of sections, where the contact stands and
what is joined depend on writer and template alone.

A sentence is put together from pieces (:mod:`tipdata.text.phrases`). How a writer picks among near-synonyms, orders
sentences, ends them, spells, and what decorates them, depends on the writer alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import LANGUAGES, MAX_TEMPLATES
from tipdata.core.tables import begins_group, repeat_rows
from tipdata.stages.adverts.frames import FrameChooser
from tipdata.stages.adverts.schedule import Schedule
from tipdata.stages.adverts.statements import Statements
from tipdata.stages.operations.state import SILENT
from tipdata.text.book import BASES, KINDS_OF_FILLER, NUMBERS, REGISTERS, SLOTS, WORDS, price_text
from tipdata.text.facts import number_of
from tipdata.text.genre import genre
from tipdata.text.misspellings import MISSPELT
from tipdata.text.phrases import NONE, PIECES
from tipdata.text.style import Style, style

if TYPE_CHECKING:
    import pyarrow as pa

CASES = ("as written", "lower", "upper")
"""How a writer cases words: the strings of the wordbooks stand in each case, one after another."""


def offsets(owner: Ints, count: int) -> pa.Array:
    """Return where each owner's part of a list begins, and its end; owners in rising order."""
    import pyarrow as pa

    return pa.array(np.r_[0, np.cumsum(np.bincount(owner, minlength=count))], type=pa.int32())


REGIONAL = 6
"""Divisible by every number of dialects that a language may have."""


SECTION = 1000
"""Room for the sentences of a section in their times."""
FIRST = 2 * SECTION
PLACES = {"openings": 0, "offers": 100, "chat": FIRST + SECTION - 1, "closings": 9 * SECTION}
"""When fillers come."""
AT_END, AFTER_OFFER = 8 * SECTION, 900
"""When the contact comes."""
MARKS = 16
"""What the text of a sentence may depend on beside frame, price, noun, contact and speaker: so many values."""
BEFORE_CRY = 3
"""The column of :attr:`Phrases.ends` that holds what opens a cry."""
ONE, SEVERAL = 0, 1
"""Who speaks."""


class TextRenderer:
    """Words the adverts of one region.

    ``source``: template whose text each template has. ``price``: of each advert in minor units, -1 for none;
    ``basis``: what it is for; ``masked``: bool, the contact is obfuscated.

    ``strings``: those of this region alone (signs, prices, contacts), numbered after all forms of the wordbooks'. They
    have no case.
    """

    def __init__(
        self,
        framing: FrameChooser,
        plan: Schedule,
        source: Ints,
        statements: Statements,
        price: Ints,
        basis: Ints,
        masked: np.ndarray,
    ) -> None:
        self.region, self.words, self.writers = framing.region, framing.words, framing.writers
        self.statements, self.price, self.basis, self.masked = statements, price, basis, masked
        self.signs: Style = style()
        o, self.owner = framing.writers, plan.operation
        self.language, self.family = o.language[self.owner], o.family[self.owner]
        self.template = source[plan.template]
        self.writer = o.writer[self.template // MAX_TEMPLATES]
        self.styles = self._draw_styles()
        voice = o.voice[self.owner]
        stated_voice = statements.level[:, number_of("voice")]
        # Levels are numbered as in facts.yaml: 0 is one who writes of themselves.
        self.speaker = self._who_speaks(stated_voice, voice)
        self.strings: list[str] = []
        self.start = len(CASES) * len(self.words.wrong) * MISSPELT
        """Number of the first string that is not one of the wordbooks'."""
        self.wrong = self.region.chance(
            "writers/misspelling", np.arange(len(o.writer))[:, None], "writing.misspelling", np.arange(WORDS)
        )
        """(writers, words) bool: the writer misspells the word."""

    def _who_speaks(self, stated_voice: Ints, voice: Ints) -> Ints:
        """Where an advert does not state the voice, other facts may tell it; else it is ``voice``."""
        level = self.statements.level
        fact = np.arange(level.shape[1])
        one, several = (
            ((level != SILENT) & speaks[self.family[:, None], fact, np.maximum(level, 0)]).any(axis=1)
            for speaks in genre().speaks
        )
        told = np.where(several, SEVERAL, np.where(one, ONE, voice))
        return np.where(stated_voice == SILENT, told, stated_voice > 0)

    def _draw_styles(self) -> dict[str, np.ndarray]:
        """Return style features of each advert: its writer's, each redrawn for a template now and then."""
        region = self.region
        distinct, which = np.unique(self.template, return_inverse=True)
        owner = self.writers.writer[distinct // MAX_TEMPLATES]
        made: dict[str, np.ndarray] = {}
        for name, listed in region["writing.styles"].items():
            weights = np.array(listed)
            own = region.stream(f"writers/{name}").choose(owner, weights)
            new = region.stream(f"templates/{name}").choose(distinct, weights)
            kept = region.chance(f"templates/keeps_{name}", distinct, "writing.persistence")
            made[name] = np.where(kept, own, new)[which]
        # Register and dialect are fixed for a writer: nobody changes from "tu" to "usted" between two sentences.
        made["register"] = region.stream("writers/register").below(self.writer, REGISTERS)
        usual = int(region.stream("dialect/usual").below(np.array([0]), REGIONAL)[0])
        strays = region.chance("writers/strays", self.writer, "writing.other_dialect")
        elsewhere = region.stream("writers/dialect").below(self.writer, REGIONAL)
        made["dialect"] = np.where(strays, elsewhere, usual) % self.words.dialects[self.language]
        return made

    def _order_sentences(self) -> tuple[Ints, Ints, np.ndarray]:
        """Return advert and frame of every sentence, in writing order; and bool, whether it is joined to the one before
        it."""
        said, words, made = self.statements, self.words, genre()
        row, fact = np.nonzero(said.level != SILENT)
        language, family = self.language[row], self.family[row]
        frames = words.levels[language, family, fact, said.level[row, fact], said.frame[row, fact]]
        writer = self.writers.writer[self.template[row] // MAX_TEMPLATES]
        order = self.region.stream("writers/sections").below(writer, len(made.orders))
        section = made.section[family, fact]
        rank = (made.orders[order] == section[:, None]).argmax(axis=1)
        within = made.place[family, fact] * 60 + self.region.stream("writers/place").below(writer, 90, fact)
        time = FIRST + rank * SECTION + within
        late = self.region.stream("writers/contact_place").below(writer, 5) > 0
        contact = section < 0
        time[contact] = np.where(late, AT_END, AFTER_OFFER)[contact] + (fact[contact] != number_of("contact"))
        rows, times, listed, topics = [row], [time], [frames], [made.topic[family, fact]]
        for kind, name in enumerate(KINDS_OF_FILLER):
            there = np.flatnonzero(said.filler[:, kind] >= 0)
            rows.append(there)
            times.append(np.full(len(there), PLACES[name]))
            listed.append(
                words.fillers[self.language[there], kind, self.family[there], said.filler[there, kind]]
            )
            topics.append(np.full(len(there), -1))
        row, time, frame, topic = (np.concatenate(one) for one in (rows, times, listed, topics))
        order = np.argsort(row * (10 * SECTION) + time, kind="stable")
        row, frame, topic = row[order], frame[order], topic[order]
        return row, frame, self._find_joined(row, frame, topic)

    def _find_joined(self, row: Ints, frame: Ints, topic: Ints) -> np.ndarray:
        may = self.region.chance("templates/joined", self.template[row], "writing.joined", frame)
        may &= self.words.joinable[frame] & (topic >= 0) & ~self.statements.brief[row]
        may[1:] &= self.words.joinable[frame[:-1]] & (row[1:] == row[:-1]) & (topic[1:] == topic[:-1])
        may[:1] = False
        # Two at most: of a run of such sentences every other one is joined.
        number = np.arange(len(may))
        start = np.maximum.accumulate(np.where(may & ~np.r_[False, may[:-1]], number, 0))
        return may & ((number - start) % 2 == 0)

    def titles(self) -> pa.Array:
        """Return the titles as arrow strings."""
        frame = self.words.titles[self.language, self.family, self.statements.title]
        row = np.arange(len(frame))
        sentence, at, code = self._pieces(row, frame)
        string = self._forms(sentence, at, code, self.styles["title_case"])
        return self._join_pieces(string, sentence, len(row))

    def bodies(self) -> tuple[pa.Array, Ints]:
        """Return the bodies as arrow strings, and how many misspellings each has.

        Each distinct sentence of a template is put together once.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        row, frame, joined = self._order_sentences()
        goes_on = np.r_[joined[1:], False]
        last = np.r_[begins_group(row)[1:], True]
        emoji = self._emoji_spots(row) & ~goes_on
        first, which = self._distinct(row, frame, ((last * 2 + emoji) * 2 + joined) * 2 + goes_on)
        row_, frame_, joined_, goes_on_ = (one[first] for one in (row, frame, joined, goes_on))
        sentence, at, code = self._pieces(row_, frame_)
        string = self._forms(sentence, at, code, self.styles["body_case"], joined_)
        wrong = (string < self.start) & (string % MISSPELT > 0)
        errors = np.bincount(sentence[wrong], minlength=len(first))
        misspelt = np.bincount(row, errors[which], len(self.owner)).astype(np.int64)
        opened, opening, ended, end = self._ends(row_, frame_, ~joined_ & ~goes_on_)
        stops = ~goes_on_[ended]
        decorated, sign = self._emoji(row_, emoji[first])
        parted, part = self._parts(row_, goes_on_, last[first])
        places = (opened, sentence, ended[stops], decorated, parted)
        number = np.concatenate([one * len(places) + turn for turn, one in enumerate(places)])
        order = np.argsort(number, kind="stable")
        pieces = np.concatenate([opening, string, end[stops], sign, part])[order]
        sentences = self._join_pieces(pieces, number[order] // len(places), len(first))
        listed = pa.ListArray.from_arrays(offsets(row, len(self.owner)), sentences.take(pa.array(which)))
        return pc.binary_join(listed, ""), misspelt  # type: ignore[attr-defined]

    def _distinct(self, row: Ints, frame: Ints, marks: np.ndarray) -> tuple[Ints, Ints]:
        """Return the first of each distinct sentence, and which of them each sentence is.

        ``marks``: what else its text depends on, numbers below :data:`MARKS`.
        """
        import pyarrow as pa

        slots = self.words.slots[frame]
        noun = np.where(slots & 1, self.statements.noun[row] + 1, 0)
        masked = np.where(slots & 2, self.masked[row] + 1, 0)
        rank = np.unique(self.price * len(BASES) + self.basis, return_inverse=True)[1]
        price = np.where(slots & 4, rank[row] + 1, 0)
        slot_code = ((noun * 3 + masked) * 2 + self.speaker[row]) * MARKS + marks
        text = np.unique(self.template << 20 | self.owner, return_inverse=True)[1]
        key = ((text[row] << 20 | frame) << 16 | price) << 12 | slot_code
        which = pa.array(key).dictionary_encode().indices.to_numpy()
        first = np.empty(which.max(initial=-1) + 1, dtype=np.int64)
        first[which[::-1]] = np.arange(len(row))[::-1]
        return first, which

    def _parts(self, row: Ints, goes_on: np.ndarray, last: np.ndarray) -> tuple[Ints, Ints]:
        """Return the sentences that another one follows, and the string between the two.

        ``row``: advert of each sentence. ``goes_on``: bool, the next one is joined to it. ``last``: bool, the last of
        its advert.
        """
        between = np.array(
            [
                [self._own(one.instead.get(name, one.between) or space) for one in self.signs.separators]
                for name, space in zip(LANGUAGES, self._spaces(), strict=True)
            ]
        )
        here, joins = np.flatnonzero(~last), goes_on[~last]
        language, template = self.language[row[here]], self.template[row[here]]
        part = between[language, self.styles["separator"][row[here]]]
        many = (self.words.joins[language[joins]] != NONE).sum(axis=1)
        # The first way is the most frequent: of two draws the lower one counts.
        ways = (self.region.stream("templates/join").below(template[joins], many, k) for k in (0, 1))
        part[joins] = self.words.joins[language[joins], np.minimum(*ways)] * MISSPELT
        return here, part

    def _spaces(self) -> list[str]:
        return [self.words.strings[number * MISSPELT] for number in self.words.space]

    def _pieces(self, row: Ints, frame: Ints) -> tuple[Ints, Ints, Ints]:
        """Return the number of the sentence, the advert and the code of every piece, in order."""
        words = self.words
        sentence, within = repeat_rows(words.items[frame])
        at, item = row[sentence], np.asarray(words.first_item)[frame[sentence]] + within
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
        kept = self.region.chance("templates/own_synonym", self.template[a], "writing.own_synonym", i)
        made[open_] = np.where(kept, own, new)
        return made

    def _forms(
        self, sentence: Ints, at: Ints, code: Ints, case: np.ndarray, joined: np.ndarray | bool = False
    ) -> Ints:
        """Return the number of the string of each piece, misspelt and cased as the writer does; slots are filled.

        ``case``: of each advert. Signs, prices and contacts have none. ``joined``: of each sentence, bool: it does not
        begin with a capital.
        """
        filled = code.copy()
        string = np.zeros(len(code), dtype=np.int64)
        for number, name in enumerate(SLOTS):
            here = np.flatnonzero(code == -2 - number)
            if here.size == 0:
                continue
            if name in NUMBERS:
                filled[here] = self._number(NUMBERS.index(name), at[here])
            elif name == "what":
                filled[here] = self.words.nouns[
                    self.language[at[here]],
                    self.writers.category[self.owner[at[here]]],
                    self.statements.noun[at[here]],
                ]
            else:
                string[here] = self._price(at[here]) if name == "price" else self._contact(at[here])
        begins = np.flatnonzero(begins_group(sentence) & (filled >= 0))
        first, small = filled[begins], np.broadcast_to(joined, sentence.max(initial=-1) + 1)[sentence[begins]]
        filled[begins] = np.where(small, self.words.lower[first], self.words.capital[first])
        base = np.flatnonzero(filled >= 0)
        listed = self.words.wrong[filled[base]]
        misspelt = np.zeros(len(base), dtype=np.int64)
        for bit in range(2):
            word = listed[:, bit].astype(np.int64)
            misspelt += (self.wrong[self.writer[at[base]], word] & (word >= 0)) << bit
        string[base] = (case[at[base]] * len(self.words.wrong) + filled[base]) * MISSPELT + misspelt
        return string

    def _number(self, slot: int, at: Ints) -> Ints:
        """Return the base string of an operation's number, in digits or words as the writer does."""
        language = self.language[at]
        many = (self.words.values[language, slot] > 0).sum(axis=1)
        value = self.region.stream("operations/number").below(self.owner[at], many, slot)
        return self.words.numbers[language, slot, value, self.styles["number_words"][at]]

    def _price(self, at: Ints) -> Ints:
        price, grouping = self.price[at] // 100, self.styles["thousands"][at]
        language, wording = self.language[at], self.region.stream("writers/basis").below(self.writer[at], 2)
        basis = self.words.bases[language, self.basis[at], wording]
        parts = np.stack([price, language, grouping, basis])
        distinct, which = np.unique(parts, axis=1, return_inverse=True)
        spaces = self._spaces()
        texts = []
        for number, speaks, groups, base in distinct.T:
            sign = self.signs.price(int(number), LANGUAGES[speaks], int(groups))
            texts.append(price_text(sign, self.words.strings[base * MISSPELT], spaces[speaks]))
        return np.array([self._own(text) for text in texts])[which]

    def _contact(self, at: Ints) -> Ints:
        plain = np.array([self._own(one) for one in self.signs.contacts])
        masked = np.array([self._own(one) for one in self.signs.masked])
        style = self.styles["mask"][at]
        return np.where(self.masked[at], masked[style % len(masked)], plain[style % len(plain)])

    def _ends(self, row: Ints, frame: Ints, alone: np.ndarray) -> tuple[Ints, Ints, Ints, Ints]:
        """Return the sentences that open with a sign, and the signs, then those that end with one.

        None has one where the writer parts sentences otherwise. In a language that opens cries no sentence that also
        asks is one. ``alone``: bool, which may be cries.
        """
        ends = np.array([one.ends for one in self.signs.separators])[self.styles["separator"][row]]
        shout = self.region.chance("templates/shout", self.template[row], "writing.shouts", frame)
        shout &= ends & ~self.words.question[frame] & ~self.words.asks[frame] & alone
        before = self.words.ends[self.language[row], BEFORE_CRY]
        opened = np.flatnonzero(shout & (before != NONE) & (self.styles["opens"][row] == 0))
        here = np.flatnonzero(ends & ~self.words.question[frame])
        end = self.words.ends[self.language[row[here]], shout[here].astype(int)]
        return opened, before[opened] * MISSPELT, here, end * MISSPELT

    def _emoji_spots(self, row: Ints) -> np.ndarray:
        first = np.flatnonzero(begins_group(row))
        count = np.diff(np.r_[first, len(row)])
        at = row[first]
        spot = first + self.region.stream("templates/emoji_spot").below(self.template[at], count)
        made = np.zeros(len(row), dtype=bool)
        made[spot[self.styles["emoji_run"][at] > 0]] = True
        return made

    def _emoji(self, row: Ints, there: np.ndarray) -> tuple[Ints, Ints]:
        """Return sentences and the emoji behind them, one after another: runs of the writer's own few."""
        spots = np.flatnonzero(there)
        at = row[spots]
        where, turn = repeat_rows(self.styles["emoji_run"][at])
        token = self.region.stream("writers/emoji").below(self.writer[at][where], 4, turn % 2)
        kind = (self.styles["emoji"][at][where] * 3 + token) % len(self.signs.emoji)
        strings = np.array([[self._own(f"{lead}{one}") for one in self.signs.emoji] for lead in ("", " ")])
        spaced = np.array([space != "" for space in self._spaces()])
        leads = (turn == 0) & spaced[self.language[at]][where]
        return spots[where], strings[leads.astype(int), kind]

    def _own(self, text: str) -> int:
        self.strings.append(text)
        return self.start + len(self.strings) - 1

    def _join_pieces(self, string: Ints, owner: Ints, count: int) -> pa.Array:
        """Return the strings of each owner, in order, as one; '' for an owner without any.

        ``string``: number of the string of each piece: those of the wordbooks, in each of :data:`CASES`, then the
        region's own. ``owner``: of each piece, from 0 to ``count``, rising.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        known: Any = self.words.arrow.get("strings")
        if known is None:
            written = pa.array(self.words.strings, type=pa.string())
            cased = [written, pc.utf8_lower(written), pc.utf8_upper(written)]  # type: ignore[attr-defined]
            known = self.words.arrow["strings"] = pa.concat_arrays(cased)
        mine = string >= self.start
        pieces = known.take(pa.array(np.where(mine, 0, string)))
        others = pa.array(self.strings, type=pa.string()).take(pa.array(string[mine] - self.start))
        pieces = pc.replace_with_mask(pieces, pa.array(mine), others)  # type: ignore[attr-defined]
        listed = pa.ListArray.from_arrays(offsets(owner, count), pieces)
        return pc.binary_join(listed, "")  # type: ignore[attr-defined]
