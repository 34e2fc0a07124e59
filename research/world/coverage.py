"""Is one operation behind every table? python research/world/coverage.py [--world 1] [--regions 8]

Prints whose wallets are in the sample of payments, whether money and firms follow the life and the work of operations,
what wallets receive, and in how many views posting trafficking operations are seen. The figures are those of
``tests/tipdata/stages/one_story.py``, views those of ``tipbench data story`` (:mod:`tipbench.stories.sources`).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
from drawn import Drawn, asking
from tipbench.stories.sources import VIEWS, candidates, counts

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "tipdata" / "stages"))
from one_story import (  # pyright: ignore[reportMissingImports]
    OURS,
    firms,
    in_sample,
    ledger,
    mean,
    receipts,
    sample,
    trafficking,
    work,
)

STAGES = (
    *("places", "operations", "accounts", "adverts", "messages", "people", "helpline", "reviews"),
    *("suppliers", "trips", "payments"),
)
"""The stages that the script needs."""
PARTS = {
    "whose wallets are in the sample of payments": sample,
    "how much there is": ledger,
    "whether money follows the work": work,
    "what wallets receive": receipts,
    "whether exploitation in firms lies in its operation's life": firms,
}


def main() -> None:
    """Print all figures."""
    parser = asking(__doc__)
    parser.set_defaults(regions=8)
    options = parser.parse_args()
    source = Drawn.of(options.world, options.regions, STAGES)
    print(source.name)
    for title, part in PARTS.items():
        print(f"\n{title}")
        for name, value in part(source.tables).items():
            print(f"  {name:<74} {value:>10.3f}")
    print("\nposting trafficking operations by the views in which they are seen")
    for name, shares in coverage(source).items():
        print(f"  {name:<56} {'  '.join(f'{key}: {value:.3f}' for key, value in shares.items())}")


def coverage(source: Drawn) -> dict[str, dict[str, float]]:
    """Return in how many views posting trafficking operations are seen: shares by view, and with at least so many."""
    inside = in_sample(source.tables).select("operation", "inside")
    seen = (
        candidates(without_everyday(source))
        .filter(trafficking() & pl.col("posts"))
        .join(inside, on="operation")
    )
    found: dict[str, dict[str, float]] = {}
    for who, rows in (("all", seen), ("in the sample of payments", seen.filter("inside"))):
        found[f"{rows.height} operations, {who}, by view"] = {
            view: mean(rows, counts(view)) for view in VIEWS
        }
        found[f"  {who}: in at least so many views"] = {
            str(k): mean(rows, pl.col("views") >= k) for k in range(1, len(VIEWS) + 1)
        }
    return found


def without_everyday(source: Drawn) -> Drawn:
    """Return the source without payments of the everyday life of members."""
    payments = source.tables["payments"]
    ours = payments.filter(OURS | pl.col("account").is_not_null())
    return replace(source, tables={**source.tables, "payments": ours})


if __name__ == "__main__":
    main()
