"""Code that runs is the code that its digest is of: an edited module that Python holds already is refused."""

import os
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from tipbench.runs.loaded import refuse_changed
from tipcore.errors import UsageError

METHOD = """
import helper

LIMIT = 5


class Mine:
    '''A method.'''
    needs = frozenset()
    stochastic = False

    @property
    def twice(self):
        return 2 * LIMIT

    def fit(self, fold, seed):
        '''Learn nothing.'''

    def predict(self, fold):
        return helper.scored(fold)
"""
HELPER = """
import polars as pl


def scored(fold):
    return fold.to_predict().select("advert", score=pl.lit(0.5)).collect()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """A method and its helper, loaded."""
    (tmp_path / "loaded_method.py").write_text(METHOD.replace("helper", "loaded_helper"), encoding="utf-8")
    (tmp_path / "loaded_helper.py").write_text(HELPER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import loaded_method  # type: ignore[import-not-found]

    yield loaded_method
    for name in ("loaded_method", "loaded_helper"):
        sys.modules.pop(name, None)


def _refused(module: types.ModuleType) -> bool:
    path = Path(str(module.__file__))
    try:
        refuse_changed({module.__name__: path})
    except UsageError as error:
        return f"{path} was changed after Python had loaded it: start Python" in str(error)
    return False


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("LIMIT = 5", "LIMIT = 5", False),
        ("'''A method.'''", "'''A method, described otherwise.'''", False),
        ("'''Learn nothing.'''", "'''Learn nothing at all.'''", False),
        ("LIMIT = 5", "LIMIT = 5  # a remark", False),
        ("LIMIT = 5", "LIMIT = 6", True),
        ("2 * LIMIT", "3 * LIMIT", True),
        ("(fold)", "(fold).head(5)", True),
        ("LIMIT = 5", "LIMIT = 5\n\n\ndef more():\n    pass", True),
        ("LIMIT = 5", "LIMIT = (", True),
    ],
)
def test_a_module_that_was_edited_is_refused_and_prose_is_not_an_edit(
    module: types.ModuleType, old: str, new: str, changed: bool
) -> None:
    path = Path(str(module.__file__))
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert _refused(module) == changed


def test_a_helper_that_was_edited_between_two_runs_in_one_process_is_refused_and_nothing_is_stored(
    module: types.ModuleType, tmp_path: Path
) -> None:
    import tipbench

    runs = {"release": "tiny", "split": "random", "replicates": 0, "runs": tmp_path / "runs"}
    tipbench.run(module.Mine(), "advert_risk", **runs)
    helper = tmp_path / "loaded_helper.py"
    helper.write_text(HELPER.replace("0.5", "0.7"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"loaded_helper\.py was changed after Python had loaded it"):
        tipbench.run(module.Mine(), "advert_risk", **runs)
    assert len(list((tmp_path / "runs").rglob("result.json"))) == 1


def test_bytecode_of_an_older_file_of_the_same_size_and_time_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "same_size.py"
    path.write_text("def value():\n    return 1\n", encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    words = [sys.executable, "-c", "import same_size; print(same_size.value())"]
    subprocess.run(words, cwd=tmp_path, env=environment, check=True, capture_output=True)
    path.write_text("def value():\n    return 2\n", encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    program = (
        "import same_size, pathlib\nfrom tipbench.runs.loaded import refuse_changed\n"
        "assert same_size.value() == 1, 'old bytecode'\nrefuse_changed({'same_size': pathlib.Path('same_size.py')})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "same_size.py was changed after Python had loaded it" in done.stderr
