"""Claims about what the world can say. The lint runs over every string from which text is made."""

import polars as pl
import pytest
from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.core.world import World, parameters
from tipdata.release import generate_region
from tipdata.text.lexicon import FORMS
from tipdata.text.lint import broken
from tipdata.text.reading import read


def _strings(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [text for child in children for text in _strings(child)]


@pytest.mark.parametrize("folder", ["", "notes/"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_listed_string_is_explicit_names_youth_or_holds_an_address(language: str, folder: str) -> None:
    tattoos = read(language)["families"]["services"]["cues"]["visible_tattoo"]
    amended = read("notes/amended")[language] if folder else {}
    for text in (*_strings(read(f"{folder}{language}")), *_strings(amended)):
        # Of 0.3.0 only: visible tattoos, which were more common in adverts that were not trafficking.
        assert broken(text, language, forms=False).keys() <= ({"looks"} if text in tattoos else set()), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_slot_title_noun_and_cue(language: str) -> None:
    document = read(language)
    assert set(document["nouns"]) == set(CATEGORIES)
    assert all(len(set(nouns)) == 6 for nouns in document["nouns"].values())
    assert len(set(document["separators"])) == 12
    for family in FAMILIES:
        text = document["families"][family]
        assert [len(set(s)) for s in text["slots"].values()] == [14] * 9
        assert len(set(text["titles"])) == 14
        wanted = {
            p.rsplit(".", 1)[1]
            for p in parameters("0.3.0")
            if p.startswith((f"cues.{family}.", "cues.decoys."))
        }
        assert set(text["cues"]) == wanted
        assert all(len(set(phrases)) == 4 for phrases in text["cues"].values())


def test_every_body_is_made_of_listed_strings() -> None:
    """A body splits at one separator into listed strings, some of which hold the separator themselves."""
    from tipdata.text.lexicon import lexicon

    adverts = generate_region(World.of("0.1.0"), 0)["adverts"]
    cues = tuple(dict.fromkeys(p.rsplit(".", 1)[1] for p in _cue_order()))
    words = lexicon(LANGUAGES, FAMILIES, tuple(CATEGORIES.items()), cues)
    listed = set(words.strings.to_pylist())
    separators = sorted({s for code in LANGUAGES for s in read(code)["separators"]}, key=len, reverse=True)
    for body in adverts["body"].unique().sort().head(150):
        for token in read("style")["emoji"]:
            body = body.replace(f" {token}", "").replace(f"{token} ", "")
        assert any(_is_joined(body.split(s), s, listed) for s in separators if s in body), body
    assert set(adverts["title"].unique()) <= listed
    assert len(words.strings) == len(words.words) * FORMS


def _is_joined(parts: list[str], separator: str, listed: set[str]) -> bool:
    """Whether the parts, some of them joined again, are all listed."""
    if not parts:
        return True
    heads = (separator.join(parts[:n]) for n in range(1, min(len(parts), 5) + 1))
    return any(head in listed and _is_joined(parts[n:], separator, listed) for n, head in enumerate(heads, 1))


def _cue_order() -> list[str]:
    ordered = [p for family in FAMILIES for p in parameters("0.3.0") if p.startswith(f"cues.{family}.")]
    return ordered + [p for p in parameters("0.3.0") if p.startswith("cues.decoys.")]


def test_cues_drawn_are_the_cues_that_the_text_states() -> None:
    world = World.of("0.1.0")
    adverts = pl.concat(generate_region(world, i)["adverts"] for i in range(8)).filter(
        pl.col("language") == "en"
    )
    phrases = read("en")["families"]["jobs"]["cues"]["accommodation_provided"]
    says = pl.any_horizontal(
        pl.col("body").str.to_lowercase().str.contains(p.lower()[:12], literal=True) for p in phrases
    )
    jobs = adverts.filter(pl.col("category").is_in(["domestic", "agricultural", "construction"]))
    drawn = jobs.filter(pl.col("cues").list.contains("accommodation_provided"))
    assert drawn.height > 20
    assert drawn.select(says.mean()).item() > 0.6  # the rest are misspelt within the first words
