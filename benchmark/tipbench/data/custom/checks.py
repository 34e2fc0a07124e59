"""Checks of a user's tables: each fault in one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import polars.selectors as cs
from tipcore.errors import UsageError
from tipdata.stages.messages.acts import ACTS

from tipbench.data.streams import NOWHERE
from tipbench.kinds.lists import GALLERY_COLUMNS, GIVEN_VIEW, add_link_counts


def refuse(table: str, rows: pl.DataFrame, *faults: tuple[pl.Expr, str, str]) -> None:
    """Raise UsageError for the first of these faults that any row has.

    Args:
        table, rows: its name and what it holds, in the user's order.
        faults: ``(wrong, what, instead)``: a boolean expression, of which null counts as right; what follows "3 of 120
            rows", as in "have no amount"; what to do.
    """
    for wrong, what, instead in faults:
        at = rows.select(wrong.alias("wrong")).to_series().fill_null(False).arg_true()
        if len(at):
            raise UsageError(
                f"{table}: {len(at):,} of {rows.height:,} rows {what} (first: row {at[0] + 1:,}); {instead}."
            )


def is_none_of(column: str, known: pl.Series) -> pl.Expr:
    """Return an expression: whether a value of the column is null or not among the known ones."""
    return (~pl.col(column).is_in(known.unique().implode())).fill_null(True)


def check_references(
    tables: dict[str, pl.DataFrame], table: str, columns: Sequence[str], owners: str, instead: str
) -> None:
    """Refuse rows of a table whose columns name nothing in another table, ``owners``, as far as both are there."""
    rows, key = tables.get(table, pl.DataFrame()), owners.removesuffix("s")
    if owners not in tables or key not in tables[owners].columns:
        return
    known = tables[owners][key]
    what = f"that is none of the {len(known):,} {owners}"
    there = [column for column in columns if column in rows.columns]
    refuse(
        table, rows, *((is_none_of(column, known), f"have a {column} {what}", instead) for column in there)
    )


def check_sequence(
    table: str, rows: pl.DataFrame, key: str, owners: str, tables: dict[str, pl.DataFrame], time: str
) -> None:
    """Refuse rows ``[key, sequence, ...]`` of units that are not in order. Raises UsageError.

    A fault is a row without a unit or a number, or with the number of another row of its unit; if ``owners`` is mapped,
    a unit without rows, or a row of an unknown unit; if rows have ``time``, a row that is earlier than the one before.
    """
    number = f"number those of each {key} from 1"
    unnumbered = pl.col(key).is_null() | pl.col("sequence").is_null()
    twice = pl.struct(key, "sequence").is_duplicated()
    refuse(
        table,
        rows,
        (unnumbered, f"have no {key} or no sequence", number),
        (twice, f"share their sequence with another of their {key}", number),
    )
    if owners in tables:
        units = tables[owners]
        none = (is_none_of(key, rows[key]), f"have nothing in {table}", "leave them out, or add it there")
        refuse(owners, units, none)
        what = f"are of a {key} that {owners} does not have"
        refuse(table, rows, (is_none_of(key, units[key]), what, "add it there or leave them out"))
    if time in rows.columns:
        earlier = pl.col(time) < pl.col(time).shift(1).over(key, order_by="sequence")
        instead = f"number those of each {key} in the order of their {time}s"
        refuse(table, rows, (earlier, "are earlier than the one before them", instead))


def check_conversations(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse conversations without messages, messages out of order, and acts and sides that are not known.

    ``tables``: ``messages`` with at least ``[conversation, sequence]``, and ``conversations``. Tables and columns that
    are absent are not checked: the columns that a method needs are checked where it is chosen. Raises UsageError.
    """
    if "messages" not in tables:
        return
    messages = tables["messages"]
    missing = [name for name in ("conversation", "sequence") if name not in messages.columns]
    if missing:
        raise UsageError(
            f"messages: no column {' or '.join(missing)}; map which conversation a message is of, and its number there."
        )
    check_sequence("messages", messages, "conversation", "conversations", tables, "minute")
    for column, known in (("act", ACTS), ("side", ("first", "second"))):
        if column in messages.columns:
            wrong = pl.col(column).is_not_null() & ~pl.col(column).cast(pl.String).is_in(known)
            named = ", ".join(map(str, messages.filter(wrong)[column].unique(maintain_order=True).head(3)))
            instead = f"map each to one of {', '.join(known)}, or to nothing"
            refuse("messages", messages, (wrong, f"name no known {column} ({named})", instead))


