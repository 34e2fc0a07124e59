"""The figure of a story is the same bytes for the same story, shows every lane, and is refused in one sentence."""

from pathlib import Path
from typing import get_args

import pytest
from tipbench.stories.figure import HEIGHTS, draw
from tipbench.stories.finding import find
from tipbench.stories.lanes import DRAWN
from tipbench.stories.legend import MARKS
from tipbench.stories.record import Lane, What
from tipbench.stories.timeline import story_of
from tipcore.errors import UsageError
from tipdata.release import Release


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_the_same_story_gives_the_same_bytes(tiny: Release, tmp_path: Path, ending: str) -> None:
    story = story_of(tiny)
    for name in ("first", "second"):
        story.save(tmp_path / f"{name}{ending}")
    other = story_of(tiny, find(tiny, "kind=business views>=3")["operation"][0])
    other.save(tmp_path / f"other{ending}")
    read = {name: (tmp_path / f"{name}{ending}").read_bytes() for name in ("first", "second", "other")}
    assert read["first"] == read["second"] != read["other"]


def test_a_figure_has_a_lane_per_part_of_the_data_and_an_empty_one_says_so(tiny: Release) -> None:
    story = story_of(tiny, find(tiny, "kind=spam adverts>0 payments<1")["operation"][0])
    panels = draw(story).axes
    assert [panel.get_ylabel() for panel in panels] == list(get_args(Lane))
    said = [[text.get_text() for text in panel.texts] for panel in panels]
    assert "none" in said[list(get_args(Lane)).index("money")]
    assert "none" not in said[list(get_args(Lane)).index("adverts")]


def test_every_lane_is_drawn_and_every_event_is_in_the_legend() -> None:
    assert set(DRAWN) == set(HEIGHTS) == set(get_args(Lane))
    not_in_a_lane = {"begins", "ends", "site closes", "investigation", "member", "account closes"}
    assert set(get_args(What)) - set(MARKS) == not_in_a_lane


def test_a_format_that_cannot_be_drawn_is_refused(tiny: Release, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"story.gif is not a figure: end it in .png, .svg, .pdf"):
        story_of(tiny).save(tmp_path / "story.gif")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="give another --figure"):
        story_of(tiny).save(tmp_path / "file" / "story.png")
