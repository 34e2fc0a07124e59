"""What is asked of a notebook's answers, and what they may use for it."""

from __future__ import annotations

from dataclasses import dataclass

from tipcore.errors import UsageError

MIB = 1 << 20


class Stopped(Exception):
    """The process of an answer ended before it told what came of it. The message is half a sentence that says why."""


@dataclass(frozen=True)
class Asked:
    """``cells``: name and source of each answer, in order; ``calls``: name, and arguments as JSON, None for a value."""

    cells: list[tuple[str, str]]
    calls: list[tuple[str, str | None]]


@dataclass(frozen=True)
class Limits:
    """What the answers to one exercise may use: seconds of the processor, and MiB of memory.

    Raises UsageError for less than Python needs.
    """

    seconds: int = 10
    memory_mib: int = 2048

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= 3600:
            raise UsageError(f"--seconds {self.seconds} is not between 1 and 3600.")
        if not 512 <= self.memory_mib <= 1 << 20:
            raise UsageError(f"--memory {self.memory_mib} is not between 512 and 1048576 MiB.")

    @property
    def patience(self) -> float:
        """Seconds that may pass in all: more, since a busy machine computes in a part of them; and some to start."""
        return 10 + 2 * self.seconds

    @property
    def memory_bytes(self) -> int:
        return self.memory_mib * MIB

    @property
    def too_long(self) -> str:
        return f"it took more than {self.seconds} seconds: does a loop never end?"

    def why_ended(self, passed: float) -> str:
        """Say why a process ended by itself after so many seconds: it does so where its time is over."""
        return self.too_long if passed >= self.seconds else "it ended its process: an answer returns a value"
