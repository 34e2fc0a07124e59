"""The splits of a release, one file each, found by folder: which units are trained, tuned and tested on.

A new split is a new file here that defines ``SPLIT``, and ``configs/split/<name>.yaml``. What splits share stands in
:mod:`tipbench.data.splits.policy`; the splits of a user's own data in :mod:`tipbench.data.custom.splits`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from tipbench.data.splits.policy import PART, CannotSplitError, Shift, Split, partition

__all__ = ["PART", "SPLITS", "CannotSplitError", "Shift", "Split", "partition"]


def _found() -> dict[str, Split]:
    """Return every split by name, in the order of their places.

    Raises ValueError for a split that is not named as its file.
    """
    modules = [import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    found: list[Split] = []
    for module in modules:
        split = getattr(module, "SPLIT", None)
        if split is not None and split.name != module.__name__.rpartition(".")[2]:
            raise ValueError(f"{module.__name__} defines the split {split.name}: name both alike")
        found += [split] if split is not None else []
    return {split.name: split for split in sorted(found, key=lambda split: (split.place, split.name))}


SPLITS: dict[str, Split] = _found()
