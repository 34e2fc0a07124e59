"""Sealed rounds: inputs whose truth nobody outside the host has until the seed is published.

``tipboard.rounds.load`` gives a participant's fold; the rest is behind ``tipbench seal``. Nothing heavy is imported
here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tipboard.rounds.folds import load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    if name != "load":
        raise AttributeError(f"module 'tipboard.rounds' has no attribute {name!r}")
    from tipboard.rounds.folds import load

    return load
