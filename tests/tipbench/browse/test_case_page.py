"""The days of a story: what has no day is said to have none, and none is drawn; the axis says what day 0 is."""

import pytest
from tipbench.browse.case_page import draw_days
from tipbench.pages.svg import LETTER
from tipbench.stories.chronicle import UNDATED
from tipbench.stories.record import Event
from tipbench.stories.story import story_of
from tipdata.release import Release


def test_firms_of_which_no_day_is_known_have_no_mark(tiny: Release) -> None:
    story = story_of(tiny, None)
    frames = [event for event in story.events if event.what in ("begins", "ends")]
    firm = {"phase": "works", "lane": "firms", "what": "firm", "inside": True, "day": story.about.begins}
    firms = (Event.model_validate({**firm, "dated": dated}) for dated in (True, False))
    drawn = [draw_days(story.model_copy(update={"events": (*frames, one)}), "x") for one in firms]
    assert len(drawn[0].marks) == len(drawn[1].marks) + 1  # a line and a tick, or three words
    assert [UNDATED in str(one.standalone()) for one in drawn] == [False, True]


@pytest.mark.parametrize("phone", [False, True])
def test_the_axis_says_what_day_0_is_within_the_figure(tiny: Release, phone: bool) -> None:
    drawing = draw_days(story_of(tiny, None), "x", phone)
    (said,) = [mark for mark in drawing.marks if mark.text == "day; 0 is the first of the 730 days of data"]
    at = dict(said.attributes)
    assert float(at["x"]) + len(said.text or "") * LETTER * float(at["font-size"]) < drawing.width
    assert float(at["y"]) + 4 < drawing.height
