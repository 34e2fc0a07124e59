"""What a composed config must look like before anything is run with it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tipcore.engines import Engine
from tipcore.errors import UsageError
from tipcore.validation import requirement

from tipbench.data.further_worlds import FOLD_ALONE

SEEDS = 2**31
"""Seeds are below, as records of submissions and generators of 32 bits need."""
MOST_REPLICATES = 100_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Named(BaseModel):
    """A choice with a name; other keys of its file are kept."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str


class ReleaseChoice(_Strict):
    """A version and size of the data, and the world: 0 is the released one."""

    version: str
    size: str
    world: int = Field(default=0, ge=0)
    summary: str = ""


class Baseline(BaseModel):
    """A method: its name as ``task/method``, and the class to instantiate with its arguments.

    ``splits``: those that ``splits: allowed`` runs it on, or None for all: a slow method names those that tell most.
    ``extra``: the extra of the distribution that it needs (:mod:`tipcore.extras`), or None. ``train``: what
    ``train=auto`` is on a release, ``fold`` (also if None) or ``worlds:N``. ``search``: the values among which each
    setting of ``method`` was chosen, or None.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str | None = None
    summary: str | None = None
    reference: str | None = None
    splits: list[str] | None = None
    extra: str | None = None
    train: str | None = None
    search: dict[str, list[Any]] | None = None
    method: dict[str, Any]


class Grid(_Strict):
    """What is run: patterns of baselines, splits, seeds and worlds. Without ``baselines`` there is no grid.

    ``search``: whether each baseline is run with every combination of its ``search``.
    """

    baselines: str | list[str] | None = None
    splits: str | list[str] | None = None
    seeds: list[Annotated[int, Field(ge=0, lt=SEEDS)]] | None = None
    worlds: list[Annotated[int, Field(ge=0)]] | None = None
    search: bool = False


class FenceLimits(_Strict):
    """What a fenced method may use; see :class:`tipbench.fence.session.Limits`."""

    minutes: float = Field(gt=0)
    memory_gib: float = Field(gt=0)
    scratch_gib: float = Field(gt=0)
    processes: int = Field(ge=1)


class Place(_Strict):
    """A file or folder to write to."""

    path: str | None = None


class Settings(_Strict):
    """The whole of ``configs/config.yaml`` with its groups filled in."""

    task: Named | None
    release: ReleaseChoice | None
    data: dict[str, Any] | None
    split: Named
    labels: str
    access: str
    train: str
    baseline: Baseline
    engine: Engine
    grid: Grid
    seed: int = Field(ge=0, lt=SEEDS)
    replicates: int = Field(ge=0, le=MOST_REPLICATES)
    overwrite: Literal["only_missing", "always", "never"]
    fence: Literal["off", "on"]
    limits: FenceLimits
    runs: Place
    figure: Place

    @property
    def learnt_from(self) -> str:
        """``train`` with ``auto`` resolved: on a release what the baseline says, on own data ``fold``."""
        if self.train != "auto":
            return self.train
        return FOLD_ALONE if self.data is not None else self.baseline.train or FOLD_ALONE


def settings_of(config: dict[str, Any]) -> Settings:
    """Return the checked form of a composed config. Raises UsageError that names the first wrong key and its value."""
    try:
        return Settings.model_validate(config)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    where, given = ".".join(map(str, first["loc"])), first["input"]
    says = requirement(first, Settings)
    if first["type"] in ("model_type", "model_attributes_type", "dict_type") and given is not None:
        field = Settings.model_fields.get(where)
        is_place = field is not None and field.annotation is Place
        how = f"give {where}.path={given}" if is_place else f"give them, such as {where}.KEY=VALUE"
        says = f"it has keys of its own; {how}"
    raise UsageError(f"{where}={given} is wrong: {says}.")
