"""Code that runs is the code that its digest is of: an edited module that Python holds already is refused."""

import os
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import pytest
import tipbaselines
import tipbench
import tipcore
import tipdata
from tipbaselines.advert_linkage.exact_duplicates import ExactDuplicates
from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders
from tipbench.data.splits import SPLITS
from tipbench.runs import digests, runner
from tipbench.runs.cells import Cell
from tipbench.runs.digests import refuse_changed
from tipbench.runs.grid import sweep
from tipbench.runs.results import read_result
from tipbench.runs.runner import Job, Outcome, decide
from tipcore.errors import UsageError
from tipcore.sources import CodePlace
from tipdata.core import world
from tipdata.core.world import GENERATOR
from tipdata.release import Release

METHOD = """
import helper

LIMIT = 5
NAMES = ('a',)
NAMES += ('b',)


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
    says = re.escape(f"{path} was changed after Python had loaded it: start Python")
    with pytest.raises(UsageError, match=says) if changed else nullcontext():
        refuse_changed({module.__name__: path})


def test_a_helper_that_was_edited_between_two_runs_in_one_process_is_refused_and_nothing_is_stored(
    module: types.ModuleType, tmp_path: Path
) -> None:
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
        "import same_size, pathlib\nfrom tipbench.runs.digests import refuse_changed\n"
        "assert same_size.value() == 1, 'old bytecode'\nrefuse_changed({'same_size': pathlib.Path('same_size.py')})"
    )
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "same_size.py was changed after Python had loaded it" in done.stderr


KEPT, SCORED, RUN = "kept", "scored again", "run again"
Edit = Callable[..., dict[str, str]]


def cells(runs: Path, *words: str) -> list[Cell]:
    typed = parse(["replicates=2", f"runs.path={runs}", *words])
    return sweep(Composer(config_folders(None), typed), lambda task, _: task.splits)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> list[Cell]:
    """Nine finished cells of four methods, three tasks and three splits."""
    runs = tmp_path_factory.mktemp("finished") / "runs"
    risk = "advert_risk/prior,advert_risk/indicator_count,advert_risk/tfidf_logreg"
    made = cells(runs, f"baseline={risk}", "split=forward,region")
    made += cells(runs, "baseline=advert_linkage/exact_duplicates", "split=forward,region")
    made += cells(runs, "baseline=account_risk/degree", "split=operation")
    assert all(outcome.result for outcome in runner.run(made, quiet=True))
    return made


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, in one folder."""
    folder = tmp_path_factory.mktemp("copied")
    for package in (tipcore, tipbench, tipbaselines, tipdata):
        (source,) = package.__path__
        name = package.__name__
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "releases"))
    return folder


@pytest.fixture
def edited(ran: list[Cell], copied: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edit]:
    """Replace text in a file of the copy, and say of every finished cell what is then done with it."""
    monkeypatch.setattr(digests, "CODE", copied)
    monkeypatch.setattr(tipdata, "__file__", str(copied / "tipdata" / "__init__.py"))
    monkeypatch.setattr(digests, "place_of", lambda package: CodePlace(copied, (package,)))
    before: dict[Path, bytes] = {}

    def edit(file: str, old: str = "", new: str = "") -> dict[str, str]:
        path = copied / file
        before.setdefault(path, path.read_bytes())
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
        return {f"{cell.baseline} {cell.split}": _done(decide(cell)) for cell in ran}

    yield edit
    for path, content in before.items():
        path.write_bytes(content)


def _done(decision: Job | Outcome) -> str:
    if isinstance(decision, Outcome):
        assert decision.reused
        return KEPT
    return RUN if decision.kept is None else SCORED


MORE = "\nCHANGED = 1\n"
EVERY = ("",)


