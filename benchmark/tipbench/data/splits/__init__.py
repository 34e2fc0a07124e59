"""The splits of a release, found by folder: which units are used to train, tune and test.

A new split is a new file here that defines ``SPLIT``, and ``configs/split/<name>.yaml``. What splits share is in
:mod:`tipbench.data.splits.policy`; splits of own data are in :mod:`tipbench.data.custom.splits`.
"""

import pkgutil
from importlib import import_module

from tipbench.data.splits.policy import PART, CannotSplitError, Shift, Split, partition

__all__ = ["PART", "SPLITS", "CannotSplitError", "Shift", "Split", "partition"]


def _load_splits() -> dict[str, Split]:
    """Return every split by name, ordered by ``place``. Raises ValueError for a name that is not its file's."""
    found: list[Split] = []
    for module in (import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)):
        if (split := getattr(module, "SPLIT", None)) is not None:
            if split.name != module.__name__.rpartition(".")[2]:
                raise ValueError(f"{module.__name__} defines the split {split.name}: name both alike")
            found.append(split)
    return {split.name: split for split in sorted(found, key=lambda split: (split.place, split.name))}


SPLITS: dict[str, Split] = _load_splits()
