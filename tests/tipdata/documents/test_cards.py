from tipdata.documents.cards import CARDS, cards
from tipdata.stages import all_tables


def test_every_table_has_a_card_and_it_is_up_to_date() -> None:
    assert set(cards()) == set(all_tables())
    for name, text in cards().items():
        assert (CARDS / f"{name}.md").read_text(encoding="utf-8") == text, (
            "run python -m tipdata.documents.cards"
        )


def test_a_card_states_uses_and_every_column() -> None:
    for name, text in cards().items():
        assert "Prohibited" in text
        assert all(f"| {column} |" in text for column in all_tables()[name].schema)
