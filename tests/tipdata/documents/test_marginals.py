"""The world resembles what is published. Bands and sources are those of :mod:`tipdata.documents.marginals`."""

import pytest
from tipdata.documents.marginals import marginals
from tipdata.release import Release


@pytest.fixture(scope="module")
def measured(small: Release) -> dict[str, tuple[float | None, float, float]]:
    return {m.name: (m.measured, m.low, m.high) for m in marginals(small)}


def test_every_aggregate_lies_in_its_band(measured: dict[str, tuple[float | None, float, float]]) -> None:
    outside = {n: v for n, (v, low, high) in measured.items() if v is None or not low <= v <= high}
    assert outside == {}


def test_what_a_small_release_cannot_tell_is_not_told(tiny: Release) -> None:
    values = {m.name: m for m in marginals(tiny)}
    assert len(values) == 19
    unknown = [m for m in values.values() if m.measured is None]
    assert all(not m.passes for m in unknown)
