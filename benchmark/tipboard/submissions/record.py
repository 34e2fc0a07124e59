"""``submission.json``: who submits what, and which file answers which task. It holds no scores.

Its JSON Schema is ``docs/submission.schema.json``; what the schema language cannot say is in the descriptions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Annotated, Any, Literal, NoReturn

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function
from tipbench.method import EntryClass
from tipcore.validation import requirement

from tipboard.submissions.messages import Problem, legal_text, quote

RECORD = "submission.json"
RESERVED_TEAMS = ("tipbench", "own")
"""The team of the reference methods, and that of methods which the keeper of a board or the host of a season brings.

No submission may have these names, except that the second one may enter a season.
"""

MOST_FILES = 200
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
_PATH = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*"
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
SLUG = r"^[a-z0-9](?:-?[a-z0-9_]){0,39}$"
NAME = r"^[a-z][a-z0-9_]{0,39}$"
URL = rf"^https://{_HOST}(?::[0-9]{{1,5}})?(?:[/?#]{_PATH})?$"
DATA = r"^(?:[0-9]+\.[0-9]+\.[0-9]+/(?:tiny|small|forms|full|xl)|season/[a-z0-9](?:-?[a-z0-9_]){0,39})$"
DATE = r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
DIGEST = r"^sha256:[0-9a-f]{64}$"
PACKAGE = (
    rf"^{_NAME}(?:==[0-9][0-9A-Za-z.!+_-]*"
    rf"| @ https://{_HOST}/[A-Za-z0-9\-._~/+%]*\.whl#sha256=[0-9a-f]{{64}}"
    rf"| @ git\+https://{_HOST}/[A-Za-z0-9\-._~/+%]+@[0-9a-f]{{40}})$"
)
UNPINNED = re.compile(
    r"(?:pip|setuptools|wheel)(?:=| )|.*https://[^/]*\.(?:[0-9][^./]*|local|localhost|internal)/",
    re.IGNORECASE,
)
"""Packages that cannot be pinned: installers, and wheels on hosts named by an IP address or in a private network."""
INTERPOLATION = re.compile(r"\$\\*\{")
"""Start of an interpolation: Hydra replaces it by a value of the machine that runs it."""
KEPT_BACK = ("runs", "figure", "engine", "overwrite", "fence", "limits", "hydra", "experiment", "grid")
"""Keys of the config that a submission must not set: they belong to the person who runs the method."""


@dataclass(frozen=True)
class Pattern:
    """A pattern that the whole text must match, and what the error says of a text that does not."""

    pattern: str
    what: str

    def _check(self, text: str) -> str:
        # Not re.match, in which ``$`` lets a last line break pass.
        if re.fullmatch(self.pattern, text) is None:
            raise ValueError(self.what)
        return text

    def __get_pydantic_core_schema__(self, of: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._check, handler(of))

    def __get_pydantic_json_schema__(self, of: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(of), "pattern": self.pattern}


def _public(package: str) -> str:
    if UNPINNED.match(package):
        raise ValueError("is an installer, or on a host without a public name: pin the method's own package")
    return package


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _override(text: str) -> str:
    key, equals, _ = legal_text(text).partition("=")
    if not equals or re.fullmatch(r"\+{0,2}[A-Za-z_][A-Za-z0-9_.]*", key) is None:
        raise ValueError("is not an override: write key=value")
    if key.lstrip("+").partition(".")[0] in KEPT_BACK:
        raise ValueError(f"sets {key}, which is for whoever runs it to choose")
    if INTERPOLATION.search(text):
        raise ValueError("holds an interpolation ${...}: write its value")
    return text


ONE_LINE = "one line, NFC, without control, format, private-use or unassigned characters"
LEGAL = AfterValidator(legal_text)
Slug = Annotated[
    str,
    Field(max_length=40),
    Pattern(SLUG, "is not a name of this form: 1 to 40 of a-z, 0-9, _ and single hyphens inside"),
]
Name = Annotated[
    str, Field(max_length=40), Pattern(NAME, "is not a name: 1 to 40 of a-z, 0-9 and _, a letter first")
]
Url = Annotated[
    str, Field(max_length=300), Pattern(URL, "is not an https address in ASCII without credentials")
]
Text100 = Annotated[str, Field(min_length=1, max_length=100, description=ONE_LINE), LEGAL]
Text200 = Annotated[str, Field(min_length=1, max_length=200, description=ONE_LINE), LEGAL]
Text500 = Annotated[str, Field(min_length=1, max_length=500, description=ONE_LINE), LEGAL]
Override = Annotated[str, Field(max_length=200), AfterValidator(_override)]
Amount = Annotated[float, Field(ge=0, le=1e9)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _is_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("is true or false, not 1")
    return value


class Author(_Record):
    """Who made the method."""

    name: Text100
    affiliation: Text200 | None


class SubmittedVersions(_Record):
    """What the predictions were made on, and what the scores mean that they were checked with."""

    data: Text100
    tasks: dict[Name, Annotated[int, Field(ge=0, lt=2**31)]] = Field(
        max_length=40, description="by task, what its scores mean"
    )


class Pinned(_Record):
    """What it takes to run the method again.

    ``tipbench run <overrides of a task> split=<split> seed=<seed>`` makes the predictions of an entry.
    """

    package: Annotated[
        str,
        Field(max_length=400),
        Pattern(
            PACKAGE, "is neither name==version, nor a wheel with #sha256=, nor git+https with a whole commit"
        ),
        AfterValidator(_public),
    ]
    overrides: Annotated[
        dict[Name, Annotated[list[Override], Field(max_length=50)]],
        Field(max_length=40, description="by task, each one key=value of tipbench run"),
    ]


class SubmittedCost(_Record):
    """What the predictions cost on the author's hardware; null where it is not known."""

    fit_s: Amount | None = Field(description="wall seconds")
    predict_s: Amount | None = Field(description="wall seconds")
    cpu_s: Amount | None = Field(description="CPU seconds, all threads")
    peak_mib: Amount | None = Field(description="peak resident memory, MiB")


