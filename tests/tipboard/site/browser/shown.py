"""What a page of the site shows in Chromium, and what is done to it there."""

from pathlib import Path
from typing import Any

import tipbench

RESULTS = Path(tipbench.__file__).parents[2] / "results"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
"""A name that a stranger may give."""


def column(page: Any, key: str, table: str = "overall") -> list[str]:
    """The cells of a column, as they are shown."""
    return page.evaluate(
        """([table, key]) => {
            const headings = [...document.querySelectorAll(`#${table} thead th`)];
            const at = headings.findIndex((heading) => heading.dataset.key === key);
            return [...document.querySelectorAll(`#${table} tbody tr`)].map((row) => row.cells[at].textContent);
        }""",
        [table, key],
    )


def choose(page: Any, label: str, value: str) -> None:
    page.locator(f'#overall select[data-key="{label}"]').select_option(value)
