"""The fact sheet is what the facts and the world file say."""

from tipdata.documents.fact_sheet import SHEET, sheet
from tipdata.text.facts import facts


def test_the_sheet_is_up_to_date() -> None:
    assert SHEET.read_text(encoding="utf-8") == sheet(), "run python -m tipdata.documents.fact_sheet"


def test_every_fact_and_level_is_on_it() -> None:
    text = sheet()
    for own in facts().values():
        for fact in own:
            levels = fact.levels.items()
            assert all(f"| `{fact.name}={level}` | {meaning} |" in text for level, meaning in levels)
