"""Draw a circuit of trafficking and a lawful one on the map of a region."""

from __future__ import annotations

from typing import Any

from tipdata.release import Release

from tipdocs.ink import ACCENT, WARM, figure, rows
from tipdocs.pictures.region import REGION, base, circuit, longest

ALT = (
    "Two maps of the same region: at the left arrows of a trafficking operation's circuit from town to "
    "town, at the right those of a lawful independent worker."
)
CAPTION = """Stops of two circuits, in order: at the left of a trafficking operation, at the right of somebody
who works lawfully and travels alone. A method gets one stop at a time and names where outreach will be needed
next. Lawful travellers are context, never scored; how predictable a method makes them is reported as a harm."""


def draw(release: Release) -> Any:
    """Return the figure."""
    towns = rows(release, "places").filter(region=REGION)
    made = figure(3.6)
    for place, (kind, colour, title) in enumerate(
        (("trafficking", WARM, "a trafficking operation"), ("independent", ACCENT, "lawful work"))
    ):
        axes = made.add_subplot(1, 2, place + 1)
        base(axes, towns, names=9)
        circuit(axes, towns, longest(release, kind), colour, title)
        axes.set_title(title)
    return made
