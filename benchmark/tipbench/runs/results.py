"""``result.json``: what a run leaves behind, checked when it is written and when it is read.

A run's folder holds ``result.json`` and ``predictions.parquet``; it is written beside its place and renamed, so it
is there whole or not at all. The JSON Schema of the first is ``result.schema.json`` beside this module.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import BaseModel, Field, JsonValue, ValidationError
from tipcore.atomic import fill_folder_atomically, find_whole
from tipcore.display import html_table
from tipcore.errors import UsageError
from tipcore.operating_system import check_regular
from tipcore.table_files import read_parquet
from tipcore.validation import requirement

from tipbench.evaluation.comparison import Draws
from tipbench.method import EntryClass
from tipbench.metrics.scores import Estimate, FormRecall, Record, Score
from tipbench.tasks import ScoreVersion

if TYPE_CHECKING:
    import polars as pl


class Versions(Record):
    """What a score means: scores of other versions are not comparable."""

    data: str = Field(description="version of the release, or SHA-256 of the files of a user's own data")
    evaluator: ScoreVersion = Field(description="what the task's scores mean")
    method: str = Field(description="version of tipbench, or SHA-256 of the source of a user's own method")


class Digests(Record):
    """What the result was made by, SHA-256 in hex (:mod:`tipbench.runs.digests`): it decides what is run again."""

    method: str
    input: str
    score: str


class Cost(Record):
    """What the cell took on the machine of ``environment``; null where an author of predictions did not say."""

    fit_s: float | None = Field(description="wall seconds")
    predict_s: float | None = Field(description="wall seconds")
    score_s: float | None = Field(description="wall seconds")
    cpu_s: float | None = Field(description="CPU seconds of the process, all threads")
    peak_mib: float | None = Field(
        description="peak resident memory over that at the start, MiB; null if unknown"
    )


class Fence(Record):
    """What a method was kept from while it fitted and predicted (:mod:`tipbench.fence`)."""

    files: bool = Field(description="it saw its fold, its libraries and nothing else of this machine")
    network: bool = Field(description="it had no network")
    memory: bool = Field(
        description="it ran in a process that cannot reach the memory of the one that scores it"
    )
    processes: bool = Field(description="its time, its memory and the number of its processes were limited")


class PredictionsFile(Record):
    """The predictions beside the result."""

    file: str
    digest: str = Field(description="sha256: and the hex digest of the file")


RESULT, PREDICTIONS, DRAWS, VALID = "result.json", "predictions.parquet", "draws.npz", "valid.parquet"
ELSEWHERE = "free space there or set runs.path=FOLDER"
REPEAT = "run its cell again with overwrite=always"
SCHEMA_VERSION = 2
SCHEMA = Path(__file__).with_name("result.schema.json")

Model = TypeVar("Model", bound=BaseModel)


class Result(Record):
    """All that is known of a run."""

    schema_version: int = Field(default=1, ge=1, le=SCHEMA_VERSION, description="of this record; absent in 1")
    task: str
    method: str
    data: str
    split: str
    seed: int
    labels: str
    access: str
    oracle_method: bool = Field(default=False, description="shown hidden truth: never ranked")
    entry_class: EntryClass | None = Field(
        None, description="what the method knows beside its fold, as it declares; null in older records"
    )
    verified: bool = Field(
        True,
        description="whether access and streaming were enforced when it was predicted: false for predictions "
        "that came as files",
    )
    fence: Fence | None = Field(
        None, description="what the method was kept from; null: nothing, so that access is declared only"
    )
    versions: Versions
    digests: Digests | None = Field(None, description="absent in version 1 and for a submission")
    config_hash: str = Field(
        description="SHA-256 of the canonical JSON of what the config decides, without the seed; empty for a submission"
    )
    config: dict[str, JsonValue]
    primary: str = Field(description="the task's primary metric, a key of scores")
    scores: dict[str, Score]
    valid: Score | None = Field(
        None,
        description="the primary metric on the valid part, by which methods are tuned; absent in version 1, in "
        "seasons, and for predictions that came as files",
    )
    prevalence: float | None = Field(
        None,
        description="share of positives that headline metrics are at; null where they are at none, or in older records",
    )
    estimates: dict[str, Estimate] = Field(
        default_factory=dict, description="of a user's own data: what is estimated of each unit, by its name"
    )
    groups: dict[str, dict[str, float | None]]
    by_form: dict[str, FormRecall] = Field(
        default_factory=dict, description="recall of each form of exploitation, by its name"
    )
    oracle: dict[str, float | None]
    curves: dict[str, JsonValue] = Field(default_factory=dict)
    cost: Cost
    environment: dict[str, str | int]
    predictions: PredictionsFile
    valid_predictions: PredictionsFile | None = Field(
        None, description="those of the valid part, where the file of predictions does not hold them"
    )
    notes: list[str] = Field(default_factory=list)
    warnings: list[str]

    @cached_property
    def _finding(self) -> str:
        """What a reader sees first: nothing, but for results that :func:`tipbench.run` returns."""
        return ""

    def __repr__(self) -> str:
        shown = "".join(f"{name} {score}\n" for name, score in self._shown().items())
        about = f"{self._finding}\nResult of {self._about()}".lstrip()
        return f"{about}\n{shown}all metrics: .scores; all that is known: .to_json()"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        shown = {**self._shown(), **self.scores}
        rows = [(name, *str(score).split(" ", 1)) for name, score in shown.items()]
        return html_table(
            f"{self._finding} {self._about()}".lstrip(), ("metric", "value", "95% interval"), rows
        )

    def with_finding(self, sentence: str) -> Result:
        """Return this result, which from now on shows a sentence first."""
        vars(self)["_finding"] = sentence  # sets the cached property, which no comparison of results reads
        return self

    def _about(self) -> str:
        """Return what was run, in one line."""
        return f"{self.method} on {self.data}, split {self.split}, seed {self.seed}, labels {self.labels}"

    def _shown(self) -> dict[str, Score]:
        """Return what a reader looks at first: the primary metric, and the same of the valid part."""
        first = {self.primary: self.scores.get(self.primary), f"{self.primary} of valid": self.valid}
        return {name: score for name, score in first.items() if score is not None}

    def to_json(self) -> str:
        """Return indented JSON, finite numbers only."""
        return json.dumps(self.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def method_name(self) -> str:
        """Return the method without its task."""
        return method_name(self.method)

    @property
    def seconds(self) -> float | None:
        """Wall seconds of the cell; None where any part of them is not known."""
        parts = (self.cost.fit_s, self.cost.predict_s, self.cost.score_s)
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None


def method_name(config: str) -> str:
    """Return the method that a config names, without its task: ``prior`` of ``advert_risk/prior``."""
    return config.partition("/")[2] or config


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``result.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Result.model_json_schema()}


def parquet_bytes(predictions: pl.DataFrame) -> bytes:
    """Return predictions as a parquet file in memory, so that a full disk is one clear error of the operating
    system."""
    buffer = io.BytesIO()
    predictions.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def store(
    folder: Path, result: Result, predictions: bytes, draws: Draws | None = None, valid: bytes | None = None
) -> None:
    """Write a run whole, in the place of an earlier one. Raises UsageError where it cannot be written."""
    with fill_folder_atomically(folder, replace=True, advice=ELSEWHERE) as beside:
        (beside / PREDICTIONS).write_bytes(predictions)
        (beside / RESULT).write_text(result.to_json(), encoding="utf-8")
        if valid is not None:
            (beside / VALID).write_bytes(valid)
        if draws is not None:
            np.savez(beside / DRAWS, **draws._asdict())


def run_folders(below: Path) -> list[Path]:
    """Return the folders of the runs below a folder, by path; what a killed writer left is not a run."""
    return [path.parent for path in find_whole(RESULT, below)]


def read_draws(folder: Path) -> Draws | None:
    """Return the bootstrap draws of a run's primary metric; None if the run has none.

    Raises UsageError if the file is damaged.
    """
    path = folder / DRAWS
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as kept:
            return Draws(float(kept["value"]), kept["draws"], int(kept["clusters"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} holds no bootstrap draws ({error}): {REPEAT}.") from None


def read_result(folder: Path) -> Result:
    """Return the result of a run's folder, or of a ``result.json``. Raises UsageError where there is none."""
    path = folder if folder.is_file() else folder / RESULT
    return read_record(path, Result, f"{folder} is not a run", "run it again")


