"""The scoring program, run as the host's worker runs it, from the bundle alone."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.kinds import CLASSES, KINDS
from tipbench.tasks import tasks
from tipboard.rounds.host import read_answers
from tipboard.rounds.scores import rounded
from tipboard.rounds.submissions import score_predictions
from tipcodabench.columns import columns

NOT_REQUIRED = (
    *(
        "joblib",
        "filelock",
        "hydra",
        "omegaconf",
        "rich",
        "matplotlib",
        "sklearn",
        "scipy",
        "lightgbm",
        "rensa",
    ),
    *(
        "rustworkx",
        "splink",
        "statsmodels",
        "datasets",
        "pandas",
        "duckdb",
        "torch",
        "jsonschema",
        "tipbaselines",
    ),
)
PROBE = f"""
import runpy, sys
from pathlib import Path
sys.modules.update(dict.fromkeys({NOT_REQUIRED}))  # importing any of them is an ImportError
program, sys.argv = sys.argv[1], sys.argv[1:]
try:
    runpy.run_path(program, run_name="__main__")
except SystemExit as done:
    assert not done.code, done.code
home = Path(program).parent / "evaluator"
loaded = [name for name, one in sys.modules.items() if one is not None]
packages = ("tipcore", "tipbench", "tipdata")
ours = {{name: sys.modules[name].__file__ for name in loaded if name.split(".")[0] in packages}}
assert len(ours) > 50, len(ours)
strays = [name for name, file in ours.items() if home not in Path(file).parents]
assert not strays, strays
"""

Run = Callable[..., Any]


def place(name: str) -> str:
    return f"{name}/sealed/s0.parquet"


@pytest.fixture(scope="module")
def expected(host: Any, chance: dict[str, pl.DataFrame]) -> dict[str, dict[str, float | None]]:
    """What ``tipbench seal score`` shows."""
    found = {}
    for name, predictions in chance.items():
        evaluation = score_predictions(tasks()[name], read_answers(host.secret, name), predictions)
        found[name] = {metric: one.value for metric, one in rounded(evaluation, 3).items()}
    return found


def test_all_tasks_score_as_with_seal_score(
    host: Any, chance: dict[str, pl.DataFrame], expected: dict[str, Any], as_the_host: Run, unpacked: Path
) -> None:
    ran = as_the_host({place(name): frame for name, frame in chance.items()})
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == f"{len(tasks())} of {len(tasks())} tasks scored\n"
    scores = json.loads((ran.output / "scores.json").read_text(encoding="utf-8"))
    assert scores.pop("tasks") == len(tasks())
    wanted = {}
    for name, metrics in expected.items():
        wanted[name] = metrics[tasks()[name].primary]
        wanted |= {one.key: metrics.get(one.metric) for one in columns([name])[1:]}
    assert scores == {key: value for key, value in wanted.items() if value is not None}
    assert set(host.round.tasks) <= set(scores)
    assert [path.name for path in ran.output.iterdir()] == ["scores.json"]


def test_every_kind_of_answers_is_among_the_tasks(host: Any) -> None:
    """But for classes, which no release has: they are for a user's own data."""
    of_tasks = {task.kind.name for task in tasks().values()}
    assert {tasks()[name].kind.name for name in host.round.tasks} == of_tasks
    assert set(KINDS) - of_tasks == {CLASSES.name}


def test_the_evaluator_of_the_bundle_runs_and_no_other_and_needs_no_more_than_is_required(
    chance: dict[str, pl.DataFrame], as_the_host: Run
) -> None:
    files = {place(name): frame for name, frame in chance.items()}
    ran = as_the_host(files, before=("-I", "-c", PROBE))
    assert (ran.code, ran.stderr, ran.stdout) == (0, "", f"{len(tasks())} of {len(tasks())} tasks scored\n")


def test_a_task_that_is_missing_has_no_number(chance: dict[str, pl.DataFrame], as_the_host: Run) -> None:
    ran = as_the_host({place("prevalence"): chance["prevalence"], "submission.json": b"not read"})
    assert (ran.code, ran.stdout) == (0, f"1 of {len(tasks())} tasks scored\n")
    written = set(json.loads((ran.output / "scores.json").read_text(encoding="utf-8")))
    assert {"tasks", "prevalence"} <= written
    assert {name for name in written if not name.startswith("prevalence")} == {"tasks"}


def test_predictions_decide_the_score(
    chance: dict[str, pl.DataFrame], expected: dict[str, Any], as_the_host: Run
) -> None:
    reversed_ = chance["flag_aggregation"].with_columns(score=1 - pl.col("score"))
    ran = as_the_host({place("flag_aggregation"): reversed_})
    score = json.loads((ran.output / "scores.json").read_text(encoding="utf-8"))["flag_aggregation"]
    assert score != expected["flag_aggregation"]["average_precision"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("nothing", "no predictions"),
        ("missing", "1 missing"),
        ("cut", "not a whole parquet file"),
        ("split", "no folder of that name|at prevalence/sealed|and nothing else"),
        ("seed", "and nothing else"),
        ("task", "not a task of the round"),
        ("code", "metadata.yaml: no file of that name"),
        ("late", "beyond 8"),
    ],
)
def test_a_malformed_submission_is_refused_in_one_sentence(
    chance: dict[str, pl.DataFrame], as_the_host: Run, tmp_path: Path, kind: str, said: str
) -> None:
    frame, well = chance["prevalence"], place("prevalence")
    scores = chance["flag_aggregation"]
    flags = place("flag_aggregation")
    chance["prevalence"].write_parquet(tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    files: dict[str, Any] = {
        "nothing": {},
        "missing": {flags: scores.head(-1)},
        "cut": {well: whole[:-9]},
        "split": {well.replace("sealed", "forward"): frame},
        "seed": {well: frame, well.replace("s0", "s1"): frame},
        "task": {well.replace("prevalence", "prevalance"): frame},
        "code": {well: frame, "metadata.yaml": b"command: python3 x.py"},
        "late": {
            place("recruitment_onset"): chance["recruitment_onset"].with_columns(step=pl.lit(9, pl.Int32))
        },
    }[kind]
    ran = as_the_host(files)
    assert ran.code == 1
    assert re.search(said, ran.stderr), ran.stderr
    assert ran.stderr.startswith("refused: ")
    assert ran.stderr.count("\n") == 1
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
    assert list(ran.output.iterdir()) == []