class SubmittedFile(_Record):
    """One file of predictions: of a task, a split and a seed."""

    task: Name
    split: Name
    seed: int = Field(ge=0, lt=2**31)
    file: str = Field(max_length=120, description="<task>/<split>/s<seed>.parquet")
    digest: Annotated[str, Pattern(DIGEST, "is not sha256: and 64 hex digits")]
    rows: int = Field(ge=1, lt=2**53)
    access: Literal["public", "platform", "legal"] = Field(description="the most private data that was used")
    labels: Name = Field(description="the supervision that was learnt from")
    cost: SubmittedCost | None

    @model_validator(mode="after")
    def _in_its_place(self) -> SubmittedFile:
        place = f"{self.task}/{self.split}/s{self.seed}.parquet"
        if self.file != place:
            raise ValueError(f"file is not {place}, the place of its task, split and seed")
        return self


class Resource(_Record):
    """Pretrained weights or outside data that a method uses."""

    name: Text200
    licence: Text100
    date: Annotated[
        str, Field(max_length=10), Pattern(DATE, "is not a day such as 2027-03-01"), AfterValidator(_day)
    ]


class SubmissionRecord(_Record):
    """All that an author declares.

    An entry of a season is of one of two kinds: a package, which the host runs, has ``pinned`` and no predictions;
    predictions of its worlds have no ``pinned``. Either names its class: learnt from the fold alone (``fold``), also
    from generated worlds or what is known of their generator (``worlds``), from pretrained weights or outside data
    (``outside``), or a language model or agent (``system``).
    """

    format: Annotated[Literal[1], BeforeValidator(_is_number)]
    team: Slug
    method: Slug
    title: Text100
    summary: Text500
    authors: list[Author] = Field(min_length=1, max_length=50)
    paper: Url | None
    code: Url | None
    hardware: Text200
    data: Annotated[
        str,
        Field(max_length=60),
        Pattern(DATA, "is neither a release such as 0.5.0/small nor a season such as season/name"),
    ]
    versions: SubmittedVersions
    pinned: Pinned | None
    predictions: list[SubmittedFile] = Field(max_length=MOST_FILES)
    entry_class: EntryClass | None = Field(default=None, description="needed for a season")
    resources: list[Resource] = Field(
        default=[], max_length=50, description="needed of the classes outside and system; fold has none"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> SubmissionRecord:
        if self.season is None:
            if not self.predictions:
                raise ValueError("predictions is empty: only an entry of a season may be a package alone")
        elif self.entry_class is None:
            raise ValueError(
                "entry_class is missing: an entry of a season is fold, worlds, outside or system"
            )
        elif (self.pinned is None) == (not self.predictions):
            raise ValueError("an entry of a season is either pinned or has predictions, and not both")
        if self.resources and self.entry_class in (None, "fold"):
            raise ValueError(
                "resources are of entries of another class than fold: name the class, or remove them"
            )
        if not self.resources and self.entry_class in ("outside", "system"):
            raise ValueError(
                f"resources is empty: an entry of the class {self.entry_class} names what it uses"
            )
        return self

    @property
    def id(self) -> str:
        """``team--method``, which no other team and method have."""
        return f"{self.team}--{self.method}"

    @property
    def package(self) -> str | None:
        """The package that is pinned, if any."""
        return self.pinned.package if self.pinned is not None else None

    @property
    def season(self) -> str | None:
        """The name of the season; None for a release."""
        before, _, after = self.data.partition("/")
        return after if before == "season" else None

    @property
    def size(self) -> str | None:
        """The size of the release; None for a season."""
        return None if self.season is not None else self.data.partition("/")[2]

    @property
    def tasks(self) -> list[str]:
        """The tasks that it answers, sorted: of its predictions or, where it has none, of its overrides."""
        overrides = self.pinned.overrides if self.pinned is not None else {}
        return sorted({entry.task for entry in self.predictions} or overrides)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``submission.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SubmissionRecord.model_json_schema()}


