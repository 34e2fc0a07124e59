"""Which test files run on a changed source file: the nearest first, since the first failure ends the run."""

from __future__ import annotations

METRICS = "benchmark/tipbench/metrics"
SPLITS = "benchmark/tipbench/data/splits"
ROUNDS = "benchmark/tipboard/rounds"
SUBMISSIONS = "benchmark/tipboard/submissions"

_EVALUATION = "tests/tipbench/evaluation/test_evaluation.py"
_FOLDS = "tests/tipbench/data/test_splits.py"
_ROUND = ("tests/tipboard/rounds/test_make_round.py", "tests/tipboard/rounds/test_folds.py")
_HOSTILE = ("tests/tipboard/submissions/test_check.py", "tests/tipboard/submissions/test_hostile.py")

_FAMILIES = (
    "audit_budget",
    "calibration",
    "clustering",
    "crowd",
    "early",
    "estimation",
    "forecast",
    "harm",
    "labelled_pairs",
    "labelset",
    "minority",
    "operating",
    "ranking",
    "retrieval",
    "scored_pairs",
)
_POLICIES = (
    "all",
    "closure",
    "forward",
    "jurisdiction",
    "language",
    "operation",
    "platform",
    "policy",
    "random",
    "region",
    "tactics",
)


def _metric(name: str) -> str:
    return f"tests/tipbench/metrics/test_{name}.py"


NEAREST: dict[str, tuple[str, ...]] = {
    **{f"{METRICS}/{name}.py": (_metric(name), _metric("registry"), _EVALUATION) for name in _FAMILIES},
    f"{METRICS}/bootstrap.py": (_metric("bootstrap"), _EVALUATION),
    f"{METRICS}/case.py": (_metric("case"), _metric("operating"), _metric("calibration"), _EVALUATION),
    f"{METRICS}/medians.py": (_metric("medians"), _metric("estimation"), _metric("crowd"), _EVALUATION),
    f"{METRICS}/metric.py": (_metric("registry"), _metric("harm"), _EVALUATION),
    f"{METRICS}/registry.py": (
        _metric("registry"),
        _EVALUATION,
        "tests/tipbench/evaluation/test_comparison.py",
    ),
    **{f"{SPLITS}/{name}.py": (_FOLDS,) for name in _POLICIES},
    "benchmark/tipbench/data/supervision.py": (
        "tests/tipbench/data/test_supervision.py",
        "tests/tipbench/data/test_fold.py",
    ),
    **{
        f"{ROUNDS}/{name}.py": (f"tests/tipboard/rounds/test_{name}.py",)
        for name in ("keyed", "ids", "images")
    },
    f"{ROUNDS}/prefixes.py": ("tests/tipboard/rounds/test_prefixes.py",),
    f"{ROUNDS}/make_round.py": _ROUND,
    f"{ROUNDS}/verify.py": ("tests/tipboard/rounds/test_verify.py",),
    f"{SUBMISSIONS}/check.py": _HOSTILE,
    f"{SUBMISSIONS}/guard.py": ("tests/tipboard/submissions/test_guard.py", *_HOSTILE),
    f"{SUBMISSIONS}/terms.py": ("tests/tipboard/submissions/test_terms.py",),
    f"{SUBMISSIONS}/limits.py": ("tests/tipboard/submissions/test_limits.py",),
    f"{SUBMISSIONS}/folder.py": ("tests/tipboard/submissions/test_folder.py",),
}
