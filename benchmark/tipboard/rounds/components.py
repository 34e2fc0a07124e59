"""Name the wheel and the libraries that make a round, and refuse to score or verify it with others."""

from __future__ import annotations

import hashlib
import platform
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from tipbench.version import __version__
from tipcore.errors import UsageError
from tipdata.core.world import fingerprint, versions

from tipboard.rounds.record import Components, Round, Wheel

PACKAGES = ("tipcore", "tipbench", "tipboard", "tipdata")
"""The packages of the wheel that makes, scores and verifies a round."""
DECLARATIONS = ("*.py", "tables/*.yaml", "text/facts.yaml")
"""Code, and what it reads when tables are declared."""
LIBRARIES = ("numpy", "polars", "pyarrow")


def components(data: str) -> Components:
    """Return those at hand for a version of the data."""
    return Components(
        generator=fingerprint(data) if data in versions() else "unknown",
        evaluator=evaluator(),
        dependencies={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    )


def evaluator() -> str:
    """Return what scores here: the version of tipbench, +, the digest of its sources."""
    return f"{__version__}+{wheel_digest()}"


def wheel() -> Wheel:
    """Return the tipbench at hand."""
    return Wheel(version=__version__, digest=wheel_digest())


def check_wheel(described: Round, doing: str) -> None:
    """Check that this is the tipbench of a round, with the libraries of the round.

    Args:
        described: the round.
        doing: what only they may do, such as ``score it``, for the error.

    Raises:
        UsageError: where anything differs, naming it and what to install.
    """
    if found := differences(described.components, components(described.data)):
        made, libraries = f"tipbench {described.wheel.version}", described.components.dependencies.items()
        raise UsageError(
            f"round {described.name} was made by {made}, and no other may {doing} ({'; '.join(found)}): "
            f"install {made} from its wheel or checkout, with "
            f"{', '.join(f'{name} {number}' for name, number in libraries)}."
        )


def sources() -> dict[str, bytes]:
    """Return the :data:`DECLARATIONS` of all :data:`PACKAGES` by their paths in the wheel, sorted."""
    found: dict[str, bytes] = {}
    for package in PACKAGES:
        (folder,) = import_module(package).__path__
        root = Path(folder).resolve()
        for path in (path for pattern in DECLARATIONS for path in root.rglob(pattern)):
            found[f"{package}/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    return dict(sorted(found.items()))


def wheel_digest() -> str:
    """Return SHA-256 over the paths and contents of :func:`sources`: it names the wheel, wherever it lies."""
    digest = hashlib.sha256()
    for name, content in sources().items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()


def differences(committed: Components, here: Components) -> list[str]:
    """Return one clause for each component that is another one here."""
    found = []
    for name in ("generator", "evaluator"):
        then, now = getattr(committed, name), getattr(here, name)
        if then != now:
            found.append(f"{name} is {_short(now)} here and was {_short(then)} in the round")
    for name, then in committed.dependencies.items():
        now = here.dependencies.get(name, "missing")
        if then != now:
            found.append(f"{name} is {now} here and was {then} in the round")
    return found


def _short(digest: str) -> str:
    head, plus, tail = digest.rpartition("+")
    return f"{head}{plus}{tail[:12]}"