DEEPEST = 12
"""Brackets within brackets; a record needs five."""
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string of JSON, or what is left of one that never ends; possessive, so that no text is gone through twice."""


class Malformed(Exception):
    """What is wrong with a record."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def record_of(content: bytes) -> SubmissionRecord:
    """Return the record. Raises Malformed where it is not JSON in UTF-8, or not of its schema."""
    try:
        return SubmissionRecord.model_validate(_parse_json(content))
    except ValidationError as error:
        raise Malformed([validation_problem(one) for one in error.errors()]) from None


def to_json(record: SubmissionRecord) -> str:
    """Return indented JSON, finite numbers only, with the fields that the record was made with."""
    content = record.model_dump(mode="json", exclude_unset=True)
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _parse_json(content: bytes) -> Any:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed([Problem(RECORD, f"it is not UTF-8 at byte {error.start:,}.")]) from None
    if _depth(text) > DEEPEST:
        raise Malformed([Problem(RECORD, f"it is nested more than {DEEPEST} deep.")])
    try:
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Malformed(
            [Problem(RECORD, f"it is not JSON at line {error.lineno}, column {error.colno}.")]
        ) from None
    except ValueError as error:  # a number with thousands of digits, or one of the two below
        raise Malformed([Problem(RECORD, f"{quote(error, 120).rstrip('.')}.")]) from None


def _depth(text: str) -> int:
    """Return how deep its brackets go, those inside strings left out, in one pass."""
    brackets = (sign for sign in _STRING.sub("", text) if sign in "[]{}")
    return max(accumulate(1 if sign in "[{" else -1 for sign in brackets), default=0)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"it has the key {quote(key)} twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is not a number of JSON")


def validation_problem(error: Any) -> Problem:
    """Return an error of validation as a problem of its field."""
    where = ""
    for part in error["loc"]:
        where += f"[{part}]" if isinstance(part, int) else f".{quote(part, 40)}"
    own = error["type"] == "value_error"
    words = quote(error["ctx"]["error"] if own else requirement(error), 160).rstrip(".")
    return Problem(f"{RECORD}: {where.lstrip('.') or 'it'}", f"{words[:1].lower()}{words[1:]}.")
