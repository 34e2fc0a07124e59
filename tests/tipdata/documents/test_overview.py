"""A table's preview is read by people: its words are words, and not a column's codes."""

import re

from tipdata.documents.overview import preview
from tipdata.release import Release

UNITS = ("half hour", "hour", "day", "month")


def test_a_card_says_in_words_what_a_price_is_for(tiny: Release) -> None:
    said = set(re.findall(r"^\S.*\d XTS (.*)", preview(tiny, rows=200), re.MULTILINE))
    assert {"per half hour", "per hour", "per month"} <= said <= {f"per {u}" for u in UNITS} | {"in total"}
