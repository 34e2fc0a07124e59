"""Which test files run on a changed source file: the nearest first, since the first failure ends the run."""

from __future__ import annotations

METRICS = "benchmark/tipbench/metrics"
SPLITS = "benchmark/tipbench/data/splits"
SUBMISSIONS = "benchmark/tipboard/submissions"
RELEASE = "datasets/tipdata/release"
RUNS = "benchmark/tipbench/runs"

_EVALUATION = "tests/tipbench/evaluation/test_evaluation.py"
_FOLDS = "tests/tipbench/data/test_splits.py"
_VERIFYING = "tests/tipdata/release/test_verification.py"
_DIGESTS = "tests/tipbench/runs/test_digests.py"
_HOSTILE = ("tests/tipboard/submissions/test_check.py", "tests/tipboard/submissions/test_mutated.py")

_FAMILIES = (
    *(
        "clustering",
        "decisions",
        "early",
        "estimation",
        "forecast",
        "harm",
        "labelsets",
        "ranking",
        "retrieval",
    ),
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
    f"{METRICS}/metric.py": (
        _metric("metric"),
        _metric("registry"),
        _metric("harm"),
        _metric("ranking"),
        _EVALUATION,
    ),
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
    f"{SUBMISSIONS}/check.py": _HOSTILE,
    f"{SUBMISSIONS}/guard.py": ("tests/tipboard/submissions/test_guard.py", *_HOSTILE),
    f"{SUBMISSIONS}/terms.py": ("tests/tipboard/submissions/test_terms.py",),
    f"{SUBMISSIONS}/limits.py": ("tests/tipboard/submissions/test_files.py",),
    f"{SUBMISSIONS}/folder.py": ("tests/tipboard/submissions/test_folder.py",),
    f"{SUBMISSIONS}/opening.py": ("tests/tipboard/submissions/test_folder.py", *_HOSTILE),
    f"{SUBMISSIONS}/reader.py": ("tests/tipboard/submissions/test_reader.py", *_HOSTILE),
    f"{SUBMISSIONS}/parquet.py": ("tests/tipboard/submissions/test_guard.py", *_HOSTILE),
    **{
        f"{SUBMISSIONS}/{name}.py": ("tests/tipboard/submissions/test_record.py", *_HOSTILE)
        for name in ("record", "record_file", "text")
    },
    "benchmark/tipboard/board/acceptance.py": ("tests/tipboard/board/test_acceptance.py",),
    f"{RELEASE}/verification.py": (_VERIFYING,),
    f"{RELEASE}/manifests.py": (_VERIFYING, "tests/tipdata/release/test_builder.py"),
    f"{RELEASE}/builder.py": ("tests/tipdata/release/test_builder.py",),
    f"{RUNS}/runner.py": ("tests/tipbench/runs/test_runner.py",),
    f"{RUNS}/digests.py": (_DIGESTS,),
    "benchmark/tipcore/sources.py": ("tests/tipcore/test_sources.py", _DIGESTS),
}
