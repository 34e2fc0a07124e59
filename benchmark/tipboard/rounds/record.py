"""``round.json``: what a round is, what it promises, and the commitment that holds its host to it.

The JSON Schema is ``round.schema.json`` beside this module. The commitment is SHA-256 over three parts, each preceded
by its length as eight bytes, big-endian: :data:`DOMAIN`, the seed of 32 bytes, and the canonical JSON of the terms,
which are all of the record but the commitment and the digests. So neither the seed nor a term, such as the closing
day or the evaluator, can be changed without another commitment. It covers nothing hidden beside the seed, of
which 2**256 would have to be tried.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from tipbench.data.releases import ROUND
from tipbench.runs.results import Model, read_record
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipcore.sources import canonical

DIGESTS, REVEALED, SCORES = "digests.json", "revealed.json", "scores.json"
PREDICTIONS = "predictions"
"""The folder of what was scored, by number of submission; published at the reveal."""
SCHEMA = Path(__file__).with_name("round.schema.json")
DOMAIN = "tipbench sealed round 1"
HEX = r"^[0-9a-f]{64}$"
SUBMISSIONS, DECIMALS = 3, 3
FIRST_REGION = 1_000_000
"""Regions of rounds are numbered from here, far beyond those of any release."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Components(_Record):
    """Versions of the code that made the round and will score it."""

    generator: str = Field(pattern=HEX, description="SHA-256 over the generator's code and parameters")
    evaluator: str = Field(description="version, +, SHA-256 over the evaluator's source files")
    dependencies: dict[str, str] = Field(description="version of python and of each library")


class Wheel(_Record):
    """The tipbench package that made the round. Only this package can score or verify it."""

    version: str
    digest: str = Field(pattern=HEX, description="SHA-256 over all its source files, by path")


class Rules(_Record):
    """What holds for everyone who takes part."""

    submissions: int = Field(default=SUBMISSIONS, ge=1, description="a team; a further one is refused")
    decimals: int = Field(default=DECIMALS, ge=0, description="of every score that is shown")
    shown: Literal["at close"] = "at close"
    ranked: Literal["last"] = Field(
        default="last",
        description="all submissions are shown; of a task the team's last one counts, not its best",
    )
    access: Literal["declared"] = Field(
        default="declared", description="nobody can check which columns a team looked at"
    )


class Round(_Record):
    """A sealed round."""

    format: Literal["tipbench sealed round 1"] = DOMAIN
    schema_version: Literal[2] = 2
    name: str
    size: str
    first_region: int = FIRST_REGION
    regions: int = Field(ge=1)
    data: str = Field(description="version of the world")
    opens: date = Field(description="UTC")
    closes: date = Field(description="the last day, UTC, on which submissions are taken in")
    tasks: list[str]
    prefixes: dict[str, int] = Field(description="rows of each unit that streamed tasks publish")
    columns: dict[str, list[str]] = Field(description="published tables and their columns")
    rules: Rules = Rules()
    components: Components
    wheel: Wheel
    draft: Literal[True] | None = Field(
        default=None, description="true where the data version was a draft; absent otherwise"
    )
    commitment: str = Field(pattern=HEX)
    digests: str = Field(pattern=HEX, description=f"SHA-256 of {DIGESTS}")

    def to_json(self) -> str:
        return to_json(self)

    @property
    def release(self) -> str:
        """Return the data as readers see them: ``0.4.0/small``, or ``0.4.0/small (draft)``."""
        return f"{self.data}/{self.size}{' (draft)' if self.draft else ''}"

    @property
    def region_numbers(self) -> range:
        return range(self.first_region, self.first_region + self.regions)


class Digests(_Record):
    """``digests.json``: SHA-256 of published files, and of published columns whatever file holds them."""

    files: dict[str, str] = Field(description="path below the round's folder -> SHA-256 of the file")
    columns: dict[str, dict[str, dict[str, str]]] = Field(description="region -> table -> column -> digest")
    units: dict[str, str] = Field(description="task -> digest of its units' keys")


class Revealed(_Record):
    """``revealed.json``: the seed of a round that is over."""

    format: Literal["tipbench sealed round 1"] = DOMAIN
    name: str
    revealed: date
    seed: str = Field(pattern=HEX, description="32 bytes in hex")


def to_json(record: BaseModel) -> str:
    """Return indented JSON, finite numbers only; only a round of a draft has the term ``draft``."""
    made = record.model_dump(mode="json", exclude=None if getattr(record, "draft", None) else {"draft"})
    return json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``round.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Round.model_json_schema()}


def terms(record: dict[str, Any]) -> str:
    """Return the canonical JSON of what the commitment binds beside the seed."""
    unbound = {"commitment", "digests"} if record.get("draft") else {"commitment", "digests", "draft"}
    return canonical({key: value for key, value in record.items() if key not in unbound})


def commitment(seed: bytes, bound: str) -> str:
    """Return the commitment to a seed and to terms, in hex."""
    digest = hashlib.sha256()
    for part in (DOMAIN.encode(), seed, bound.encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def commitment_of(seed: bytes, described: Round) -> str:
    """Return the commitment that this seed and the round's terms give."""
    return commitment(seed, terms(described.model_dump(mode="json")))


def read(path: Path, kind: type[Model], what: str) -> Model:
    """Return a record of a round from its file. Raises UsageError where it is not there or not one."""
    return read_record(path, kind, f"{path.parent} is not a {what}", path.name, "get it again")


def read_round(folder: Path) -> Round:
    """Return the round of a published folder, or of the host's.

    Raises UsageError where there is none, and for a task that is not known here.
    """
    described: Round = read(folder / ROUND, Round, "sealed round")
    if unknown := [name for name in described.tasks if name not in tasks()]:
        raise UsageError(
            f"round {described.name} has {unknown[0]}, which this tipbench does not know: install the one of the round."
        )
    return described
