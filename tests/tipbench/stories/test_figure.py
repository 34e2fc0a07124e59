"""The figure of a story is the same bytes for the same story, shows every lane, and is refused in one sentence."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from tipbench.stories.figure import DRAWN, MARKS, draw_story, handles
from tipbench.stories.record import Event, Lane, What
from tipbench.stories.sources import find_operations_of
from tipbench.stories.story import Story, story_of
from tipcore.errors import UsageError
from tipdata.release import Release


@pytest.fixture(scope="module")
def story(tiny: Release) -> Story:
    return story_of(tiny)


@pytest.mark.parametrize(
    "ending", [".svg", *(pytest.param(ending, marks=pytest.mark.slow) for ending in (".png", ".pdf"))]
)
def test_the_same_story_gives_the_same_bytes(story: Story, tmp_path: Path, ending: str) -> None:
    for name in ("first", "second"):
        story.save(tmp_path / f"{name}{ending}")
    story.model_copy(update={"events": story.events[:50]}).save(tmp_path / f"other{ending}")
    read = {name: (tmp_path / f"{name}{ending}").read_bytes() for name in ("first", "second", "other")}
    assert read["first"] == read["second"] != read["other"]


def test_a_figure_has_a_lane_per_part_of_the_data_and_an_empty_one_says_so(tiny: Release) -> None:
    story = story_of(tiny, find_operations_of(tiny, "kind=spam adverts>0 payments<1")["operation"][0])
    panels = draw_story(story).axes
    assert [panel.get_ylabel() for panel in panels] == list(get_args(Lane))
    said = [[text.get_text() for text in panel.texts] for panel in panels]
    assert "none" in said[list(get_args(Lane)).index("money")]
    assert "none" not in said[list(get_args(Lane)).index("adverts")]


def test_every_lane_is_drawn_and_every_event_is_in_the_legend() -> None:
    assert tuple(DRAWN) == get_args(Lane)
    not_in_a_lane = {"begins", "ends", "site closes", "investigation", "member", "account closes"}
    assert set(get_args(What)) - set(MARKS) == not_in_a_lane


def event(**rest: object) -> Event:
    return Event.model_validate({"phase": "works", "lane": "people", "inside": True, **rest})


def test_the_legend_names_what_is_near_enough_to_be_drawn_and_nothing_else(story: Story) -> None:
    about = story.about
    ends = [one for one in story.events if one.what in ("begins", "ends")]
    far = event(phase="is disturbed", lane="firms", what="audit", day=about.ends + 900)
    about_it = {
        "phase": "recruits",
        "lane": "recruits",
        "what": "conversation",
        "sort": "friendship",
        "size": 2,
    }
    talk = event(**about_it, day=about.begins + 3)
    (legend,) = draw_story(story.model_copy(update={"events": (*ends, far, talk)})).legends
    assert {text.get_text() for text in legend.get_texts()} == {"its life", "it posts", "other conversation"}
    assert [one.get_label() for one in handles([talk], posts=False)] == ["its life", "other conversation"]


def test_nobody_is_drawn_under_control_after_the_operation_ended(story: Story) -> None:
    about = story.about.model_copy(update={"begins": 100, "ends": 300, "first_day": 120, "last_day": 200})
    events = (
        event(phase="prepares", what="begins", day=100),
        event(what="person", day=150),
        event(phase="prepares", lane="accounts", what="account", day=150, sort="that can advertise on p01"),
        event(phase="is disturbed", lane="firms", what="audit", day=380),
        event(phase="ends", what="ends", day=300),
    )
    panels = draw_story(story.model_copy(update={"about": about, "events": events})).axes
    accounts, people = (panels[get_args(Lane).index(lane)].lines for lane in ("accounts", "people"))
    steps = next(drawn for line in people if len(drawn := np.asarray(line.get_xydata())) > 200)
    assert {count for day, count in steps if day > 300} == {0}
    assert {count for day, count in steps if 150 <= day <= 300} == {1}
    assert max(np.asarray(line.get_xdata()).max() for line in accounts) == 301


def test_a_format_that_cannot_be_drawn_is_refused(story: Story, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"story.gif has an unsupported format: use .png or .svg or .pdf"):
        story.save(tmp_path / "story.gif")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="give another --figure"):
        story.model_copy(update={"events": story.events[:9]}).save(tmp_path / "file" / "story.png")
