"""The sources that score a round, as they lie here: exactly the bytes that the round's commitment names.

They travel whole with a bundle, so that the copy can be checked against the round once more where it runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version

from tipboard.rounds.components import LIBRARIES, components
from tipboard.rounds.record import Round
from tipcore.errors import UsageError

ALSO = ("pydantic", "PyYAML")
"""Libraries that scoring needs beside those that the round names."""


def check_evaluator(described: Round) -> None:
    """Raises UsageError where the evaluator here is not the one that the round is committed to."""
    here, committed = components(described.data).evaluator, described.components.evaluator
    if here != committed:
        raise UsageError(
            f"the evaluator here is {_short(here)} and round {described.name} is committed to {_short(committed)}: "
            "export it with the tipbench that made it."
        )


def _short(evaluator: str) -> str:
    head, plus, tail = evaluator.rpartition("+")
    return f"{head}{plus}{tail[:12]}"


def sums(files: Mapping[str, bytes]) -> bytes:
    """Return SHA-256 of each, a line each, as ``sha256sum --check`` reads them."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return "".join(lines).encode()


def requirements(described: Round) -> bytes:
    """Return what pip has to install: the versions that the round was made with, and of other libraries those here."""
    pins = {name: described.components.dependencies.get(name) or version(name) for name in LIBRARIES}
    pins |= {name: version(name) for name in ALSO}
    return "".join(f"{name}=={pinned}\n" for name, pinned in pins.items()).encode()
