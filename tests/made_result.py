"""A result as it would be found, without running anything."""

from typing import Any

from tipbench.runs.results import Result
from tipbench.tasks import score_version


def made_result(split: str = "forward", score: float | None = 0.5, **changes: Any) -> Result:
    """Return a result of advert_risk/prior with a score and an interval of ± 0.1; ``changes`` replace its fields."""
    low, high = (None, None) if score is None else (score - 0.1, score + 0.1)
    task = changes.get("task", "advert_risk")
    content = {
        "task": task,
        "method": "advert_risk/prior",
        "data": "0.5.0/tiny",
        "split": split,
        "seed": 0,
        "labels": "truth",
        "access": "public",
        "config_hash": "0" * 64,
        "config": {},
        "versions": {"data": "0.5.0", "evaluator": score_version(task), "method": "0.2.0"},
        "primary": "average_precision",
        "scores": {"average_precision": {"value": score, "low": low, "high": high}},
        "groups": {},
        "oracle": {},
        "cost": {"fit_s": 1.0, "predict_s": 0.5, "score_s": 0.5, "cpu_s": 1.5, "peak_mib": 12.0},
        "environment": {},
        "predictions": {"file": "predictions.parquet", "digest": "sha256:0"},
        "warnings": [],
    }
    return Result.model_validate({**content, **changes})
