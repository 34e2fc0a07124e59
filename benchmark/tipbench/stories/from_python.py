"""``tipbench.story``: the story of one operation in Python."""

from __future__ import annotations

from numbers import Integral

from tipcore.errors import UsageError

from tipbench.data.releases import open_source
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
        UsageError: for an operation that does not exist or is no whole number, for what is no release, and for a
            release that shows no truth.

    >>> print(story())  # doctest: +SKIP
    >>> story(release="small").save("case.png")  # doctest: +SKIP
    """
    if operation is not None and (isinstance(operation, bool) or not isinstance(operation, Integral)):
        raise UsageError(f"operation {operation!r} is no whole number: give one such as tipbench.story(123).")
    return story_of(open_source(release), None if operation is None else int(operation))