@pytest.mark.parametrize(
    ("file", "old", "new", "done", "where"),
    [
        ("tipbaselines/advert_risk/prior.py", "", "", RUN, ()),
        ("tipbaselines/advert_risk/prior.py", "", MORE, RUN, ("advert_risk/prior",)),
        ("tipbaselines/advert_risk/indicators.yaml", "", "\n# more\n", RUN, ("indicator_count",)),
        ("tipbaselines/text.py", "", MORE, RUN, ("tfidf_logreg", "indicator_count", "exact_duplicates")),
        # Python runs the file of a package before any module of it.
        ("tipbaselines/advert_risk/__init__.py", "", MORE, RUN, ("advert_risk/",)),
        # Linkage reports ranking metrics of scored pairs.
        (
            "tipbench/metrics/ranking.py",
            "",
            MORE,
            SCORED,
            ("advert_risk/", "account_risk/", "advert_linkage/"),
        ),
        ("tipbench/metrics/clustering.py", "", MORE, SCORED, ("advert_linkage/",)),
        ("tipbench/metrics/bootstrap.py", "", MORE, SCORED, EVERY),
        ("tipbench/metrics/registry.py", "", MORE, SCORED, EVERY),
        ("tipbench/runs/scoring.py", "", MORE, SCORED, EVERY),
        ("tipbench/evaluation/evaluation.py", "", MORE, SCORED, EVERY),
        ("tipbench/task.py", "", MORE, RUN, EVERY),
        ("tipbench/loading.py", "", MORE, RUN, EVERY),
        ("tipbench/runs/folds.py", "", MORE, RUN, EVERY),
        ("tipbench/data/splits/region.py", "regions / 4", "regions / 3", RUN, (" region",)),
        ("tipbench/data/splits/policy.py", "SEED = 2", "SEED = 3", RUN, EVERY),
        ("tipbench/data/splits/forward.py", "50 // 100", "40 // 100", RUN, EVERY),  # the yardstick of sizes
        ("tipbench/tasks/account_risk.py", "", MORE, RUN, ("account_risk/",)),
        ("tipbench/data/supervision.py", "POSITIVE_FROM = 4", "POSITIVE_FROM = 3", RUN, EVERY),
        ("tipdata/core/draw.py", "", MORE, RUN, EVERY),
        ("tipbench/data/custom/folds.py", "", MORE, RUN, ()),
    ],
)
def test_an_edit_repeats_exactly_the_cells_that_it_is_part_of(
    edited: Edit, file: str, old: str, new: str, done: str, where: tuple[str, ...]
) -> None:
    became = edited(file, old, new)
    assert set(became.values()) <= {KEPT, done}
    repeated = {cell for cell in became if any(part in cell for part in where)}
    assert {cell for cell, one in became.items() if one == done} == repeated
    assert bool(repeated) == bool(where)


def test_a_docstring_a_comment_and_line_ends_repeat_nothing(edited: Edit, copied: Path) -> None:
    for file in ("tipbaselines/frames.py", "tipbench/metrics/ranking.py", "tipbench/data/release_folds.py"):
        first = (copied / file).read_text(encoding="utf-8").partition("\n")[0]
        done = edited(file, first, first.replace('"""', '"""Otherwise said. ', 1))
        assert set(done.values()) == {KEPT}
        assert set(edited(file, new="\n# A remark.\n").values()) == {KEPT}
        (copied / file).write_bytes((copied / file).read_bytes().replace(b"\n", b"\r\n"))
        assert set(edited(file).values()) == {KEPT}


def test_the_code_that_hands_a_stream_over_is_part_of_the_input_of_streamed_tasks_alone(
    edited: Edit, tmp_path: Path
) -> None:
    names = ("recruitment_onset/never", "route_forecast/popular", "advert_risk/prior")
    found = [cell for name in names for cell in cells(tmp_path, f"baseline={name}")]

    def inputs() -> dict[str, str]:
        return {cell.task: digests.digests_of(cell, "0.5.0").input for cell in found}

    before = inputs()
    edited("tipbench/runs/streams.py", new=MORE)
    changed = {name for name, digest in inputs().items() if digest != before[name]}
    assert changed == {"recruitment_onset", "route_forecast"}


