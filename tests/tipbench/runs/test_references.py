"""A run is shown beside the committed results of its data, task and split, and of no other."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.paths import config_folders
from tipbench.runs.cell import Cell
from tipbench.runs.grid import expand
from tipbench.runs.references import references_of
from tipcore.errors import UsageError

RESULTS = Path(__file__).parents[3] / "results"


def cells(*words: str) -> list[Cell]:
    return expand(Composer(config_folders(None), parse(words)), lambda task, settings: task.splits)


def test_references_are_those_of_the_cells_and_marked() -> None:
    found = references_of(cells("baseline=advert_risk/prior", "release=small", "split=region"), str(RESULTS))
    assert {(one.data, one.task, one.split) for one in found} == {("0.4.0/small", "advert_risk", "region")}
    assert {"advert_risk/tfidf_logreg (reference)", "advert_risk/lightgbm (reference)"} <= {
        one.method for one in found
    }
    assert all(one.method.endswith(" (reference)") for one in found)


def test_without_a_folder_they_are_those_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = cells("baseline=prevalence/chao_lower", "release=small")
    assert references_of(asked) == references_of(asked, str(RESULTS))


def test_what_is_not_there_is_said_before_anything_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tipbench: Callable[..., tuple[int, str, str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("run", "baseline=advert_risk/prior", "release=tiny", "--references")
    code, out, err = tipbench(*words, str(RESULTS))
    assert (code, out) == (2, "")
    assert "has no committed results of advert_risk on 0.4.0/tiny: it has 0.4.0/small" in err
    code, out, err = tipbench(*words, "nowhere")
    assert (code, out) == (2, "")
    assert "nowhere is not a folder of committed results" in err
    assert not (tmp_path / "runs").exists()


def test_scores_of_another_meaning_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipbench.runs.references.score_version", lambda task: 2)
    with pytest.raises(UsageError, match="were scored by another version of its metrics"):
        references_of(cells("baseline=advert_risk/prior", "release=small"), str(RESULTS))
