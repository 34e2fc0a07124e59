"""How much a submission may be, by the size of the release: one table, for authors and maintainers alike."""

from __future__ import annotations

from dataclasses import dataclass

from tipbench.fence import FILE_BYTES, MB

RECORD_BYTES = 256 * 1024
"""Of ``submission.json``."""


@dataclass(frozen=True)
class Limits:
    """Bounds of a submission.

    ``file_bytes``: of one file of predictions; all of them together may have forty times as much. ``rows``: of one
    file. ``decoded_bytes``: of one file's columns, uncompressed. ``memory_bytes``: address space of the process that
    reads them. ``seconds``: wall and CPU time of that process for one file. ``row_groups``, ``columns``,
    ``footer_bytes``: of one file. ``string_bytes``: of one value.
    """

    file_bytes: int
    rows: int
    decoded_bytes: int
    memory_bytes: int
    seconds: int
    row_groups: int = 1_000
    columns: int = 64
    footer_bytes: int = 4 * MB
    string_bytes: int = 200

    @property
    def total_bytes(self) -> int:
        """Of all files together."""
        return 40 * self.file_bytes

    @property
    def total_seconds(self) -> int:
        """Wall time for reading all files."""
        return 20 * self.seconds


_LAPTOP = Limits(FILE_BYTES["small"], 5_000_000, 256 * MB, 1_000 * MB, 20)
BY_SIZE = {
    "tiny": _LAPTOP,
    "small": _LAPTOP,
    "forms": _LAPTOP,
    "full": Limits(FILE_BYTES["full"], 50_000_000, 2_560 * MB, 2_000 * MB, 120),
    "xl": Limits(FILE_BYTES["xl"], 500_000_000, 25_600 * MB, 8_000 * MB, 1_200),
}


def limits_of(size: str | None) -> Limits:
    """Return those of a release's size; a sealed round (None) is of the size small."""
    return BY_SIZE["small" if size is None else size]


def amount(count: int) -> str:
    """Return bytes as a reader says them: 25 MB, 10.7 GB."""
    for unit, name in ((1_000 * MB, "GB"), (MB, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count / unit:,.1f}".removesuffix(".0") + f" {name}"
    return f"{count:,} bytes"
