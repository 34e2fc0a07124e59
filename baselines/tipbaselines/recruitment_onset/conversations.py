"""Conversations of coded acts as arrays: all at once to learn from, and step by step to be scored.

A message becomes four small codes (act, side, channel, class of the gap before it), 0 where a value is missing or
was not seen in training; the side, the channel and the minute may be absent from a user's data altogether.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import score_frame

NEEDS = frozenset({"messages.sequence", "messages.act"})
FIELDS = ("act", "side", "channel")
GAPS = (10, 60, 360, 1440, 4320, 10080)
"""Minutes that divide the classes of gaps: a sitting, a day, some days, more than a week."""
GAP_CODES = len(GAPS) + 2
WINDOWS_AT_ONCE = 20_000  # Windows that are counted at once in training, which bounds the memory


@dataclass(frozen=True)
class Vocabulary:
    """The values of each field that training has, in order; code 0 is for all others."""

    values: dict[str, list[str]]

    @classmethod
    def of(cls, messages: pl.DataFrame) -> "Vocabulary":
        present = (name for name in FIELDS if name in messages.columns)
        return cls({name: sorted(messages[name].cast(pl.String).drop_nulls().unique()) for name in present})

    def size(self, field: str) -> int:
        """Return number of codes of a field or of ``gap``."""
        return GAP_CODES if field == "gap" else len(self.values.get(field, ())) + 1

    def codes(self, rows: pl.DataFrame, field: str) -> np.ndarray:
        """Return (rows,) int64 codes of a field."""
        known = self.values.get(field, [])
        if field not in rows.columns or not known:
            return np.zeros(rows.height, dtype=np.int64)
        return enum_codes(rows[field], self._types[field]) + 1

    def messages(self, rows: pl.DataFrame, gap: np.ndarray) -> "CodedMessages":
        """Return codes of messages, given the minutes since the one before, negative where there is none."""
        return CodedMessages(**{name: self.codes(rows, name) for name in FIELDS}, gap=gap_codes(gap))

    @property
    def features(self) -> int:
        """Return how many different features a message may have."""
        return self.size("act") * self.size("side") + self.size("channel") + self.size("gap")

    def columns(self, steps: "CodedMessages") -> np.ndarray:
        """Return (messages, 3) the features of each message: act by side, channel, gap."""
        spoken = self.size("act") * self.size("side")
        act = steps.act * self.size("side") + steps.side
        return np.stack([act, spoken + steps.channel, spoken + self.size("channel") + steps.gap], axis=1)

    def window_counts(self, of: "ConversationArrays", rows: np.ndarray, window: int) -> np.ndarray:
        """Return (rows, features) float32 counts in the last so many messages, of a conversation, up to each row."""
        columns, first = self.columns(of.steps), of.start[of.at[rows]]
        begins = np.maximum(first, rows - window + 1)
        made = []
        for start in range(0, len(rows), WINDOWS_AT_ONCE):
            here = slice(start, start + WINDOWS_AT_ONCE)
            low, high = begins[here].min(), rows[here].max() + 1
            counted = np.zeros((high - low + 1, self.features), dtype=np.int32)
            for field in columns[low:high].T:
                counted[np.arange(1, high - low + 1), field] += 1
            np.cumsum(counted, axis=0, out=counted)
            made.append((counted[rows[here] - low + 1] - counted[begins[here] - low]).astype(np.float32))
        return np.concatenate(made)

    @cached_property
    def _types(self) -> dict[str, pl.Enum]:
        """The values of each field as a type: quicker than to look each row's up, above all where rows are few."""
        return {field: pl.Enum(values) for field, values in self.values.items()}


@dataclass(frozen=True)
class CodedMessages:
    """Codes of messages; int64 arrays of equal length."""

    act: np.ndarray
    side: np.ndarray
    channel: np.ndarray
    gap: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> "CodedMessages":
        return CodedMessages(self.act[rows], self.side[rows], self.channel[rows], self.gap[rows])


def enum_codes(values: pl.Series, among: pl.Enum) -> np.ndarray:
    """Return (rows,) int64 places of values in an enumeration, -1 for missing and other values."""
    place = values.cast(pl.String).cast(among, strict=False).to_physical()
    return place.cast(pl.Int64).fill_null(-1).to_numpy()


def gap_codes(minutes: np.ndarray) -> np.ndarray:
    """Return classes of gaps in minutes, from 1; 0 for a first message or where there are no times (negative)."""
    return np.where(minutes < 0, 0, np.searchsorted(GAPS, minutes, side="right") + 1)


