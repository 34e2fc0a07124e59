"""What a user's own conversations must be before a method is shown them: each fault in one sentence."""

from __future__ import annotations

import polars as pl
from tipdata.acts import ACTS
from tipdata.errors import UsageError

KEY = "conversation"
SIDES = ("first", "second")
_SHOWN = 3


def check_tables(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse conversations without messages, messages out of order, and acts and sides that are not known.

    ``tables``: ``messages`` with at least ``[conversation, sequence]``, and ``conversations``. What is not
    there is not looked at: the columns that a method needs are checked where it is chosen.

    Raises:
        UsageError: naming what is wrong, how often, where first, and what to do.
    """
    if "messages" not in tables:
        return
    messages = tables["messages"]
    _check_numbers(messages)
    if "conversations" in tables:
        _check_conversations(tables["conversations"], messages)
    if "minute" in messages.columns:
        _check_order(messages)
    _check_known(messages, "act", ACTS)
    _check_known(messages, "side", SIDES)


def _check_numbers(messages: pl.DataFrame) -> None:
    missing = [name for name in (KEY, "sequence") if name not in messages.columns]
    if missing:
        raise UsageError(
            f"messages: no column {' or '.join(missing)}; map which {KEY} a message is of, and its number there."
        )
    unnumbered = messages.filter(pl.col("sequence").is_null() | pl.col(KEY).is_null())
    if unnumbered.height:
        raise UsageError(
            f"messages: {unnumbered.height:,} of {messages.height:,} have no {KEY} or no sequence; number them "
            "from 1 in each conversation."
        )
    repeated = messages.filter(pl.struct(KEY, "sequence").is_duplicated())
    if repeated.height:
        raise UsageError(
            f"messages: {repeated.height:,} of {messages.height:,} share their sequence with another of their "
            f"{KEY} ({_first(repeated)}); number the messages of each from 1."
        )


def _check_conversations(conversations: pl.DataFrame, messages: pl.DataFrame) -> None:
    empty = conversations.join(messages, on=KEY, how="anti")
    if empty.height:
        raise UsageError(
            f"conversations: {empty.height:,} of {conversations.height:,} have no message "
            f"({_first(empty)}); leave them out or add their messages."
        )
    strays = messages.join(conversations, on=KEY, how="anti")
    if strays.height:
        raise UsageError(
            f"messages: {strays.height:,} of {messages.height:,} are of a {KEY} that conversations does not have "
            f"({_first(strays)}); add it or leave them out."
        )


def _check_order(messages: pl.DataFrame) -> None:
    before = pl.col("minute").shift(1).over(KEY)
    early = messages.sort(KEY, "sequence").filter(pl.col("minute") < before)
    if early.height:
        raise UsageError(
            f"messages: {early.height:,} of {messages.height:,} are earlier than the one before them "
            f"({_first(early)}); number the messages of each {KEY} in the order of their time."
        )


def _check_known(messages: pl.DataFrame, column: str, known: tuple[str, ...]) -> None:
    """Every value is one of the code words or null."""
    if column not in messages.columns:
        return
    value = pl.col(column)
    unknown = messages.filter(value.is_not_null() & ~value.cast(pl.String).is_in(known))
    if unknown.height:
        named = ", ".join(map(str, unknown[column].unique(maintain_order=True).head(_SHOWN)))
        raise UsageError(
            f"messages: {unknown.height:,} of {messages.height:,} name no known {column} ({named}); "
            f"map each to one of {', '.join(known)}, or to nothing."
        )


def _first(rows: pl.DataFrame) -> str:
    keys = rows[KEY].unique(maintain_order=True).head(_SHOWN)
    return f"{KEY} {', '.join(map(str, keys))}"
