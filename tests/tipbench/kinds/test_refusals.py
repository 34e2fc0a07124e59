"""A refusal of predictions is one sentence, with its subject kept apart."""

import pickle

from tipbench.kinds.refusals import PredictionsRefused
from tipcore.errors import UsageError


def test_a_refusal_says_predictions_once_also_after_it_crossed_processes() -> None:
    assert issubclass(PredictionsRefused, UsageError)
    error = PredictionsRefused("3 missing (predictions: 7); predict each of them once")
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert isinstance(one, PredictionsRefused)
        assert one.said == "3 missing (predictions: 7); predict each of them once"
        assert str(one) == f"predictions: {one.said}"
