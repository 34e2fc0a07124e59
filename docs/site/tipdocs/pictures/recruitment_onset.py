"""Draw conversations as rows of coded acts, and where deceptive recruitment begins."""

from __future__ import annotations

from typing import Any

import polars as pl
from tipdata.release import Release

from tipdocs.ink import ACCENT, INK, PALE, QUIET, WARM, bare, figure, rows

SORTS = (
    (
        "offers a job, pay or an advance",
        WARM,
        ("offer_job", "describe_pay", "offer_advance", "promise_future", "offer_help"),
    ),
    (
        "asks for documents, family, place",
        ACCENT,
        ("ask_documents", "ask_family", "ask_location", "ask_situation", "ask_contact"),
    ),
    (
        "secrecy, another channel, ties",
        INK,
        ("ask_secrecy", "propose_channel", "discourage_ties", "restrict", "threaten", "state_debt"),
    ),
    ("travel and meeting", QUIET, ("arrange_travel", "propose_meeting", "fix_date", "instruct")),
)
EACH, LONGEST = 8, 46
ALT = (
    "Sixteen conversations as rows of small squares, one per message, coloured by what kind of act it is; "
    "the upper eight are deceptive recruitment with a mark at its onset, the lower eight are lawful "
    "recruitment."
)
CAPTION = """Messages of sixteen conversations as methods get them, one square each: a coded act between adults,
never a sentence. Above, deceptive recruitment with its onset (▼); below, lawful recruitment. Both offer work,
ask for papers and arrange travel. An alarm before the onset is no success, and no single act is a proof."""


def draw(release: Release) -> Any:
    """Return the figure."""
    messages = rows(release, "messages").sort("conversation", "sequence")
    long = messages.group_by("conversation").len().filter(pl.col("len").is_between(20, LONGEST))
    conversations = rows(release, "conversations").join(long, on="conversation").sort("conversation")
    deceptive = conversations.filter(kind="recruitment").filter(pl.col("onset").is_not_null()).head(EACH)
    lawful = conversations.filter(kind="lawful_recruitment").head(EACH)
    made = figure(4.3)
    axes = made.add_subplot()
    for place, row in enumerate([*deceptive.to_dicts(), *lawful.to_dicts()]):
        y = place + (0.8 if place >= EACH else 0)
        acts = messages.filter(conversation=row["conversation"])["act"].to_list()
        for step, act in enumerate(acts, start=1):
            colour = next((colour for _, colour, listed in SORTS if act in listed), PALE)
            axes.plot(step, y, marker="s", markersize=5.6, color=colour, linewidth=0)
        if row["onset"] is not None and place < EACH:
            axes.plot(row["onset"], y - 0.48, marker="v", markersize=5, color=INK)
    for middle, words in (
        ((EACH - 1) / 2, "deceptive\nrecruitment"),
        (EACH + 0.8 + (EACH - 1) / 2, "lawful\nrecruitment"),
    ):
        axes.annotate(words, (-0.5, middle), ha="right", va="center", color=INK, annotation_clip=False)
    for label, colour, _ in SORTS:
        axes.plot([], [], marker="s", linestyle="", color=colour, label=label)
    axes.plot([], [], marker="s", linestyle="", color=PALE, label="anything else")
    bare(axes)
    axes.set(xlim=(0, LONGEST + 1), ylim=(2 * EACH + 0.4, -0.9), xlabel="message")
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.14), ncols=3)
    return made