def test_a_generator_counts_where_no_manifest_says_what_it_makes(
    ran: list[Cell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = cells(tmp_path, "baseline=account_risk/degree", "release.world=1", "split=operation")

    def inputs(of: list[Cell]) -> list[str]:
        return [digests.digests_of(cell, "0.5.0").input for cell in of]

    released, drawn = inputs(ran), inputs(elsewhere)
    monkeypatch.setattr(digests, "fingerprint", lambda *_: "another generator")
    assert inputs(ran) == released
    assert inputs(elsewhere) != drawn


@pytest.mark.parametrize("damage", ["lost", "altered"])
@pytest.mark.parametrize("file", ["predictions.parquet", "valid.parquet"])
def test_damaged_predictions_are_not_scored_again_but_made_again(
    edited: Edit, ran: list[Cell], file: str, damage: str
) -> None:
    (cell,) = [one for one in ran if (one.method, one.split) == ("exact_duplicates", "forward")]
    path = cell.folder / file
    content = path.read_bytes()
    try:
        path.unlink() if damage == "lost" else path.write_bytes(content[:-1])
        done = edited("tipbench/metrics/bootstrap.py", new=MORE)
        repeated = [one for one, became in done.items() if became == RUN]
        assert repeated == ["advert_linkage/exact_duplicates forward"]
    finally:
        path.write_bytes(content)


def test_prose_of_a_config_repeats_nothing_and_a_parameter_is_another_cell(ran: list[Cell]) -> None:
    (cell,) = [one for one in ran if (one.method, one.split) == ("tfidf_logreg", "forward")]
    said = {**cell.config["baseline"], "summary": "said otherwise", "reference": "nobody"}
    again = Cell({**cell.config, "baseline": said}, cell.runs)
    assert _done(decide(again)) == KEPT
    other = Cell({**cell.config, "baseline": {**said, "method": {**said["method"], "c": 1.0}}}, cell.runs)
    assert other.folder != cell.folder
    assert _done(decide(other)) == RUN


def test_scoring_anew_fits_nothing_and_gives_the_scores_that_were_there(
    ran: list[Cell], edited: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited("tipbench/metrics/clustering.py", new=MORE)
    linkage = [cell for cell in ran if cell.task == "advert_linkage"]
    before = [read_result(cell.folder) for cell in linkage]
    monkeypatch.setattr(ExactDuplicates, "fit", None)
    monkeypatch.setattr(ExactDuplicates, "predict", None)
    outcomes = runner.run(ran, quiet=True)
    assert [outcome.cell for outcome in outcomes if not outcome.reused] == linkage
    for old, cell in zip(before, linkage, strict=True):
        new = read_result(cell.folder)
        assert (new.scores, new.predictions, new.cost.fit_s) == (old.scores, old.predictions, old.cost.fit_s)
        assert old.digests is not None
        assert new.digests is not None
        assert new.digests.score != old.digests.score
    assert all(outcome.reused for outcome in runner.run(ran, quiet=True))


def test_a_result_from_before_there_were_digests_is_run_again(ran: list[Cell], tmp_path: Path) -> None:
    cell = Cell(ran[0].config, tmp_path)
    shutil.copytree(ran[0].folder, cell.folder)
    old = read_result(cell.folder).model_copy(update={"digests": None, "schema_version": 1})
    (cell.folder / "result.json").write_text(old.to_json(), encoding="utf-8")
    assert _done(decide(cell)) == RUN
    assert _done(decide(cell, "never")) == KEPT


def test_a_users_own_method_is_its_module_with_what_it_imports_beside_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the shipped parts that it imports; a module that has no package shares its folder with its own only."""
    for module in ("mine", "part", "beside"):
        monkeypatch.delitem(sys.modules, module, raising=False)  # another test's of that name
    (place / "mine.py").write_text(
        "from tipbaselines.frames import to_predict\nimport part\nLIST = 'list.txt'\n\n\nclass Mine: ...\n",
        encoding="utf-8",
    )
    (place / "part.py").write_text("x = 1\n", encoding="utf-8")
    (place / "list.txt").write_text("one\n", encoding="utf-8")
    (place / "beside.py").write_text("x = 1\n", encoding="utf-8")
    mine = {"_target_": "mine.Mine", "c": 1.0}
    first = digests.method_digest(mine)
    for file, text in (("beside.py", "x = 2\n"), ("part.py", "# one more\nx = 1\n")):
        (place / file).write_text(text, encoding="utf-8")
        assert digests.method_digest(mine) == first
    for file, text in (("part.py", "x = 3\n"), ("list.txt", "two\n")):
        (place / file).write_text(text, encoding="utf-8")
        assert digests.method_digest(mine) != first
    assert digests.method_digest({**mine, "c": 2.0}) != digests.method_digest(mine)
    assert "tipbaselines.frames" in digests.method_sources(mine)


def test_what_is_made_of_another_class_of_the_config_counts_with_it(place: Path) -> None:
    (place / "mine.py").write_text("class Mine: ...\n", encoding="utf-8")
    (place / "model.py").write_text("class Model: ...\n", encoding="utf-8")
    method = {
        "_target_": "mine.Mine",
        "model": {"_target_": "model.Model"},
        "more": [{"_target_": "own_methods.Length"}],
    }
    assert set(digests.method_sources(method)) == {"mine", "model", "own_methods"}


@pytest.mark.parametrize(
    "target", ["nowhere.Nothing", "Nothing", "math.sqrt", "own_methods.Nothing.deeper", "mine.Mine"]
)
def test_a_class_that_cannot_be_loaded_has_a_digest_and_fails_in_its_cell(place: Path, target: str) -> None:
    (place / "mine.py").write_text("this is not a Python", encoding="utf-8")
    assert len(digests.method_digest({"_target_": target})) == 64


def test_a_module_that_is_built_into_python_has_no_source_whatever_lies_beside_it(place: Path) -> None:
    (place / "sys.py").write_text("x = 1\n", encoding="utf-8")
    assert digests.method_sources({"_target_": "sys.intern"}) == {}


def test_every_module_that_a_digest_names_exists() -> None:
    """A file that moves and stays in a list would leave the digest without a word."""
    named = [*digests.DRIVING, *digests.ALWAYS, *digests.EVALUATION, digests.VALIDATING]
    named += [*digests.INPUT, *digests.DRAWN, *(f"tipbench.data.splits.{split}" for split in SPLITS)]
    named += ["tipbench.data.custom.folds", "tipbench.data.release_folds", "tipbench.runs.streams"]
    assert [name for name in named if find_spec(name) is None] == []
    assert [name for name in GENERATOR if not (world.FOLDER / name).exists()] == []
