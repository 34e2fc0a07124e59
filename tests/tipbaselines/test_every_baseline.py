"""What holds for every baseline with a config: it is what its config says, and it keeps the contract of methods."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from threadpoolctl import threadpool_limits
from tipbench.config.methods import make, method_class
from tipbench.contract import promises
from tipbench.contract.other_process import PREDICTIONS
from tipbench.contract.promises import check
from tipbench.contract.trial import Broken, Trial, TrialRun
from tipbench.fence.session import Limits
from tipbench.method import class_of, is_oracle
from tipbench.runs.methods import fenced_method
from tipbench.tasks import task_of
from tipcore.extras import missing_extra
from tipdata.release import Release

CONFIGS = Path(__file__).parents[2] / "configs" / "baseline"
EVERY = sorted(str(path.relative_to(CONFIGS).with_suffix("")) for path in CONFIGS.rglob("*.yaml"))
OWN_DATA = frozenset({"advert_linkage/tfidf_pairs"})
"""Baselines of a user's labelled pairs, which releases do not have: their tests are elsewhere."""


def config(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))


ON_RELEASES = [name for name in EVERY if name not in OWN_DATA and missing_extra(config(name)) is None]
"""Those whose extra, if they need one, is installed."""

SMALLER = {
    "account_risk/graphsage": {"epochs": 20},
    "account_risk/lightgbm": {"rounds": 80},
    "account_risk/neighbour_lightgbm": {"rounds": 80, "components": 16},
    "advert_linkage/splink": {"random_pairs": 1e5, "training_pairs": 5e4, "iterations": 5},
    "advert_risk/joined_tables": {"rounds": 80, "components": 16, "crossfits": 2},
    "advert_risk/lightgbm": {"rounds": 80, "components": 16, "crossfits": 2},
    "assistance_triage/lightgbm": {"rounds": 80, "crossfits": 2},
    "payment_risk/graph_lightgbm": {"rounds": 60},
    "payment_risk/lightgbm": {"rounds": 60},
    "prevalence/bayes_loglinear": {"warmup": 100, "samples": 100},
    "recruitment_onset/gru": {"epochs": 3, "hidden": 16},
    "recruitment_onset/hidden_markov": {"states": [8, 4, 4], "iterations": 5},
    "route_forecast/lightgbm_rank": {"rounds": 60, "moves": 3_000},
}
"""Parameters that shorten a fit: what a method promises does not depend on how long it learns."""

COSTLY = {
    *("account_risk/neighbour_lightgbm", "advert_authorship/metric_learning", "advert_linkage/splink"),
    *("advert_linkage/template_mdl", "advert_risk/cluster_pooling", "advert_risk/joined_tables"),
    *("advert_risk/lightgbm", "advert_risk/linked_pooling", "advert_risk/tfidf_logreg"),
    *("case_linkage/linked_reference", "case_linkage/pair_scores", "case_linkage/random"),
    *("case_linkage/random_walk", "case_linkage/time_place", "intervention_effect/structural_time_series"),
    *("payment_risk/graph_lightgbm", "payment_risk/isolation_forest", "payment_risk/rules"),
    *("prevalence/model_average", "recruitment_onset/first_cue", "recruitment_onset/hidden_markov"),
    *("recruitment_onset/oracle", "route_forecast/backoff_markov", "route_forecast/gravity"),
    *("route_forecast/lightgbm_rank", "route_forecast/markov", "route_forecast/oracle"),
}
"""Slow tests: the others are of every task, kind of prediction and shared base class."""

