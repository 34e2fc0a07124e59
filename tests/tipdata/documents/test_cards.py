"""Cards, the fact sheet and previews of tables: up to date, complete and in words."""

import re

from tipdata.documents.cards import CARDS, cards
from tipdata.documents.fact_sheet import SHEET, sheet
from tipdata.documents.overview import preview
from tipdata.release import Release
from tipdata.stages import all_tables
from tipdata.text.facts import facts


def test_every_table_has_a_card_and_it_is_up_to_date() -> None:
    assert set(cards()) == set(all_tables())
    for name, text in cards().items():
        kept = (CARDS / f"{name}.md").read_text(encoding="utf-8")
        assert kept == text, "run python -m tipdata.documents.cards"


def test_a_card_states_uses_and_every_column() -> None:
    for name, text in cards().items():
        assert "Prohibited" in text
        assert all(f"| {column} |" in text for column in all_tables()[name].schema)


def test_the_sheet_is_up_to_date() -> None:
    assert SHEET.read_text(encoding="utf-8") == sheet(), "run python -m tipdata.documents.fact_sheet"


def test_every_fact_and_level_is_on_it() -> None:
    text = sheet()
    for own in facts().values():
        for fact in own:
            levels = fact.levels.items()
            assert all(f"| `{fact.name}={level}` | {meaning} |" in text for level, meaning in levels)


def test_a_card_says_in_words_what_a_price_is_for(tiny: Release) -> None:
    said = set(re.findall(r"^\S.*\d XTS (.*)", preview(tiny, rows=200), re.MULTILINE))
    usual = {"per half hour", "per hour", "per month"}
    assert usual <= said <= usual | {"per day", "in total"}
