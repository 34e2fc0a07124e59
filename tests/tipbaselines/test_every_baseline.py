"""What holds for every baseline with a config: it is what its config says, and it keeps the contract of methods."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from tipbench.config.extras import missing_extra
from tipbench.config.instantiate import make
from tipbench.contract.check import check
from tipbench.contract.trial import Trial
from tipbench.tasks import tasks
from tipdata.release import Release

CONFIGS = Path(__file__).parents[2] / "configs" / "baseline"
EVERY = sorted(str(path.relative_to(CONFIGS).with_suffix("")) for path in CONFIGS.rglob("*.yaml"))
OWN_DATA = frozenset({"advert_linkage/tfidf_pairs"})
"""Baselines of a user's labelled pairs, which releases do not have: their tests are elsewhere."""


def config(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))


ON_RELEASES = [name for name in EVERY if name not in OWN_DATA and missing_extra(config(name)) is None]
"""Those whose extra, if they need one, is installed."""


@pytest.mark.parametrize("name", EVERY)
def test_a_config_is_named_as_its_file_and_its_module(name: str) -> None:
    given = config(name)
    assert given["name"] == name
    assert given["summary"]
    assert "reference" in given
    assert given["method"]["_target_"].rpartition(".")[0] == "tipbaselines." + name.replace("/", ".")


@pytest.mark.parametrize("name", ON_RELEASES)
def test_a_baseline_keeps_every_promise_of_the_contract(name: str, tiny: Release) -> None:
    method = config(name)["method"]
    trial = Trial(method["_target_"], tasks()[name.partition("/")[0]], partial(make, method), tiny)
    verdict = check(trial)
    assert verdict.broken is None, f"{verdict.broken.title} {verdict.says}"
    if trial.task.kind.key(trial.task.unit) == "query":
        assert trial.run().predictions.group_by("query").len()["len"].max() == 10
