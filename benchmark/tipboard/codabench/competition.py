"""``competition.yaml``: the format that the host documents (version 2), with what its unpacker refuses as rules here.

The JSON Schema is ``competition.schema.json`` beside this module. It says where each rule comes from, as ``$comment``:
*docs* are the host's pages "Yaml Structure", "Competition Bundle Structure" and "Leaderboard Functionality"
(docs.codabench.org, Organizers, Benchmark Creation); *source* is a file of the public repository codalab/codabench.
What a schema cannot say (references resolve, files are there, times follow each other) is checked by
:class:`Competition` and :func:`problems_of_files`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

YAML, SCHEMA = "competition.yaml", "competition.schema.json"
TIME = "%Y-%m-%d %H:%M:%S"

UNPACKER, BASE = (
    "source apps/competitions/unpackers/v2.py",
    "source apps/competitions/unpackers/base_unpacker.py",
)
DATES = "source apps/competitions/unpackers/utils.py, get_datetime"
SERIALIZER = "source apps/api/serializers/leaderboards.py"
BOARDS, PHASES = "source apps/leaderboards/models.py", "source apps/competitions/models.py"
YAML_PAGE, BOARD_PAGE = "docs Yaml Structure", "docs Leaderboard Functionality"


def _from(*where: str, **more: Any) -> dict[str, Any]:
    return {"$comment": "; ".join(where), **more}


def _time(text: str) -> str:
    datetime.strptime(text, TIME)
    return text


def _below(path: str) -> str:
    steps = path.removesuffix("/").split("/")
    if path.startswith("/") or "\\" in path or any(step in ("", ".", "..") for step in steps):
        raise ValueError("is no path within the bundle")
    return path


def _key(key: str) -> str:
    if re.search(r"\s", key):
        raise ValueError("holds a blank")
    return key


Path = Annotated[
    str,
    Field(
        min_length=1,
        json_schema_extra=_from(f"{YAML_PAGE}: relative to competition.yaml", f"{BASE}, _get_data_key"),
    ),
    AfterValidator(_below),
]
Time = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$",
        json_schema_extra=_from(
            f"{YAML_PAGE}, Phases: UTC", f"{DATES}: unquoted times lose their hours, so a string"
        ),
    ),
    AfterValidator(_time),
]
Index = Annotated[int, Field(ge=0, json_schema_extra=_from(f"{BOARDS} and {PHASES}: PositiveIntegerField"))]
ColumnKey = Annotated[
    str,
    Field(min_length=1, max_length=36, json_schema_extra=_from(f"{BOARDS}, Column.key: 36 characters")),
    AfterValidator(_key),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Page(_Part):
    """A page of the competition."""

    title: str = Field(min_length=1, json_schema_extra=_from(f"{YAML_PAGE}, Pages: required"))
    file: Path


class Phase(_Part):
    """A span of time in which submissions are taken in."""

    index: Index | None = None
    name: str = Field(
        min_length=1, max_length=256, json_schema_extra=_from(f"{PHASES}, Phase.name: 256 characters")
    )
    description: str | None = None
    start: Time
    end: Time | None = Field(
        default=None, json_schema_extra=_from(f"{YAML_PAGE}: only the last phase may lack it")
    )
    tasks: list[Index] = Field(
        min_length=1, json_schema_extra=_from(f"{UNPACKER}, _unpack_phases: at least one task")
    )
    max_submissions: int | None = Field(
        default=None,
        ge=1,
        json_schema_extra=_from(f"{UNPACKER}: 100 where it is not there, no limit where it is 0"),
    )
    max_submissions_per_day: int | None = Field(
        default=None,
        ge=1,
        json_schema_extra=_from(f"{UNPACKER}: 5 where it is not there, no limit where it is 0"),
    )
    auto_migrate_to_this_phase: bool | None = None
    execution_time_limit: int | None = Field(
        default=None, ge=1, json_schema_extra=_from(f"{YAML_PAGE}: seconds, 600 where it is not there")
    )
    hide_output: bool | None = None
    hide_prediction_output: bool | None = None
    hide_score_output: bool | None = None
    starting_kit: Path | None = None
    public_data: Path | None = None
    accepts_only_result_submissions: bool | None = None


class HostTask(_Part):
    """What a submission is scored on."""

    index: Index
    name: str = Field(min_length=1, json_schema_extra=_from(f"{YAML_PAGE}, Tasks: required"))
    description: str | None = None
    scoring_program: Path = Field(json_schema_extra=_from(f"{UNPACKER}, _unpack_tasks: required"))
    reference_data: Path | None = None
    input_data: Path | None = None
    ingestion_program: Path | None = None
    ingestion_only_during_scoring: bool | None = None


class Solution(_Part):
    """A submission that comes with the bundle."""

    index: Index
    tasks: list[Index]
    path: Path


class Question(_Part):
    """Something that is asked with every submission."""

    key: ColumnKey
    type: Literal["checkbox", "text", "select"] = Field(json_schema_extra=_from(f"{YAML_PAGE}, Fact Sheet"))
    title: str
    selection: list[str | bool] | str
    is_required: Literal["true", "false"]
    is_on_leaderboard: Literal["true", "false"]


class HostColumn(_Part):
    """A column of a leaderboard."""

    title: str = Field(
        min_length=1, max_length=36, json_schema_extra=_from(f"{BOARDS}, Column.title: 36 characters")
    )
    key: ColumnKey
    index: Index
    sorting: Literal["asc", "desc"] | None = Field(
        default=None, json_schema_extra=_from(f"{BOARDS}, Column.SORTING")
    )
    computation: Literal["sum", "avg", "min", "max", "avg_rank"] | None = Field(
        default=None, json_schema_extra=_from(f"{BOARD_PAGE}, Computation")
    )
    computation_indexes: list[Index] | None = None
    precision: int | None = Field(
        default=None, ge=0, json_schema_extra=_from(f"{YAML_PAGE}: 2 where it is not there")
    )
    hidden: bool | None = None

    @model_validator(mode="after")
    def _computed_of_others(self) -> HostColumn:
        """Source apps/api/serializers/leaderboards.py, ColumnSerializer.validate."""
        if (self.computation is None) != (not self.computation_indexes):
            raise ValueError(f"column {self.key} has a computation or its indexes, not both")
        if self.index in (self.computation_indexes or ()):
            raise ValueError(f"column {self.key} is computed of itself")
        return self


class Leaderboard(_Part):
    """Where the scores of a phase stand."""

    title: str = Field(
        min_length=1, max_length=64, json_schema_extra=_from(f"{BOARDS}, Leaderboard.title: 64 characters")
    )
    key: ColumnKey
    submission_rule: (
        Literal[
            "Add",
            "Add_And_Delete",
            "Add_And_Delete_Multiple",
            "Force_Last",
            "Force_Latest_Multiple",
            "Force_Best",
        ]
        | None
    ) = Field(default=None, json_schema_extra=_from(f"{BOARD_PAGE}, Submission rules"))
    hidden: bool | None = None
    columns: list[HostColumn] = Field(
        min_length=1,
        json_schema_extra=_from(f"{SERIALIZER}, validate_columns: at least one; keys and indexes unique"),
    )

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Leaderboard:
        """Source apps/api/serializers/leaderboards.py, LeaderboardSerializer.validate_columns."""
        _distinct("column keys", (column.key for column in self.columns))
        indexes = [column.index for column in self.columns]
        _distinct("column indexes", indexes)
        for column in self.columns:
            _resolved(f"column {column.key}", column.computation_indexes or (), indexes)
        return self


class Competition(_Part):
    """All of ``competition.yaml``."""

    version: Literal[2] = Field(json_schema_extra=_from(f"{YAML_PAGE}, Versioning"))
    title: str = Field(
        min_length=1, max_length=256, json_schema_extra=_from(f"{PHASES}, Competition.title: 256 characters")
    )
    description: str | None = None
    image: Path = Field(json_schema_extra=_from(f"{UNPACKER}, _unpack_image: the file is there"))
    terms: Path = Field(
        json_schema_extra=_from(f"{UNPACKER}, _unpack_terms: the file is there and not empty")
    )
    registration_auto_approve: bool | None = None
    docker_image: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-zA-Z0-9._:/@-]*$",
        json_schema_extra=_from(f"{YAML_PAGE}: a name that docker can pull"),
    )
    make_programs_available: bool | None = None
    make_input_data_available: bool | None = None
    queue: str | None = None
    enable_detailed_results: bool | None = None
    show_detailed_results_in_submission_panel: bool | None = None
    show_detailed_results_in_leaderboard: bool | None = None
    contact_email: str | None = None
    reward: str | None = None
    auto_run_submissions: bool | None = None
    can_participants_make_submissions_public: bool | None = None
    forum_enabled: bool | None = None
    pages: list[Page] = Field(
        min_length=1, json_schema_extra=_from(f"{UNPACKER}, _unpack_pages: files are there and not empty")
    )
    phases: list[Phase] = Field(
        min_length=1,
        json_schema_extra=_from(f"{UNPACKER}, _unpack_phases: required; one ends before the next starts"),
    )
    tasks: list[HostTask] = Field(
        min_length=1,
        json_schema_extra=_from(f"{UNPACKER}, _unpack_tasks: required; indexes unique; files are there"),
    )
    solutions: list[Solution] | None = None
    fact_sheet: dict[str, Question] | None = None
    leaderboards: list[Leaderboard] = Field(
        min_length=1, json_schema_extra=_from(f"{UNPACKER}, _unpack_leaderboards: required")
    )

    @model_validator(mode="after")
    def _references_resolve(self) -> Competition:
        """Source apps/competitions/unpackers/v2.py, _unpack_tasks and _unpack_solutions; base_unpacker.py."""
        known = [task.index for task in self.tasks]
        _distinct("task indexes", known)
        for phase in self.phases:
            _resolved(f"phase {phase.name}", phase.tasks, known)
        _distinct("solution indexes", (solution.index for solution in self.solutions or ()))
        for solution in self.solutions or ():
            _resolved(f"solution {solution.index}", solution.tasks, known)
        for key, question in (self.fact_sheet or {}).items():
            if key != question.key:
                raise ValueError(f"question {key} has the key {question.key}")
        return self

    @model_validator(mode="after")
    def _phases_follow_each_other(self) -> Competition:
        """Source apps/competitions/unpackers/base_unpacker.py, _validate_phase_ordering: a shared moment conflicts."""
        ordered = sorted(self.phases, key=lambda phase: phase.index or 0)
        for phase in ordered:
            if phase.end is not None and phase.end <= phase.start:
                raise ValueError(f"phase {phase.name} ends before it starts")
        for one, after in pairwise(ordered):
            if one.end is None or one.end >= after.start:
                raise ValueError(f"phase {one.name} has not ended when {after.name} starts")
        if ordered[0].auto_migrate_to_this_phase:
            raise ValueError(f"phase {ordered[0].name} is the first: nothing migrates to it")
        return self

    def files(self) -> list[str]:
        """Every file and folder that is named, in the order of the format."""
        named = [self.image, self.terms, *(page.file for page in self.pages)]
        for phase in self.phases:
            named += [phase.starting_kit or "", phase.public_data or ""]
        for task in self.tasks:
            named += [
                task.scoring_program,
                task.reference_data or "",
                task.input_data or "",
                task.ingestion_program or "",
            ]
        named += [solution.path for solution in self.solutions or ()]
        return [name for name in named if name]


def problems_of_files(competition: Competition, contents: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the files that ``competition.yaml`` names, one clause each.

    Args:
        contents: path -> bytes of all that is in the bundle.
    """
    problems = [f"{name} is not there" for name in competition.files() if not _is_there(name, contents)]
    for name in (competition.image, competition.terms, *(page.file for page in competition.pages)):
        if name in contents and not contents[name].strip():
            problems.append(f"{name} is empty")
    return problems


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``competition.yaml``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Competition.model_json_schema()}


def _is_there(name: str, contents: Mapping[str, bytes]) -> bool:
    """A file, or a folder with anything in it."""
    return name in contents or any(path.startswith(f"{name.removesuffix('/')}/") for path in contents)


def _distinct(what: str, values: Iterable[object]) -> None:
    listed = list(values)
    if len(set(listed)) < len(listed):
        raise ValueError(f"{what} are not distinct")


def _resolved(what: str, named: Iterable[int], known: Iterable[int]) -> None:
    lost = sorted(set(named) - set(known))
    if lost:
        raise ValueError(f"{what} names the index {lost[0]}, which nothing has")
