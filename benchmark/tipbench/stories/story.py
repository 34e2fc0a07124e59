"""A story that tells and draws itself."""

from __future__ import annotations

from html import escape
from pathlib import Path

from tipbench.stories.chronicle import tell, title
from tipbench.stories.figure import save
from tipbench.stories.record import Timeline


class Story(Timeline):
    """The timeline of one operation; printed it is a chronicle."""

    def __repr__(self) -> str:
        events = f"{len(self.events):,} events"
        return f"Story of operation {self.about.operation} of {self.release} ({title(self)}): {events}"

    def __str__(self) -> str:
        return tell(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(tell(self))}</pre>"

    def save(self, path: str | Path) -> None:
        """Draw the story into a .png, .svg or .pdf. Raises UsageError for another ending, and where it cannot be."""
        save(self, path)
