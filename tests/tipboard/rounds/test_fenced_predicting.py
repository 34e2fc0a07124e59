"""A participant's method behind a fence: the same predictions of the round's units, under the round's ids."""

import sys
from pathlib import Path
from typing import Any

import pytest
from tipbench.cli import main
from tipbench.fence.session import Limits
from tipboard.commands.seal import predict as command
from tipboard.rounds.predicting import Ask, predict
from tipcore.errors import UsageError
from tipdata.release import Release

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a fence needs Linux")

FENCE = Limits()
METHODS = {  # one of each way to hand over a fold
    "advert_risk": {"_target_": "tipbaselines.advert_risk.tfidf_logreg.TfidfLogreg"},
    "assistance_triage": {"_target_": "tipbaselines.assistance_triage.prior.Prior"},
    "route_forecast": {"_target_": "tipbaselines.route_forecast.popular.Popular"},
    "recruitment_onset": {"_target_": "tipbaselines.recruitment_onset.first_cue.FirstCue"},
}
CURIOUS = """
import polars as pl


class Curious:
    needs = frozenset({"adverts.body"})
    stochastic = False
    notes = ()

    def fit(self, fold, seed):
        ids = [str(one) for one in fold.to_predict().collect()["advert"].to_list()]
        self.notes = [" ".join(ids[start : start + 500]) for start in range(0, len(ids), 500)]

    def predict(self, fold):
        return fold.to_predict().select("advert", score=pl.lit(0.5)).collect()


class Clumsy(Curious):
    def fit(self, fold, seed):
        raise ArithmeticError("it does not add up")
"""


@pytest.mark.parametrize(
    "task",
    [pytest.param(t, marks=[pytest.mark.slow] if t != "recruitment_onset" else []) for t in METHODS],
)
def test_a_fence_changes_nothing_of_a_methods_predictions(host: Any, tiny: Release, task: str) -> None:
    ask = Ask(task, METHODS[task])
    free, _ = predict(ask, host.public, tiny)
    fenced, _ = predict(Ask(task, METHODS[task], fence=FENCE), host.public, tiny)
    assert fenced.equals(free)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "curious.py").write_text(CURIOUS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "curious", raising=False)  # that of another test


@pytest.mark.usefixtures("own")
def test_the_ids_behind_a_fence_are_those_of_the_round(host: Any, tiny: Release) -> None:
    published = {str(one) for one in host.table("adverts")["advert"].to_list()}
    ask = Ask("advert_risk", {"_target_": "curious.Curious"})
    free = set(" ".join(predict(ask, host.public, tiny)[1].notes).split())
    made, sealed = predict(Ask("advert_risk", ask.method, fence=FENCE), host.public, tiny)
    assert published < free == set(" ".join(sealed.notes).split())  # with valid, which is predicted too
    assert {str(one) for one in made["advert"].to_list()} == published


def test_an_oracle_behind_a_fence_is_refused(host: Any, tiny: Release) -> None:
    ask = Ask("advert_risk", {"_target_": "tipbaselines.advert_risk.oracle.Oracle"}, fence=FENCE)
    with pytest.raises(UsageError, match="fence holds no hidden truth"):
        predict(ask, host.public, tiny)


@pytest.mark.usefixtures("own")
def test_what_a_method_raised_is_told_with_its_traceback(
    host: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["+baseline.method._target_=curious.Clumsy", "task=advert_risk", "release=tiny"]
    code = main(["seal", "predict", str(host.public), *words, "--to", str(tmp_path / "made.parquet")])
    err = capfd.readouterr().err
    assert code == 2, err
    assert "ArithmeticError: it does not add up" in err.splitlines()[-1]
    assert "in fit" in err
    assert not (tmp_path / "made.parquet").exists()


@pytest.mark.parametrize("word", ["fence=off", "fence=on"])
def test_a_fence_can_be_asked_for_and_left_out_by_word(
    host: Any, tiny: Release, tmp_path: Path, word: str
) -> None:
    words = [
        "baseline=advert_risk/prior",
        "release=tiny",
        word,
        "--to",
        str(tmp_path / "made.parquet"),
        "--json",
    ]
    assert main(["seal", "predict", str(host.public), *words]) == 0
    assert (tmp_path / "made.parquet").exists()


def test_a_method_learns_on_the_world_that_was_asked_for(
    host: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[tuple[Any, ...]] = []

    def noted(*release: Any) -> Any:
        opened.append(release)
        raise UsageError("enough")

    monkeypatch.setattr(command, "open_release", noted)
    words = ["baseline=advert_risk/prior", "release=tiny", "release.world=3"]
    assert main(["seal", "predict", str(host.public), *words, "--to", str(tmp_path / "made.parquet")]) == 2
    assert opened[0][-1] == 3
