"""Do adverts contradict themselves? python research/world/reading.py [--regions 64] [--world 1]

Every distinct body of a world is read back into what it says and held against the rules of agreement and
contradiction (tests/tipdata/documents/hard_rules.yaml, levels that facts.yaml keeps apart, and the lint's forms).
Printed is the share of adverts of each language that break each rule, in percent, and last of those that break any.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import polars as pl
from drawn import NEEDED, asking
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "tipdata" / "documents"))
from contradictions import wrong_in_facts, wrong_in_text  # pyright: ignore[reportMissingImports]


def adverts_of(world: World, regions: int) -> pl.DataFrame:
    """Return language, category and body of every advert."""
    parts = []
    for index in range(regions):
        _, tables = draw_tables(world.region(index), NEEDED)
        parts.append(tables["adverts"].select("language", "category", "body"))
    return pl.concat(parts)


def main() -> None:
    """Print the table."""
    options = asking(__doc__).parse_args()
    table = adverts_of(World.of(newest_released(), options.world), options.regions)
    distinct = table.group_by("language", "category", "body").len()
    total, broken = Counter(), {language: Counter() for language in LANGUAGES}
    for language, category, body, count in distinct.iter_rows():
        total[language] += count
        # Contradictions proper: what the facts of a text say, not how it is written.
        facts = {name.split(":")[0] for name in wrong_in_facts(body, language, category)}
        wrong = facts | wrong_in_text(body, language)
        for name in wrong:
            broken[language][name] += count
        broken[language]["any"] += count * bool(wrong)
        broken[language]["any contradiction"] += count * bool(facts)
    print(f"world {options.world}: {table.height:,} adverts, {distinct.height:,} distinct")
    print(f"{'rule':40}" + "".join(f"{language:>8}" for language in LANGUAGES))
    for name in sorted({name for counter in broken.values() for name in counter}):
        shares = (100 * broken[language][name] / max(1, total[language]) for language in LANGUAGES)
        print(f"{name:40}" + "".join(f"{share:8.2f}" for share in shares))


if __name__ == "__main__":
    main()