def check_circuits(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse circuits without stops, stops out of order or without a key, and towns that are not listed.

    ``tables``: ``stops`` with at least ``[stop, circuit, sequence, town]``, ``circuits`` and ``places``. Tables and
    columns that are absent are not checked. Raises UsageError.
    """
    if "stops" not in tables:
        return
    stops, places = tables["stops"], tables.get("places", pl.DataFrame())
    if "stop" in stops.columns:
        wrong = pl.col("stop").is_null() | pl.col("stop").is_duplicated()
        instead = "map a column or an expression that tells stops apart"
        refuse("stops", stops, (wrong, "have no key stop of their own", instead))
    if {"circuit", "sequence"} <= set(stops.columns):
        check_sequence("stops", stops, "circuit", "circuits", tables, "day")
    if "town" in stops.columns and "town" in places.columns:
        on = ["region", "town"] if "region" in stops.columns and "region" in places.columns else ["town"]
        found = stops.join(places.select(*on, listed=True).unique(), on=on, how="left", maintain_order="left")
        what, instead = "are in a town that places does not have", "list it there or leave them out"
        refuse("stops", found, (pl.col("listed").is_null(), what, instead))


def check_accounts(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse ties whose ends are not accounts. Raises UsageError."""
    instead = "add these accounts or leave out their ties"
    check_references(tables, "ties", ("source", "target"), "accounts", instead)


def check_payments(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse payments without a positive amount, or between unknown wallets. Raises UsageError."""
    payments = tables.get("payments", pl.DataFrame())
    if "amount" in payments.columns:
        wrong = (~(pl.col("amount") > 0)).fill_null(True)
        instead = "turn what goes back into a payment the other way, or drop it"
        refuse("payments", payments, (wrong, "have an amount that is not above 0", instead))
    instead = "add these wallets or drop the payments"
    check_references(tables, "payments", ("payer", "payee"), "wallets", instead)


def check_suppliers(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse supplies, audits and complaints of unknown firms, and firms that supply themselves. Raises UsageError."""
    instead = "add these firms or leave out the rows"
    named = {"supplies": ("supplier", "buyer"), "audits": ("firm",), "complaints": ("firm",)}
    for name, columns in named.items():
        check_references(tables, name, columns, "firms", instead)
    supplies = tables.get("supplies", pl.DataFrame())
    if "firms" in tables and {"supplier", "buyer"} <= set(supplies.columns):
        instead = "leave them out, or map supplier and buyer to different columns"
        same = (pl.col("supplier") == pl.col("buyer"), "have a firm that supplies itself", instead)
        refuse("supplies", supplies, same)


def check_contacts(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse contacts that say nothing: each has a note or a fact. Raises UsageError."""
    contacts = tables["contacts"]
    facts = [name for name in contacts.columns if name not in ("contact", "region", "minute", "language")]
    if not facts:
        raise UsageError(
            "contacts have neither a narrative nor facts: map at least one column of data.tables.contacts."
        )
    said = contacts.select(facts).with_columns(cs.string().str.strip_chars().replace("", None))
    at = said.select(blank=pl.all_horizontal(pl.all().is_null()))["blank"].arg_true()
    if len(at):
        raise UsageError(
            f"{len(at):,} of {contacts.height:,} contacts have neither a narrative nor a fact (first: row "
            f"{at[0] + 1} of the data): drop them, or fill one."
        )


VOTES = ("harmful", "clear", "unsure", "1", "0", "1.0", "0.0", "true", "false")
"""What a vote may be, whatever the case."""


def keep_last_votes(tables: dict[str, pl.DataFrame]) -> tuple[dict[str, pl.DataFrame], list[str]]:
    """Return the tables with the last vote of each reviewer on each advert, and a note that counts earlier votes.

    Repeated votes without ``minute``, or at the same minute, stay: :func:`check_cast_votes` refuses them.
    """
    reviews = tables.get("reviews", pl.DataFrame())
    if not {"advert", "reviewer", "minute"} <= set(reviews.columns):
        return tables, []
    is_last = pl.col("minute") == pl.col("minute").max().over("advert", "reviewer")
    last = reviews.filter(is_last.fill_null(True))
    if last.height == reviews.height:
        return tables, []
    replaced = f"{reviews.height - last.height:,} of {reviews.height:,} votes"
    return tables | {"reviews": last}, [
        f"reviews: {replaced} are followed by a later one of the same reviewer on the same advert, which replaces them."
    ]


def check_votes(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse votes ``[advert, reviewer, vote]``, one a row, that are none of :data:`VOTES` or as
    :func:`check_cast_votes` does. Raises UsageError."""
    check_cast_votes(tables)
    if "reviews" not in tables:
        return
    reviews = tables["reviews"]
    words = reviews["vote"].cast(pl.String).str.strip_chars().str.to_lowercase()
    unknown = reviews.filter(~words.is_in(VOTES))["vote"]
    if len(unknown):
        raise UsageError(
            f"reviews: {len(unknown):,} of {reviews.height:,} votes are none of {', '.join(VOTES[:5])} "
            f"(first: {unknown[0]}): map the column vote to them, for instance by "
            "\"CASE WHEN column = 'yes' THEN '1' WHEN column = 'no' THEN '0' END\". Of more than two classes, map "
            "data.true_class in the place of data.label."
        )


def check_cast_votes(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse votes for two classes or more that cannot be aggregated.

    Raises UsageError for a reviewer whose votes are all empty, any other empty vote, two votes of a reviewer on one
    advert, and an advert of ``queue`` without votes.
    """
    if "reviews" not in tables:
        return
    reviews = tables["reviews"]
    silent = reviews.group_by("reviewer").agg(pl.col("vote").count()).filter(vote=0)["reviewer"].drop_nulls()
    voters = f"{len(silent):,} of {reviews['reviewer'].n_unique():,} reviewers that cast no vote"
    twice = pl.struct("advert", "reviewer").is_duplicated()
    keep_one = "keep one vote for each, or map minute to the time of the vote, so that the last one counts"
    refuse(
        "reviews",
        reviews,
        (pl.col("reviewer").is_in(silent.implode()), f"are of {voters}", "leave them out"),
        (pl.col("vote").is_null(), "have no vote", "leave them out, or map unsure ones to 'unsure'"),
        (twice, "are by a reviewer who votes on the same advert again", keep_one),
    )
    if "queue" in tables:
        instead = "leave them out, or map the same ids in both files"
        unseen = (is_none_of("advert", reviews["advert"]), "have no votes in reviews", instead)
        refuse("queue", tables["queue"], unseen)


SCALES = ("log", "share", "level")


def check_effects(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse effects and the series ``market`` where they do not fit together. Raises UsageError."""
    effects, series = tables["effects"], tables.get("market")
    if series is None:
        raise UsageError(
            "effects are changes of a series: map data.tables.market with region, day and a value."
        )
    needed = ("region", "outcome", "day", "first_day", "last_day", "scale")
    for table, columns in {"effects": needed, "market": ("region", "day")}.items():
        if missing := [c for c in columns if c not in tables[table].columns]:
            raise UsageError(f"{table} have no {', '.join(missing)}: map data.tables.{table}.{missing[0]}.")
    of = [name for name in ("region", "platform") if name in series.columns]
    since = pl.col("day") - pl.col("day").shift(1).over(of, order_by="day")
    placed = pl.col("region").is_not_null()
    no_gap = "give every day from the first to the last, or number weeks"
    refuse(
        "market",
        series,
        (placed & pl.col("day").is_null(), "have no day", "give each row its day"),
        (placed & pl.struct(*of, "day").is_duplicated(), "share region and day", "give each day once"),
        (placed & (since > 1), "come after a gap in their series", no_gap),
    )
    series = series.drop_nulls("region")
    values = [name for name in series.columns if name not in ("region", "platform", "day")]
    known = pl.col("outcome").is_in(values) | (pl.col("scale") == "share")
    ordered = (pl.col("day") <= pl.col("first_day")) & (pl.col("first_day") <= pl.col("last_day"))
    early, late = pl.col("start") >= pl.col("day"), pl.col("end") < pl.col("last_day")
    missing = "have an outcome that is not a column of market"
    no_series = "are of a region that market does not have"
    in_order = "let day come first, then first_day, then last_day"
    days = series.group_by("region").agg(start=pl.col("day").min(), end=pl.col("day").max())
    refuse(
        "effects",
        effects.join(days, on="region", how="left", maintain_order="left"),
        (is_none_of("region", series["region"]), no_series, "add its series"),
        ((~known).fill_null(True), missing, "map data.tables.market with a column of that name"),
        (is_none_of("scale", pl.Series(SCALES)), "have no scale", f"map it to {' or '.join(SCALES)}"),
        ((~ordered).fill_null(True), "have days out of order", in_order),
        (early.fill_null(True), "begin before their region's series does", "give earlier days"),
        (late.fill_null(True), "end after their region's series does", "give later days"),
    )


def check_lists(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse ``case_lists`` that are not overlapping lists. Raises UsageError.

    Every column is a list, with 1 for those on it and 0 for others, except region, count, form and sex. A pattern that
    is not listed has nobody.
    """
    rows = tables.get("case_lists")
    if rows is None:
        return
    strata = ("region", "form", "sex")
    lists = [name for name in rows.columns if name not in (*strata, "count")]
    if len(lists) < 2:
        raise UsageError(
            f"case_lists: {len(lists)} list is mapped and an estimate needs 2 or more: map a column "
            'for every list, or all of a pattern with data.tables.case_lists."*".'
        )
    count = pl.col("count") if "count" in rows.columns else pl.lit(1)
    marked = pl.all_horizontal(pl.col(lists).cast(pl.Float64).is_in([0.0, 1.0]).fill_null(False))
    repeated = pl.struct(c for c in (*strata, *lists) if c in rows.columns).is_duplicated()
    no_count = "give 0 or more people, and leave out what is not known"
    no_mark = "map its column to 1 for those on the list and 0 for others"
    add_up = (
        "add their counts up (where a row is a person, by COUNT(*) in data.sources.case_lists.sql), or map the columns "
        "that tell them apart to form or sex"
    )
    people = pl.sum_horizontal(pl.col(lists).cast(pl.Int64))
    refuse(
        "case_lists",
        rows,
        ((count < 0) | count.is_null(), "have a count that is negative or missing", no_count),
        (~marked, "have a value other than 0 and 1 in a list", no_mark),
        (people == 0, "are of people on no list, whose number is the question", "leave them out"),
        (repeated, "repeat a pattern of lists", add_up),
    )


CASE = "operation"
"""The column of a table that says whose case a row is of; no method is shown it."""
UNKNOWN = "resident"


def check_cases(tables: dict[str, pl.DataFrame]) -> None:
    """Refuse tables without a key, and data in which no row has a case. Raises UsageError."""
    known = [name for name, frame in tables.items() if CASE in frame.columns]
    if not known:
        raise UsageError(
            f"no table says whose case its rows are: map data.tables.accounts.{CASE}, or that of wallets, circuits or "
            "firms."
        )
    for name in known:
        key = name.removesuffix("s")
        if key not in tables[name].columns:
            raise UsageError(f"{name} has cases and no key: map data.tables.{name}.{key}.")
        repeated = pl.col(key).is_null() | pl.col(key).is_duplicated()
        refuse(name, tables[name], (repeated, f"have no key {key} of their own", "give each row its own"))


def own_gallery(views: Mapping[str, str], tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return all that may be linked, as answers have it: the tables that say whose case their rows are."""
    parts = [
        _with_region(tables[view]).select(
            pl.col("region").cast(pl.Int32),
            pl.lit(view).alias("view"),
            pl.col(key).cast(pl.Int64).alias("candidate"),
            pl.col(CASE).cast(pl.Int64).alias("cluster"),
            pl.lit(UNKNOWN).alias("group"),
        )
        for view, key in views.items()
        if view in tables and CASE in tables[view].columns
    ]
    return pl.concat(parts).select(GALLERY_COLUMNS).sort("region", "view", "candidate")


def own_seeds(unit: str, table: pl.DataFrame, rows: pl.DataFrame, gallery: pl.DataFrame) -> pl.DataFrame:
    """Return the seeds ``[unit, region, cluster, given, links, ...]`` of a user's own data."""
    key = GIVEN_VIEW.removesuffix("s")
    given = pl.col(key).cast(pl.Int64) if key in table.columns else pl.lit(None, pl.Int64)
    at = _with_region(table).select(unit, pl.col("region").cast(pl.Int32), given=given)
    return add_link_counts(rows.join(at, on=unit, how="left", maintain_order="left"), gallery)


def _with_region(table: pl.DataFrame) -> pl.DataFrame:
    return table if "region" in table.columns else table.with_columns(region=pl.lit(NOWHERE, pl.Int32))
