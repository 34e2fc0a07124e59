"""The record of a story: who, when, what is seen, and its events in order.

The JSON Schema is ``story.schema.json`` beside this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from tipdata.core.yaml_lines import read_yaml

SCHEMA = Path(__file__).with_name("story.schema.json")
TABLES = read_yaml(Path(__file__).with_name("events.yaml"))
"""Words and marks of events, by what happens."""
SCHEMA_VERSION = 1
NOTE = (
    "This case is synthetic: nobody in it is real and nothing of it happened. Truth is shown that no investigator has. "
    "A sign that fits it fits lawful work as well."
)
Phase = Literal[
    "prepares", "recruits", "advertises", "works", "moves", "is paid", "is disturbed", "people leave", "ends"
]  # fmt: skip
Lane = Literal["recruits", "adverts", "accounts", "money", "movement", "firms", "people", "help"]
What = Literal[
    "begins", "wallet", "account", "member", "conversation", "advert", "firm", "exploiting firm", "person",
    "stop", "journey", "money in", "money out", "money moved", "money beside", "everyday payment", "flag", "review",
    "account closes", "site closes", "audit", "complaint", "investigation", "exit", "handed on",
    "helpline contact", "ends",
]  # fmt: skip
LASTING = ("member", "account", "conversation", "person", "firm", "exploiting firm")
"""What has a last day; without one it goes on."""


class _FrozenRecord(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Event(_FrozenRecord):
    """One thing that happened: a row of a table, or a change that the truth knows of."""

    phase: Phase
    lane: Lane
    what: What
    day: int
    until: int | None = Field(None, description="last day of what lasts; null where it is one day or goes on")
    sort: str | None = Field(None, description="of what sort within what: a purpose, a platform, an act")
    town: str | None = None
    size: int | None = Field(None, description="messages, people or XTS in minor units, as what says")
    dated: bool = Field(True, description="whether its days are known; else they are those of the life")
    inside: bool = Field(description="whether its day is one of the operation's life")


class About(_FrozenRecord):
    """The operation itself, as the hidden table of operations has it."""

    operation: int
    region: int
    kind: str
    form: str | None
    strategy: str | None
    organisation: str
    category: str
    language: str
    migrant: bool
    posts: bool
    begins: int
    ends: int
    first_day: int = Field(
        description="of posting; of operations that never post, of what would be its spell"
    )
    last_day: int


class Timeline(_FrozenRecord):
    """The timeline of one operation."""

    model_config = ConfigDict(title="Story")

    schema_version: int = SCHEMA_VERSION
    release: str
    note: str = NOTE
    about: About
    rows: dict[str, int] = Field(description="observed rows of its life, by view")
    views: int = Field(description="how many views count")
    events: tuple[Event, ...] = Field(description="by day")

    def to_dict(self) -> dict[str, Any]:
        """Return the story as JSON can hold it."""
        return self.model_dump(mode="json")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a story."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Timeline.model_json_schema()}
