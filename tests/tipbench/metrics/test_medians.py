"""The weighted median, whatever the weights add up to."""

import numpy as np
import pytest
from tipbench.metrics.medians import median


@pytest.mark.parametrize("factor", [1e-6, 0.1, 1.0, 1e6])
def test_a_common_factor_of_the_weights_changes_no_median(factor: float) -> None:
    weights = factor * np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 0.0, 3.0]])
    assert median(weights, np.array([1.0, 3.0, 9.0])).tolist() == [2.0, 3.0, 9.0]


def test_no_weight_has_no_median() -> None:
    assert np.isnan(median(np.zeros((1, 2)), np.array([1.0, 3.0]))).all()
