"""The story of an operation has every row that the tables have of it, within its schema, and nobody who is a child."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import get_args

import jsonschema
import polars as pl
import pytest
import tipbench
from tipbench.stories.chronicle import PLURAL, SINGULAR, WIDTH, tell
from tipbench.stories.record import SCHEMA, Phase, What, json_schema
from tipbench.stories.sources import candidates, find_operations_of
from tipbench.stories.story import Story, story_of
from tipcore.errors import UsageError
from tipdata.core.world import MINUTES_A_DAY
from tipdata.release import Release

KEYS = {"schema_version", "release", "note", "about", "rows", "views", "events"}
EVENT_KEYS = {"phase", "lane", "what", "day", "until", "sort", "town", "size", "dated", "inside"}


@pytest.fixture(scope="module")
def story(tiny: Release) -> Story:
    return story_of(tiny)


def owned(release: Release, table: str, operation: int) -> pl.DataFrame:
    return release.scan(table, truth=True).filter(pl.col("operation") == operation).collect()


@pytest.mark.parametrize(
    "asked", ["kind=trafficking views>=4", "kind=business views>=4", "kind=independent movement>0"]
)
def test_every_row_of_an_operation_is_one_event(tiny: Release, asked: str) -> None:
    operation = find_operations_of(tiny, asked)["operation"][0]
    events = Counter(event.what for event in story_of(tiny, operation).events)
    for what in ("advert", "account", "conversation", "wallet", "journey", "helpline contact"):
        table = {"journey": "trips", "helpline contact": "contacts"}.get(what, f"{what}s")
        assert events[what] == owned(tiny, table, operation).height, what
    money = ("money in", "money out", "money moved", "money beside", "everyday payment")
    assert sum(events[what] for what in money) == owned(tiny, "payments", operation).height
    circuits = owned(tiny, "circuits", operation)["circuit"]
    stops = tiny.scan("stops").filter(pl.col("circuit").is_in(circuits.implode())).collect()
    assert events["stop"] == stops.height


def test_every_person_exploited_is_an_event_and_no_child_is_there(tiny: Release) -> None:
    people = tiny.scan("people", truth=True).filter(pl.col("role") == "exploited").collect()
    operation = people["operation"].value_counts(sort=True)["operation"][0]
    story = story_of(tiny, operation)
    persons = [event for event in story.events if event.what == "person"]
    assert len(persons) == people.filter(operation=operation).height > 1
    assert not {"0-8", "9-17"} & set(people["age_band"])


def test_rows_of_views_are_those_of_the_operations_life(tiny: Release) -> None:
    every = candidates(tiny).select("operation", "begins", "ends", "payments", "adverts")
    for table in ("payments", "adverts"):
        paid = tiny.scan(table, truth=True).drop_nulls("operation").select("operation", "minute").collect()
        day = pl.col("minute") // MINUTES_A_DAY
        seen = paid.join(every, on="operation").with_columns(inside=day.is_between("begins", "ends"))
        counted = seen.group_by("operation").agg(pl.col("inside").sum().cast(pl.Int64))
        joined = every.join(counted, on="operation", how="left").with_columns(pl.col("inside").fill_null(0))
        assert joined["inside"].equals(joined[table].rename("inside"))
        assert table == "adverts" or not seen["inside"].all()


def test_an_event_says_whether_it_lies_in_the_operations_life(story: Story) -> None:
    about = story.about
    for event in story.events:
        assert event.inside == (about.begins <= event.day <= about.ends)
    assert not all(event.inside for event in story.events)


def test_money_goes_in_and_out_as_seen_from_the_operations_wallets(tiny: Release) -> None:
    operation = find_operations_of(tiny, "kind=trafficking payments>=20")["operation"][0]
    mine = owned(tiny, "wallets", operation)["wallet"].implode()
    paid = owned(tiny, "payments", operation).filter(pl.col("typology").is_not_null())
    taken = paid.filter(pl.col("payee").is_in(mine) & ~pl.col("payer").is_in(mine))
    story = story_of(tiny, operation)
    assert sum(event.size or 0 for event in story.events if event.what == "money in") == taken["amount"].sum()


def test_without_an_operation_the_best_seen_trafficking_case_is_told(tiny: Release, story: Story) -> None:
    assert story.about.kind == "trafficking"
    assert story.views == find_operations_of(tiny, "kind=trafficking")["views"].max()
    assert tipbench.story(release=tiny.name) == story


def test_json_keeps_its_schema_and_its_keys(story: Story) -> None:
    made = json.loads(json.dumps(story.to_dict()))
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema(), (
        "write json_schema() to story.schema.json"
    )
    jsonschema.Draft202012Validator(json_schema()).validate(made)
    assert set(made) == KEYS
    assert {key for event in made["events"] for key in event} == EVENT_KEYS
    assert made["schema_version"] == 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate({**made, "events": [{"day": 1}]})


def test_the_chronicle_tells_phases_in_order_within_a_page_and_says_that_it_is_synthetic(
    story: Story,
) -> None:
    text = tell(story)
    assert "synthetic" in text.splitlines()[2]
    assert max(map(len, text.splitlines())) <= WIDTH
    heads = [line.split(",")[0] for line in text.splitlines() if line and not line.startswith(" ")][3:]
    order = [phase.capitalize() for phase in get_args(Phase)]
    assert heads == [phase for phase in order if phase in heads]
    assert (heads[0], heads[-1]) == ("Prepares", "Ends")


def test_the_chronicle_counts_every_event_once(story: Story) -> None:
    text = tell(story)
    counts = re.findall(rf"day [\d to*]+ (\d+) {PLURAL['advert']} (?:in|on) ", text)
    told = sum(map(int, counts)) + text.count(f" {SINGULAR['advert']} ")
    assert told == sum(event.what == "advert" for event in story.events)


def test_whatever_can_happen_can_be_told() -> None:
    assert set(SINGULAR) == set(What.__args__)
    assert set(SINGULAR) - set(PLURAL) == {"begins", "ends", "investigation"}


@dataclass(frozen=True)
class SealedSource:
    """A source that shows what a release shows without truth."""

    release: Release
    name: str = "round 7"

    @property
    def version(self) -> str:
        return self.release.version

    @property
    def regions(self) -> int:
        return self.release.regions

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        if truth:
            raise UsageError(f"{self.name} shows no truth about {table}: it is sealed.")
        return self.release.scan(table)


def test_a_release_that_shows_no_truth_has_no_story(tiny: Release, story: Story) -> None:
    for operation in (None, story.about.operation):
        with pytest.raises(UsageError, match="round 7 shows no truth about operations"):
            tipbench.story(operation, release=SealedSource(tiny))


def test_an_operation_that_does_not_exist_is_refused(tiny: Release) -> None:
    with pytest.raises(UsageError, match="has no operation -1: find one with"):
        story_of(tiny, -1)