@dataclass(frozen=True)
class ConversationArrays:
    """Whole conversations to learn from, messages in order of unit and sequence.

    ``start``, ``length``: (units,) where each begins and how long it is. ``label``: (units,) int64 0 or 1;
    ``onset``: (units,) step from 1, 0 for negatives. ``steps``: the messages of all.
    """

    start: np.ndarray
    length: np.ndarray
    label: np.ndarray
    onset: np.ndarray
    steps: CodedMessages

    @property
    def at(self) -> np.ndarray:
        """(messages,) position of each message's conversation."""
        return np.repeat(np.arange(len(self.length)), self.length)

    @property
    def number(self) -> np.ndarray:
        """(messages,) step of each message, from 1."""
        return np.arange(len(self.steps.act)) - self.start[self.at] + 1

    @cached_property
    def evident(self) -> np.ndarray:
        """(messages,) int64 1 from the onset of a positive conversation on."""
        onset = self.onset[self.at]
        return ((onset > 0) & (self.number >= onset)).astype(np.int64)


def labelled_messages(fold: Fold, part: str) -> pl.DataFrame:
    """Return messages of the labelled units of a part with ``label`` and ``onset``, by unit and sequence."""
    unit = fold.task.unit
    return fold.tables["messages"].join(fold.labels(part), on=unit).sort(unit, "sequence").collect()


def conversation_arrays(messages: pl.DataFrame, unit: str, vocabulary: Vocabulary) -> ConversationArrays:
    """Return arrays of the messages that :func:`labelled_messages` gives."""
    first = (messages[unit] != messages[unit].shift(1)).fill_null(True).to_numpy()
    start, gap = np.flatnonzero(first), np.full(messages.height, -1)
    if "minute" in messages.columns:
        gap = np.where(first, -1, np.diff(messages["minute"].to_numpy().astype(np.int64), prepend=0))
    length = np.diff(np.append(start, messages.height))
    return ConversationArrays(
        start=start,
        length=length,
        label=messages["label"].to_numpy()[start].astype(np.int64),
        onset=messages["onset"].fill_null(0).to_numpy()[start].astype(np.int64),
        steps=vocabulary.messages(messages, gap),
    )


class ActStream:
    """The units of a stream by position, and when each last wrote."""

    def __init__(self, units: pl.DataFrame, unit: str, vocabulary: Vocabulary) -> None:
        self.unit, self._vocabulary = unit, vocabulary
        self._ids = units[unit].sort().to_numpy()
        self._minute = np.full(len(self._ids), -1, dtype=np.int64)
        self.seen = np.zeros(len(self._ids), dtype=np.int64)  # (units,) messages so far

    def __len__(self) -> int:
        return len(self._ids)

    def read(self, rows: pl.DataFrame) -> tuple[np.ndarray, CodedMessages]:
        """Return positions of the rows' units, and the codes of the rows: each unit once at most."""
        at = np.searchsorted(self._ids, rows[self.unit].to_numpy())
        gap = np.full(len(at), -1, dtype=np.int64)
        if "minute" in rows.columns:
            minute = rows["minute"].to_numpy().astype(np.int64)
            gap = np.where(self.seen[at] > 0, minute - self._minute[at], -1)
            self._minute[at] = minute
        self.seen[at] += 1
        return at, self._vocabulary.messages(rows, gap)


class ActMethod(ABC):
    """Base of methods that learn from coded acts and are handed the test message by message."""

    needs = NEEDS
    stochastic = False

    def read_parts(self, fold: Fold) -> tuple[ConversationArrays, ConversationArrays]:
        """Return conversations of train and valid, and remember the unit and the vocabulary of train."""
        rows = [labelled_messages(fold, part) for part in ("train", "valid")]
        self._unit, self._vocabulary = fold.task.unit, Vocabulary.of(rows[0])
        train, valid = (conversation_arrays(part, self._unit, self._vocabulary) for part in rows)
        return train, valid

    @abstractmethod
    def start(self, units: int) -> None:
        """Forget the past of so many units."""

    @abstractmethod
    def score(self, at: np.ndarray, steps: CodedMessages) -> np.ndarray:
        """Return the score (units,) of the units at these positions after their next message, float64."""

    def begin(self, units: pl.DataFrame) -> None:
        self._stream = ActStream(units, self._unit, self._vocabulary)
        self.start(len(self._stream))

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        return score_frame(rows[self._unit], self.score(*self._stream.read(rows)))
