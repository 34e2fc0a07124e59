"""What ``tipbench list splits`` says of each split, as its file in :mod:`tipbench.data.splits` has it."""

from typing import Any

from tipbench.data.custom.splits import summary_of


def complete(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with what each split does."""
    return [{**line, "summary": summary_of(line["name"]) or line["summary"]} for line in lines]