OTHER_PROCESS = """
import os, pickle, sys
from tipbench.contract.other_process import main
answers = open(os.dup(1), "w")
os.dup2(2, 1)  # libraries of C print there too: DuckDB shows the progress of a query that takes seconds
while True:
    try:
        folder = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    try:
        said = main(folder) or ""
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}"
    print(said.replace("\\n", " "), file=answers, flush=True)
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Trial], TrialRun]]:
    """Run trials in one other process, whose sets of text have another order, and where polars has several threads."""
    folder = tmp_path_factory.mktemp("elsewhere")
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {"POLARS_MAX_THREADS": "4"}  # here there may be one alone
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    source, answers = process.stdin, process.stdout

    def run(trial: Trial) -> TrialRun:
        pickle.dump(str(folder), source)
        pickle.dump(
            (trial.name, trial.task.name, trial.make, trial.source, trial.labels, trial.access), source
        )
        source.flush()
        if said := answers.readline().decode():
            if said.strip():
                raise Broken(f"in another process, {said.strip()}")
            return TrialRun(None, pl.read_parquet(folder / PREDICTIONS))
        raise Broken(f"in another process, code {process.wait()}")

    yield run
    source.close()
    assert process.wait() == 0


@pytest.mark.parametrize("name", EVERY)
def test_a_config_is_named_as_its_file_and_its_module(name: str) -> None:
    given = config(name)
    assert given["name"] == name
    assert given["summary"]
    assert "reference" in given
    assert given["method"]["_target_"].rpartition(".")[0] == "tipbaselines." + name.replace("/", ".")
    assert set(given.get("splits", ())) <= set(task_of(name.partition("/")[0]).splits)


KNOWING = {
    "worlds": {
        *("advert_authorship/metric_learning", "advert_authorship/style_features"),
        *("advert_risk/indicator_count", "advert_risk/joined_tables", "assistance_triage/keywords"),
        *("case_linkage/pair_scores", "case_linkage/time_place", "flag_aggregation/dawid_skene"),
        *("flag_aggregation/glad", "payment_risk/rules", "prevalence/bayes_loglinear"),
        *("recruitment_onset/first_cue", "supplier_risk/personalised_pagerank"),
    },
    "outside": {
        *("advert_reading/sentence_encoder", "advert_risk/sentence_encoder"),
        "assistance_triage/sentence_encoder",
    },
}
"""The baselines that know more than their fold; oracles are of no class."""


def test_every_baseline_is_of_its_class() -> None:
    found: dict[str | None, set[str]] = {}
    for name in EVERY:
        found.setdefault(class_of(method_class(config(name)["method"]["_target_"])), set()).add(name)
    fold, oracles = found.pop("fold"), found.pop(None)
    assert found == KNOWING
    assert oracles == {name for name in EVERY if name.endswith(("/oracle", "/linked_reference"))}
    assert len(fold) > len(EVERY) / 2


FENCED_FIRST = {
    "account_risk/degree",
    "advert_linkage/minhash_lsh",
    "advert_authorship/tfidf_cosine",
    "recruitment_onset/first_cue",
    "route_forecast/popular",
    "assistance_triage/logreg",
    "case_linkage/contact_joins",
    "prevalence/chao_lower",
}
"""A baseline of each kind of prediction; the others behind a fence are slow tests."""


def run_first(names: Iterable[str], slow: Callable[[str], bool]) -> pytest.MarkDecorator:
    """Parametrize a test by names, some of which are slow."""
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=[pytest.mark.slow] if slow(name) else []) for name in names]
    )


def trial_of(name: str, tiny: Release) -> tuple[Trial, dict[str, Any]]:
    """Return a trial of a baseline, and its class and parameters."""
    method = config(name)["method"] | SMALLER.get(name, {})
    task = task_of(name.partition("/")[0])
    return Trial(method["_target_"], task, partial(make, method), tiny), method


@run_first(ON_RELEASES, COSTLY.__contains__)
def test_a_baseline_keeps_every_promise_of_the_contract(
    name: str, tiny: Release, elsewhere: Callable[[Trial], TrialRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promises, "run_elsewhere", elsewhere)
    trial, _ = trial_of(name, tiny)
    verdict = check(trial)
    assert verdict.broken is None, f"{verdict.broken.title} {verdict.says}"
    if trial.task.kind.key(trial.task.unit) == "query":
        lists = trial.run().predictions.group_by("query", *(["view"] if trial.task.views else []))
        assert lists.len()["len"].max() == 10


@pytest.mark.skipif(sys.platform != "linux", reason="a fence needs Linux")
@run_first(
    [name for name in ON_RELEASES if not is_oracle(method_class(config(name)["method"]["_target_"]))],
    lambda name: name not in FENCED_FIRST,
)
def test_a_fence_changes_no_prediction(name: str, tiny: Release, tmp_path: Path) -> None:
    trial, method = trial_of(name, tiny)
    with threadpool_limits(1):  # as `tipbench run` does: a sum that threads share is rounded otherwise
        free = trial.run().predictions
    fenced = fenced_method(method, tmp_path, Limits())
    try:
        made = trial.run_again(fenced).predictions
    finally:
        fenced.close()
    assert made.equals(free)
