"""tipbench: an open benchmark for methods that detect technology-facilitated trafficking in persons.

Everything heavy is imported on first use, so that ``import tipbench`` needs the standard library only.

>>> import tipbench  # doctest: +SKIP
>>> fold = tipbench.load("advert_risk", release="tiny", split="forward")  # doctest: +SKIP
>>> scores = tipbench.evaluate("advert_risk", predictions, release="tiny", split="forward")  # doctest: +SKIP
>>> result = tipbench.run(MyMethod(), "advert_risk", release="tiny", split="forward")  # doctest: +SKIP
>>> tipbench.compare("runs/A", result)  # doctest: +SKIP
>>> tipbench.results("runs")  # doctest: +SKIP
>>> print(tipbench.story(release="tiny"))  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tipbench.version import __version__

if TYPE_CHECKING:
    from tipcore.errors import CheckFailed, UsageError

    from tipbench.data.fold import Fold, Prepared
    from tipbench.loading import load, prepare
    from tipbench.runs.api import compare, plot, results, run
    from tipbench.runs.results import Result
    from tipbench.runs.scoring import evaluate
    from tipbench.stories.story import story
    from tipbench.task import Task

__all__ = [
    "CheckFailed", "Fold", "Prepared", "Result", "Task", "UsageError", "__version__",
    "compare", "evaluate", "load", "plot", "prepare", "results", "run", "story",
]  # fmt: skip

_NAMES = {
    "tipbench.data.fold": ("Fold", "Prepared"),
    "tipbench.loading": ("load", "prepare"),
    "tipbench.runs.api": ("compare", "plot", "results", "run"),
    "tipbench.runs.results": ("Result",),
    "tipbench.runs.scoring": ("evaluate",),
    "tipbench.stories.story": ("story",),
    "tipbench.task": ("Task",),
    "tipcore.errors": ("CheckFailed", "UsageError"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tipbench' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
