"""What spreads the work, and how many workers it has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from tipcore.errors import UsageError

ENGINES = ("loky", "sequential", "dask", "ray", "submitit")
"""Names of engines; each but ``sequential`` is a module of this package. The last three are extras of their name."""
ADDRESSED = ("dask", "ray")
"""Engines that can be told where a cluster runs."""


@dataclass(frozen=True)
class Engine:
    """What spreads the work.

    Attributes:
        name: one of :data:`ENGINES`.
        workers: processes, or jobs at once; None is one a core here, and all that a cluster has.
        address: of a scheduler that runs, for ``dask`` and ``ray``; None starts one on this machine.
        cluster: for ``submitit``: ``slurm`` or ``local``; None takes SLURM where it is.
        folder: for ``submitit``: where jobs are written, which every machine must see; None is ``runs/jobs``.
        parameters: for ``submitit``: of each job, as ``AutoExecutor.update_parameters`` takes them.
        summary: what the engine is, in a few words.

    Raises:
        UsageError: for an engine that does not exist, fewer than one worker, and what the engine does not take.
    """

    name: str = "loky"
    workers: int | None = None
    address: str | None = None
    cluster: str | None = None
    folder: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise UsageError(f"engine={self.name} does not exist: choose one of {', '.join(ENGINES)}.")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"engine.workers={self.workers} is too few: give 1 or more.")
        if self.address is not None and self.name not in ADDRESSED:
            raise UsageError(
                f"engine.address={self.address} is for {' and '.join(ADDRESSED)}: engine={self.name} has none."
            )

    @property
    def here(self) -> int:
        """Return how many processes of this machine work at once, as far as that is known: at least one."""
        return 1 if self.name == "sequential" else self.workers or os.cpu_count() or 1


KEYS = tuple(one.name for one in fields(Engine) if one.name not in ("name", "summary"))
"""What can be set of an engine."""


def engine_of(engine: Engine | str) -> Engine:
    """Return an engine that is given by its name alone, or as it is."""
    return engine if isinstance(engine, Engine) else Engine(engine)
