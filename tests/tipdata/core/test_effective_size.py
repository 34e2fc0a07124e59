"""Kish's effective size."""

import numpy as np
import pytest
from tipdata.core.counts import effective_size


def test_equal_weights_lose_nothing_and_unequal_ones_do() -> None:
    assert effective_size(np.full(50, 7)) == pytest.approx(50)
    assert effective_size(np.array([1, 1, 2])) == pytest.approx(16 / 6)
    large = np.full(5_000, 2_000_000_000, dtype=np.int32)
    assert effective_size(large) == pytest.approx(5_000)
    assert effective_size(np.zeros(0)) == 0
