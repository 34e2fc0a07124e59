"""What a chronicle says is true: counts add up, no day is invented, and everyday life is no trade, lawful or not."""

import re

import polars as pl
import pytest
from tipbench.stories.chronicle import PLURAL, WIDTH, tell
from tipbench.stories.record import Event
from tipbench.stories.sources import find_operations_of, firms
from tipbench.stories.story import Story, story_of
from tipdata.release import Release

ASKED = (
    *("form=labour views>=4", "form=domestic-servitude views>=3", "kind=business views>=4"),
    *("kind=independent payments>=60", "kind=spam adverts>0", "kind=trafficking posts=false"),
)


@pytest.fixture(scope="module")
def stories(tiny: Release) -> list[Story]:
    return [story_of(tiny, find_operations_of(tiny, asked)["operation"][0]) for asked in ASKED]


def told(story: Story) -> str:
    """Return a chronicle with every entry on a line of its own."""
    return re.sub(r"\n {8,}", " ", tell(story))


def with_events(story: Story, events: list[Event]) -> Story:
    return story.model_copy(update={"events": tuple(events)})


def event(**rest: object) -> Event:
    return Event.model_validate(
        {"phase": "prepares", "lane": "money", "what": "wallet", "inside": True} | rest
    )


def test_days_never_touch_what_is_told_of_them(stories: list[Story]) -> None:
    wallets = [event(day=-12048 + day, inside=False) for day in (0, 0, 1, 1, 1)]
    story = with_events(stories[0], wallets)
    assert "day -12048 to -12047* 5 wallets" in told(story)


def test_counts_of_sorts_and_towns_add_up_to_what_was_counted(stories: list[Story]) -> None:
    checked = 0
    for line in (line for story in stories for line in told(story).splitlines()):
        for what in ("everyday payment", "money out", "money in", "conversation", "wallet"):
            if (counted := re.search(rf" ([\d,]+) {PLURAL[what]}(.*)", line)) is None:
                continue
            for part in re.split(": ", counted[2]):
                counts = [int(number.replace(",", "")) for number in re.findall(r"\(([\d,]+)\)", part)]
                assert not counts or sum(counts) == int(counted[1].replace(",", "")), line
                checked += len(counts) > 0
    assert checked > 20


def test_a_town_is_said_of_all_only_where_all_have_it(stories: list[Story]) -> None:
    several = [event(day=1, town="Aa"), *(event(day=1) for _ in range(4))]
    assert "Aa" not in told(with_events(stories[0], several))
    several = [*(event(day=1, town="Aa") for _ in range(4)), event(day=1)]
    assert "in Aa (4), no town given (1)" in told(with_events(stories[0], several))


def test_a_stay_has_its_days_behind_how_it_came_about(stories: list[Story]) -> None:
    stay = event(phase="works", lane="people", what="person", day=3, until=9, sort="a conversation")
    line = next(line for line in told(with_events(stories[0], [stay])).splitlines() if "day 3 " in line)
    assert line.endswith("comes under its control, through a conversation (from day 3 until day 9)")


def test_people_handed_on_to_others_do_not_get_out(tiny: Release) -> None:
    people = tiny.scan("people", truth=True).filter(pl.col("exit") == "moved_on").collect()
    operation = people["operation"].value_counts(sort=True)["operation"][0]
    story = story_of(tiny, operation)
    handed = [event for event in story.events if event.what == "handed on"]
    assert len(handed) == people.filter(operation=operation).height
    assert "handed on to other traffickers" in told(story)
    assert not any(event.sort and "moved" in event.sort for event in story.events)


def test_a_firm_without_known_days_is_told_without_days(tiny: Release) -> None:
    undated = firms(tiny).filter(pl.col("from_day").is_null()).collect()
    assert undated.height
    operation = undated["operation"].value_counts(sort=True)["operation"][0]
    story = story_of(tiny, operation)
    count = undated.filter(operation=operation).height
    assert [event.dated for event in story.events if event.what == "firm"] == [False] * count
    lines = [line for line in told(story).splitlines() if "mainly staff" in line]
    assert lines
    assert all(re.match(r"  no day known ", line) and line.count("day") == 1 for line in lines)


def test_trade_is_apart_from_everyday_life_in_every_kind(tiny: Release) -> None:
    """Benefits are nobody's trade; a scheme's payments are known by their log-odds, which everyday life shares."""
    paid = tiny.scan("payments", truth=True).drop_nulls("operation").collect()
    common = paid["log_odds"].min()
    for asked in ("kind=business payments>=60", "kind=independent payments>=60", "form=labour payments>=20"):
        operation = find_operations_of(tiny, asked)["operation"][0]
        events = [event for event in story_of(tiny, operation).events if event.lane == "money"]
        everyday = [event for event in events if event.what == "everyday payment"]
        mine = paid.filter(operation=operation)
        assert len(everyday) == (mine["log_odds"] == common).sum() > 0
        assert "benefit" not in {event.sort for event in events if event not in everyday}


def test_who_takes_or_pays_is_the_operation(tiny: Release) -> None:
    """Clients who pay each other by its scheme are told beside."""
    wallets = tiny.scan("wallets", truth=True).drop_nulls("operation").collect()
    owner = dict(wallets.select("wallet", "operation").iter_rows())
    paid = tiny.scan("payments", truth=True).drop_nulls("operation").collect()
    ends = (pl.col(end).replace_strict(owner, default=-1) for end in ("payer", "payee"))
    for_others = paid.filter(*(end != pl.col("operation") for end in ends))
    operation = for_others["operation"].value_counts(sort=True)["operation"][0]
    beside = [event for event in story_of(tiny, operation).events if event.what == "money beside"]
    assert len(beside) == for_others.filter(operation=operation).height > 1


def test_an_account_of_an_operation_that_never_posts_is_said_to_be_able_to_alone(tiny: Release) -> None:
    held = tiny.scan("accounts", truth=True).filter(pl.col("role") == "advertises")
    silent = tiny.scan("operations", truth=True).filter(~pl.col("posts")).select("operation")
    operation = held.join(silent, on="operation").collect()["operation"][0]
    text = told(story_of(tiny, operation))
    assert "never posts an advert" in text
    assert "has an account that can advertise on" in text
    assert "advertises on" not in text


def test_names_are_words_and_lines_fit(tiny: Release, stories: list[Story]) -> None:
    armed = tiny.scan("operations", truth=True).filter(pl.col("organisation") == "armed_group").collect()
    texts = [tell(story) for story in [*stories, story_of(tiny, armed["operation"][0])]]
    assert "armed group" in texts[-1]
    assert not [line for text in texts for line in text.splitlines() if "_" in line or len(line) > WIDTH]
