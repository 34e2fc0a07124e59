"""Draw the story of the trafficking operation of ``tiny`` that is seen best."""

from __future__ import annotations

from typing import Any

from tipbench.stories.figure import draw_story as drawn
from tipbench.stories.story import story_of
from tipdata.release import Release

WIDE = True
ALT = (
    "Timeline of one trafficking operation over its life, in eight lanes: recruits, adverts, accounts, "
    "money, movement, firms, people, help. Marks in each lane are rows of the tables."
)
CAPTION = """One trafficking operation of <code>tiny</code>, told from all tables with the truth shown: the one
that is seen best. Every mark is a row of a table. It is not typical: of most operations much less is seen. And
a sign that fits this case fits lawful work as well."""


def draw(release: Release) -> Any:
    """Return the figure."""
    return drawn(story_of(release, None))
