"""How adverts of data 0.5.0 are set: capitals, contacts, prices and signs, as the language has them."""

import re

import polars as pl
import pytest
from shared_regions import Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import LANGUAGES
from tipdata.text.style import style

CASED = ("en", "es", "fr", "ru")


@pytest.fixture(scope="module")
def adverts(world: Tables) -> pl.DataFrame:
    """Distinct texts."""
    return world["adverts"].unique("body", keep="first", maintain_order=True)


@pytest.mark.parametrize("language", CASED)
def test_titles_begin_with_a_capital(adverts: pl.DataFrame, language: str) -> None:
    titles = adverts.filter(language=language)["title"].unique()
    assert len(titles) > 20
    assert titles.str.contains(r"^\p{Ll}").sum() < 0.25 * len(
        titles
    )  # 14% of titles are in lower case throughout


def test_contacts_stand_as_they_are_in_a_body_without_capitals(adverts: pl.DataFrame) -> None:
    lower = adverts.filter(
        pl.col("language").is_in(CASED), ~pl.col("body").str.replace_all("N", "").str.contains(r"\p{Lu}")
    )
    assert lower.height > 50
    masks = [one for one in (*style().contacts, *style().masked) if "x" not in one]
    held = lower["body"].str.contains_any(masks)
    assert held.sum() > 0.9 * lower.height
    assert not lower["body"].str.contains_any([one.lower() for one in masks]).any()


@pytest.mark.parametrize("language", LANGUAGES)
def test_thousands_are_grouped_as_the_language_does(adverts: pl.DataFrame, language: str) -> None:
    bodies = adverts.filter(language=language)["body"].to_list()
    signs = {sign for body in bodies for sign in re.findall(r"\d([.,\s])\d{3}\s?[Xx]", body)}
    listed = {form.removeprefix("{0}").removesuffix("{1}") for form in style().thousands[language]}
    assert signs <= listed
    assert signs or language == "ar"  # few Arabic prices of these regions have four digits


def test_chinese_has_no_space_between_sentences(adverts: pl.DataFrame) -> None:
    bodies = adverts.filter(language="zh")["body"]
    assert not bodies.str.contains(r"[。！？] [^|/*~]").any()
    assert (
        not bodies.str.contains_any([f" {one}" for one in style().emoji])
        .filter(~bodies.str.contains(r" [|/*~] "))
        .any()
    )
    assert bodies.str.contains("……").any()
    assert not bodies.str.contains(r"\.\.\.").any()
