"""``tipbench.story``: the story of one operation in Python."""

from __future__ import annotations

from tipbench.loading import open_by_name
from tipbench.stories.story import Story
from tipbench.stories.timeline import story_of
from tipbench.task import Source


def story(operation: int | None = None, release: str | Source = "tiny") -> Story:
    """Return the story of an operation of an open release; truth is shown.

    Args:
        operation: its number; None for the trafficking operation that is seen best.
        release: a size ("tiny"), version and size ("0.4.0/tiny"), either with an independent world ("tiny.w3"), or an
            open release; made first where missing.

    Raises:
        UsageError: for an operation that does not exist, and for a release that shows no truth.

    >>> print(story())  # doctest: +SKIP
    >>> story(release="small").save("case.png")  # doctest: +SKIP
    """
    return story_of(open_by_name(release) if isinstance(release, str) else release, operation)
