"""Is time human? python research/world/rhythm.py [--world 1] [--regions 24]

Burstiness of posting, rhythm of weekdays and hours by table, gaps of circuits, volume after closures beside the
published, rows at closed sites, accounts and ties within the life of their operation, and hubs. How each is measured is
said in ``tests/tipdata/stages/rhythms.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl
from drawn import asking
from tipdata.core.kinds import KINDS
from tipdata.core.world import newest_released

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "tipdata" / "stages"))
import rhythms  # pyright: ignore[reportMissingImports]

NEEDED = (
    "places",
    "operations",
    "accounts",
    "account_habits",
    "adverts",
    "ties",
    "trips",
    "messages",
    "market",
)


def main() -> None:
    """Print the tables."""
    parser = asking(__doc__)
    parser.set_defaults(regions=24)
    options = parser.parse_args()
    tables = rhythms.drawn(newest_released(), options.world, options.regions, NEEDED)
    print(f"world {options.world}, {options.regions} regions")
    bursts(tables)
    print("\nrhythm, percent")
    for name, shares in rhythms.profiles(tables).items():
        print(f"  {name:<32} {' '.join(f'{s:5.1f}' for s in shares)}")
    circuits(tables)
    volume(tables)
    print("\nrows at sites that are not open; wanted 0")
    for name, rows in rhythms.at_closed_sites(tables).items():
        print(f"  {name:<20} {rows}")
    if tables["accounts"]["closed_day"].null_count() < tables["accounts"].height:
        print("\naccounts and ties in the life of their operation")
        for name, share in rhythms.account_days(tables).items():
            print(f"  {name:<40} {share:.3f}")
    print("\nrank-size slopes, ranks 1 to 50; wanted below -.5 for contacts")
    for name, slope in rhythms.hubs(tables).items():
        print(f"  {name:<28} {slope:.2f}")
    print("\nadverts on darknet markets, by category; wanted .02 to .04 where they are used")
    for category, share, count in rhythms.darknet(tables).iter_rows():
        print(f"  {category:<24} {share:.3f} of {count}")


def bursts(tables: dict[str, pl.DataFrame]) -> None:
    """Print burstiness by kind."""
    found = rhythms.posting(tables)
    print("\nburstiness, median and quartiles; wanted .15 to .5")
    for kind in (*KINDS, "lawful"):
        some = found.filter(pl.col("kind") == kind if kind != "lawful" else pl.col("kind") != KINDS[0])
        shown = []
        for how in ("rescaled", "thinned"):
            values = some[how].drop_nulls().to_numpy()
            low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
            shown.append(f"{how} {middle:6.3f} ({low:6.3f} to {high:6.3f}, {len(values)} operations)")
        print(f"  {kind:<12} {', '.join(shown)}")


def circuits(tables: dict[str, pl.DataFrame]) -> None:
    """Print how advertised circuits differ from others."""
    found = rhythms.dwell_statistics(tables["stops"], tables["circuits"])
    print(f"\ncircuits: {found['advertised'].sum()} of {found.height} advertised")
    for name in ("stops", "mean", "sd", "of_least", "of_common"):
        others, advertised = found.group_by("advertised").agg(pl.col(name).mean()).sort("advertised")[name]
        print(f"  {name:<12} others {others:6.2f}, advertised {advertised:6.2f}")
    print(f"  a tree tells them apart with AUROC {rhythms.dwell_auroc(found):.3f}; wanted at most .55")
    lived = rhythms.in_life(tables["stops"], tables["circuits"], tables["operations"])
    print(f"  in the life of their operation: {lived:.3f}; wanted .9")


def volume(tables: dict[str, pl.DataFrame]) -> None:
    """Print volume after closures."""
    print(
        "\nvolume after a closure over that before; published .18 after four weeks, .8 to 1.1 in months 4 to 6"
    )
    print(f"  {'':<38} {'week 4':>8} " + " ".join(f"{f'month {m}':>8}" for m in range(2, 8)))
    for name, daily in rhythms.daily_counts(tables).items():
        months = " ".join(f"{v:8.2f}" for v in rhythms.since_closure(daily, tables["platforms"]))
        print(f"  {name:<38} {months}")


if __name__ == "__main__":
    main()
