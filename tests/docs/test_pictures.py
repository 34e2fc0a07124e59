"""Pictures: described for those who do not see them, the same twice, and in known colours by night."""

import re
from pathlib import PurePosixPath

import pytest
from tipbench.tasks import tasks
from tipdata.documents.palette import DARK, LIGHT
from tipdocs.picture import BY_SYSTEM, NIGHT, by_night, drawn, inserted, pictures
from tipdocs.readme import FOLDER, ROOT, badges

QUICK = "schema"


def test_tasks_have_pictures_and_each_is_described() -> None:
    assert len(set(tasks()) & set(pictures())) >= 13
    for name, picture in pictures().items():
        assert len(picture.alt) > 60, name
        assert len(picture.caption) > 150, name


def test_a_picture_is_the_same_twice_and_by_night_has_only_colours_of_the_night() -> None:
    by_day, by_night = drawn(QUICK)
    assert (by_day, by_night) == drawn(QUICK)
    assert set(re.findall("#[0-9a-f]{6}", by_day)) <= set(NIGHT)
    assert set(re.findall("#[0-9a-f]{6}", by_night)) <= set(NIGHT.values())
    assert DARK["paper"] in by_night


def test_a_page_that_marks_a_picture_gets_it_with_alternative_text_and_caption() -> None:
    shown = inserted("Before.\n\n<!-- picture: schema -->\n", PurePosixPath("docs/start/x.md"))
    assert 'src="../figures/schema.svg" alt="Boxes' in shown
    assert 'src="../figures/schema-night.svg"' in shown
    assert "<figcaption>Which table" in shown
    with pytest.raises(ValueError, match="there is no picture shema"):
        inserted("<!-- picture: shema -->", PurePosixPath("docs/x.md"))


def test_pictures_of_the_readme_are_there_by_day_and_by_night_and_are_one_drawing() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = BY_SYSTEM.findall(text)
    assert text.count("<picture>") == len(shown) == 2
    for night, day, alt in shown:
        assert night == day.replace(".svg", "-night.svg")
        assert len(alt) > 40
        drawing = (ROOT / day).read_text(encoding="utf-8")
        assert (ROOT / night).read_text(encoding="utf-8") == by_night(drawing)
        assert set(re.findall("#[0-9a-f]{6}", drawing)) <= set(NIGHT), day
        assert {LIGHT["paper"], LIGHT["ink"]} <= set(re.findall("#[0-9a-f]{6}", drawing)), day


def test_a_picture_of_the_readme_follows_the_colours_of_a_page() -> None:
    night = '<source media="(prefers-color-scheme: dark)" srcset="a-night.svg">'
    text = f'<picture>{night}<img src="a.svg" alt="A"></picture>'
    assert inserted(f"[{text}](b.md)", PurePosixPath("README.md")) == (
        "[![A](a.svg){.day}![A](a-night.svg){.night}](b.md)"
    )


def test_the_badges_of_the_readme_say_what_the_project_declares() -> None:
    for name, text in badges().items():
        assert (ROOT / FOLDER / name).read_text(encoding="utf-8") == text, (
            f"python3 docs/site/draw.py --to docs/figures --readme results: {name} is not up to date"
        )
