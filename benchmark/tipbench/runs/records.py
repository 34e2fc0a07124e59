"""The parts of ``result.json``, each checked when it is written and when it is read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tipbench.evaluation.meaning import ScoreVersion


class Record(BaseModel):
    """Part of what a run leaves behind."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


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


class Scored(Record):
    """A metric's value with its 95% interval; note says why one is null."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None


class FormRecall(Scored):
    """Recall of a form's positives; without an interval where it has fewer than 20 operations."""

    operations: int = Field(description="with a positive unit in the test part")


class Estimated(Record):
    """What is estimated of one unit, with its 95% interval; null where there is none or the truth is not known."""

    value: float | None
    low: float | None = None
    high: float | None = None
    truth: float | None = None


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

    @property
    def enforced(self) -> bool:
        """Whether access and streaming were enforced, and not only declared."""
        return self.files and self.network and self.memory


class PredictionsFile(Record):
    """The predictions beside the result."""

    file: str
    digest: str = Field(description="sha256: and the hex digest of the file")
