"""A random sample of a board's cells is run again and compared number by number."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from stored_results import change_results
from tipbench.cli import main
from tipboard.board import rescoring
from tipboard.board.rescoring import EXCEPTIONS
from tipdata.core.yaml_lines import read_yaml
from tipdata.release import Release

CONFIGS = Path(__file__).parents[3] / "configs"

REFERENCE, MAJORITY = "0.5.0/tiny/reference", "flag_aggregation/majority"


def off(score: dict, difference: float) -> None:
    score["value"] += difference


@pytest.fixture(scope="module")
def stored(tiny: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two methods that were run behind a fence, and the page of them, to copy."""
    folder = tmp_path_factory.mktemp("stored")
    words = ("release=tiny", "split=forward", "replicates=20", "engine=sequential", "fence=on", "--quiet")
    methods = f"baseline={MAJORITY},flag_aggregation/dawid_skene"
    assert main(["run", "-m", *words, methods, f"runs.path={folder / 'runs'}"]) == 0
    add = ("board", "add", f"runs={folder / 'runs/0.5.0/tiny'}", "--to", str(folder / "results"))
    assert main([*add, "--quiet"]) == 0
    return folder / "results"


@pytest.fixture
def results(stored: Path, place: Path) -> Path:
    return shutil.copytree(stored, place / "results")


def test_cells_that_were_fenced_are_the_same_without_a_fence(tipbench: Callable, results: Path) -> None:
    code, out, err = tipbench("board", "check", "results=results", "cells=5", "--json")
    assert code == 0, err
    cells = json.loads(out)["cells"]
    assert sorted(one["method"] for one in cells) == [
        "flag_aggregation/dawid_skene",
        "flag_aggregation/majority",
    ]
    assert [one["difference"] for one in cells] == [0.0, 0.0]


def test_a_number_that_differs_is_named_with_exit_code_1(tipbench: Callable, results: Path) -> None:
    change_results(results / REFERENCE, lambda one: off(one["scores"]["auroc"], 2e-6), method=MAJORITY)
    command = ("board", "check", "results=results", "cells=2", "seed=7")
    code, out, err = tipbench(*command)
    assert code == 1
    (line,) = (line for line in out.splitlines() if "majority" in line)
    assert "2.0e-06" in line
    assert " auroc " in line
    assert line.rstrip().endswith("no")
    assert "1 of 2 cells gave the same numbers; seed=7 draws them again." in err


def test_a_number_that_is_missing_differs_and_is_null_in_json(tipbench: Callable, results: Path) -> None:
    change_results(results / REFERENCE, lambda one: one["scores"].pop("auroc"), method=MAJORITY)
    command = ("board", "check", "results=results", "cells=2")
    code, out, err = tipbench(*command, "--json")
    assert code == 1, err
    (cell,) = (one for one in json.loads(out)["cells"] if not one["same"])
    assert (cell["number"], cell["difference"]) == ("auroc", None)
    assert " missing " in tipbench(*command)[1]


def test_of_an_exception_the_primary_score_alone_is_compared_within_its_tolerance(
    tipbench: Callable, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXCEPTIONS, "flag_aggregation/majority", 0.01)
    command = ("board", "check", "results=results", "cells=2")
    for difference, code in ((0.009, 0), (0.002, 1)):

        def change(one: dict, difference: float = difference) -> None:
            for name in {"auroc", one["primary"]}:
                off(one["scores"][name], difference)

        change_results(results / REFERENCE, change, method=MAJORITY)
        assert tipbench("board", "build", "results=results")[0] == 0
        assert tipbench(*command)[0] == code


def test_of_a_method_that_learns_by_gradients_the_primary_score_alone_is_compared(
    tipbench: Callable, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_results(results / REFERENCE, lambda one: off(one["scores"]["auroc"], 0.5), method=MAJORITY)
    command = ("board", "check", "results=results", "cells=2")
    assert tipbench(*command)[0] == 1
    monkeypatch.setattr(rescoring, "BY_GRADIENTS", (MAJORITY,))
    assert tipbench(*command)[0] == 0


def test_exceptions_are_methods_of_the_board_and_all_of_torch_and_jax_are_listed() -> None:
    configs = {f"{path.parent.name}/{path.stem}": path for path in (CONFIGS / "baseline").glob("*/*.yaml")}
    assert set(EXCEPTIONS) <= set(configs)
    extras = {name: read_yaml(path).get("extra") for name, path in configs.items()}
    assert {name for name, extra in extras.items() if extra in ("torch", "bayes")} == set(
        rescoring.BY_GRADIENTS
    )


def test_fewer_cells_than_one_are_refused(tipbench: Callable) -> None:
    code, _, err = tipbench("board", "check", "cells=0")
    assert code == 2
    assert "cells=0: give 1 or more" in err
