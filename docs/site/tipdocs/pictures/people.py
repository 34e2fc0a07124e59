"""Draw accounts and their ties, conversations, needs of those who ask for help, and people on lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from tipdata.release import Release
from tipdata.stages.captures import LISTS

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, bare, figure, note, panel, rows

ACCOUNTS = 5
"""Of each group."""
REASONS = (
    ("approach", WARM, 0.24, "writes to a stranger"),
    ("answer", ACCENT, 0.0, "is answered, or answers"),
    (None, QUIET, -0.24, "any other tie"),
)
"""Reason of a tie (hidden truth), its colour, where in the row it stands, what it says."""


def account_risk(release: Release) -> Any:
    """Draw when accounts make ties: some that recruit for trafficking operations, and lawful employers."""
    ties = rows(release, "ties")
    recruiters, employers = _accounts(release, ties)
    made, axes = panel(4.2)
    listed = [name for name, *_ in REASONS if name]
    for place, account in enumerate([*recruiters, *employers]):
        y = -place - (0.7 if place >= ACCOUNTS else 0)
        own = ties.filter((pl.col("source") == account) | (pl.col("target") == account))
        axes.axhline(y, color=PALE, linewidth=0.8, zorder=0)
        for reason, colour, above, label in REASONS:
            some = own.filter(reason=reason) if reason else own.filter(~pl.col("reason").is_in(listed))
            days = some["day"].drop_nulls().to_numpy()
            look = {"marker": "|", "s": 18, "color": colour, "linewidth": 0.8}
            axes.scatter(days, np.full(len(days), y + above), label=None if place else label, **look)
        note(axes, f"{own.height} ties", (736, y), color=QUIET, fontsize=8)
    middle = -(ACCOUNTS - 1) / 2
    note(axes, "recruit for\ntrafficking\noperations", (-12, middle), "right")
    note(axes, "lawful\nemployers", (-12, middle - ACCOUNTS - 0.7), "right")
    bare(axes)
    axes.set(xlim=(0, 730), xlabel="day on which a tie began (0: the first of the data)")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, markerscale=3)
    return made


def _accounts(release: Release, ties: pl.DataFrame) -> tuple[list[int], list[int]]:
    """Return the recruiting accounts with most ties, and for each the lawful employer with about as many."""
    kinds = rows(release, "operations").select("operation", "kind")
    accounts = rows(release, "accounts").join(kinds, on="operation", how="left")
    ends = pl.concat([ties.select(account=end) for end in ("source", "target")])
    sized = accounts.join(ends.group_by("account").agg(ties=pl.len().cast(pl.Int64)), on="account")
    recruiting = sized.filter(kind="trafficking", role="recruits")
    recruiters = recruiting.sort("ties", "account", descending=[True, False]).head(ACCOUNTS)
    hire = ties.filter(reason="employer").select(account="source").unique()
    left = sized.join(hire, on="account").filter(pl.col("kind").fill_null("") != "trafficking")
    employers: list[int] = []
    for wanted in recruiters["ties"]:
        left = left.filter(~pl.col("account").is_in(employers))
        employers.append(left.sort((pl.col("ties") - wanted).abs(), "account")["account"][0])
    return recruiters["account"].to_list(), employers


OFFERS = ("offer_job", "describe_pay", "offer_advance", "promise_future", "offer_help")
QUESTIONS = ("ask_documents", "ask_family", "ask_location", "ask_situation", "ask_contact")
SECRECY = ("ask_secrecy", "propose_channel", "discourage_ties", "restrict", "threaten", "state_debt")
TRAVEL = ("arrange_travel", "propose_meeting", "fix_date", "instruct")
ACTS = (
    ("offers a job, pay or an advance", WARM, OFFERS),
    ("asks for documents, family, place", ACCENT, QUESTIONS),
    ("secrecy, another channel, ties", INK, SECRECY),
    ("travel and meeting", QUIET, TRAVEL),
)
CONVERSATIONS, LONGEST = 8, 46
"""How many of each sort, and messages of the longest."""


def recruitment_onset(release: Release) -> Any:
    """Draw conversations as rows of coded acts, and where deceptive recruitment begins."""
    messages = rows(release, "messages").sort("conversation", "sequence")
    long = messages.group_by("conversation").len().filter(pl.col("len").is_between(20, LONGEST))
    found = rows(release, "conversations").join(long, on="conversation").sort("conversation")
    deceptive = found.filter(kind="recruitment").filter(pl.col("onset").is_not_null()).head(CONVERSATIONS)
    lawful = found.filter(kind="lawful_recruitment").head(CONVERSATIONS)
    made, axes = panel(4.3)
    for place, row in enumerate([*deceptive.to_dicts(), *lawful.to_dicts()]):
        y = place + (0.8 if place >= CONVERSATIONS else 0)
        acts = messages.filter(conversation=row["conversation"])["act"].to_list()
        for step, act in enumerate(acts, start=1):
            colour = next((colour for _, colour, listed in ACTS if act in listed), PALE)
            axes.plot(step, y, marker="s", markersize=5.6, color=colour, linewidth=0)
        if row["onset"] is not None and place < CONVERSATIONS:
            axes.plot(row["onset"], y - 0.48, marker="v", markersize=5, color=INK)
    middle = (CONVERSATIONS - 1) / 2
    note(axes, "deceptive\nrecruitment", (-0.5, middle), "right")
    note(axes, "lawful\nrecruitment", (-0.5, CONVERSATIONS + 0.8 + middle), "right")
    for label, colour, _ in (*ACTS, ("anything else", PALE, ())):
        axes.plot([], [], marker="s", linestyle="", color=colour, label=label)
    bare(axes)
    axes.set(xlim=(0, LONGEST + 1), ylim=(2 * CONVERSATIONS + 0.4, -0.9), xlabel="message")
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.14), ncols=3)
    return made


LEVELS = ((2, "urgency 2, the highest", WARM), (1, "urgency 1", ACCENT), (0, "urgency 0", PALE))


def assistance_triage(release: Release) -> Any:
    """Draw what those who contact a helpline need, and how urgently."""
    contacts = rows(release, "contacts")
    needs = contacts.select("urgency", "needs").explode("needs").drop_nulls()
    order = needs.group_by("needs").len().sort("len", "needs")["needs"].to_list()
    made, axes = panel(3.1)
    left = [0] * len(order)
    for level, label, colour in LEVELS:
        sizes = [needs.filter(needs=need, urgency=level).height for need in order]
        axes.barh(order, sizes, left=left, color=colour, height=0.66, label=label)
        left = [begin + size for begin, size in zip(left, sizes, strict=True)]
    for place, total in enumerate(left):
        note(axes, f"{total:,}", (total, place), shift=(5, 0))
    bare(axes, left=True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set(xlabel=f"of {contacts.height:,} contacts", xlim=(0, max(left) * 1.1))
    axes.legend(loc="lower right")
    return made


MOST_PATTERNS = 18


def prevalence(release: Release) -> Any:
    """Draw what six lists hold of the hidden people of one region, and how many there are."""
    lists = rows(release, "case_lists").filter(form="any", sex="any", region=0)
    totals = rows(release, "populations").filter(region=0).row(0, named=True)
    shown = lists.sort("count", *LISTS, descending=[True, *[False] * len(LISTS)]).head(MOST_PATTERNS)
    made = figure(4.0)
    above, below = made.subplots(2, sharex=True, height_ratios=[2, 1.1])
    above.bar(range(shown.height), shown["count"], color=ACCENT, width=0.66)
    unseen, last = totals["hidden"] - totals["observed"], shown.height + 0.6
    above.bar(last, unseen, color=WARM, width=0.9)
    for x, count in [*enumerate(shown["count"]), (last, unseen)]:
        note(above, f"{count:,}", (x, count), "center", va="bottom", shift=(0, 2), fontsize=8)
    hidden = shown.height - 0.1, unseen
    note(above, "on no list\n(hidden truth)", hidden, "right", va="top", shift=(0, -2))
    for y, name in enumerate(LISTS):
        colours = [ACCENT if flag else PALE for flag in shown[name]]
        below.scatter(range(len(colours)), [y] * len(colours), s=26, color=colours, linewidth=0)
        note(below, name.replace("_", " "), (-0.8, y), "right")
    for axes in (above, below):
        axes.set(yticks=[], xticks=[])
        axes.spines[["left", "bottom"]].set_visible(False)
    below.set_ylim(len(LISTS) - 0.4, -0.6)
    return made