def read_record(path: Path, kind: type[Model], absent: str, advice: str) -> Model:
    """Return a record of this kind from a file of JSON.

    Raises UsageError if the file is missing (``absent``: the beginning of the message), cannot be read, or holds no
    such record (``advice``: what to do then).
    """
    try:
        check_regular(path)
        return kind.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{absent}: give a folder that holds {path.name}.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its JSON"
        raise UsageError(
            f"{path} is not valid in this version of tipbench: {where}: {requirement(first, kind)}; {advice}."
        ) from None


def read_predictions(folder: Path, result: Result) -> pl.DataFrame:
    """Return the predictions of a run. Raises UsageError where they are not there or not those of the result."""
    return read_parquet(_content(folder, result.predictions))


def read_valid(folder: Path, result: Result) -> pl.DataFrame:
    """Return a run's predictions of the valid part. Raises UsageError as :func:`read_predictions` does, and where
    there are none of that part alone."""
    if result.valid_predictions is None:
        raise UsageError("the run left none")
    return read_parquet(_content(folder, result.valid_predictions))


def check_files(folder: Path, result: Result) -> None:
    """Check that the predictions of a run are there and those of the result. Raises UsageError where not."""
    for file in filter(None, (result.predictions, result.valid_predictions)):
        _content(folder, file)


def _content(folder: Path, file: PredictionsFile) -> bytes:
    path = folder / file.file
    try:
        check_regular(path)
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}; {REPEAT}.") from None
    if digest_of(content) != file.digest:
        raise UsageError(f"{path} is not the file that its {RESULT} was made from: {REPEAT}.")
    return content
