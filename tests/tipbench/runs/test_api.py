"""``tipbench.run`` makes the cells of the command line, and ``tipbench.results`` and ``plot`` read them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tipbench
from tipbench.runs.api import describe_method
from tipbench.runs.digests import code_digest
from tipbench.runs.results import read_result
from tipcore.errors import UsageError
from tipdata.release import Release


class Forgetful:
    def __init__(self, depth: int = 1):
        self._depth = depth


class Open:
    def __init__(self, depth: Any = 1, **more: Any):
        self.depth = depth


def test_an_object_its_class_and_the_command_line_are_one_cell(
    place: Path, tiny: Release, tipbench: Callable[..., tuple[int, str, str]]
) -> None:
    import tipbench as package
    from own_methods import Length  # type: ignore[import-not-found]

    same: dict[str, Any] = {"task": "advert_risk", "split": "operation"}
    one = package.run(Length(sign=-1.0), **same)
    other = package.run(Length, parameters={"sign": -1.0}, **same)
    assert one == other
    words = ("task=advert_risk", "baseline.method._target_=own_methods.Length", "baseline.method.sign=-1.0")
    code, _, err = tipbench("run", *words, "split=operation")
    assert code == 0
    assert "(was there already)" in err
    assert package.run(Length(), **same).config_hash != one.config_hash


def test_a_shipped_baseline_takes_its_own_parameters(place: Path, tiny: Release) -> None:
    found = tipbench.run("advert_risk/indicator_count", split="operation", seed=0, replicates=10)
    assert found.config["replicates"] == 10
    with pytest.raises(
        UsageError, match="is for advert_risk, and not for advert_linkage: leave the task out"
    ):
        tipbench.run("advert_risk/prior", "advert_linkage")


def test_what_a_method_raises_is_raised(place: Path, tiny: Release) -> None:
    from own_methods import Broken  # type: ignore[import-not-found]

    with pytest.raises(ArithmeticError, match="it does not add up"):
        tipbench.run(Broken(), "advert_risk")
    assert not list(place.glob("runs/*/*"))


class Borrowing:
    """A method whose library comes with an extra."""

    needs = frozenset({"adverts.body"})
    stochastic = False

    def fit(self, fold: Any, seed: int) -> None:
        import no_such_module  # type: ignore[import-not-found]  # noqa: F401

    def predict(self, fold: Any) -> pl.DataFrame:
        raise NotImplementedError


def test_a_method_whose_extra_is_missing_says_how_to_get_it(
    place: Path, tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipcore.extras.EXTRAS", {"lost": ("no_such_module",)})
    with pytest.raises(
        UsageError, match=r"needs no_such_module, which is not installed: .*\[lost\]' in the .*\.$"
    ):
        tipbench.run(Borrowing, "advert_risk")
    monkeypatch.setattr("tipcore.extras.EXTRAS", {})
    with pytest.raises(ModuleNotFoundError):
        tipbench.run(Borrowing, "advert_risk")


RISK = {"task": "advert_risk"}
CHANGED = Open()
vars(CHANGED)["threshold"] = 0.5


@pytest.mark.parametrize(
    ("method", "more", "says"),
    [
        (Forgetful(), RISK, "does not keep its argument depth: set self.depth in __init__"),
        (Open(depth={1, 2}), RISK, "the argument depth is of type set, which a config cannot hold"),
        (Open(depth=float("nan")), RISK, "of type float, which a config cannot hold"),
        (Open(), {}, "the task of .*Open is missing: run"),
        (Open(), RISK | {"parameters": {"depth": 2}}, "and not both"),
        (CHANGED, RISK, "threshold was set after the object was made"),
        (type("Hidden", (), {}), RISK, "cannot be found by its name"),
        ("advert_risk/prio", {}, "advert_risk/prior"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(method: Any, more: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        tipbench.run(method, **more)


def test_defaults_of_a_class_are_not_written_into_its_config() -> None:
    assert describe_method(Open()) == (f"{__name__}.Open", {})
    assert describe_method(Open(2)) == (f"{__name__}.Open", {"depth": 2})


def test_the_order_of_a_set_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """It differs from process to process: a notebook's runs would look changed after its kernel is started again."""
    import __main__

    digests = set()
    for items in ([0, 8], [8, 0]):
        assert str(frozenset(items)) == f"frozenset({{{items[0]}, {items[1]}}})"
        monkeypatch.setattr(__main__, "Typed", type("Typed", (), {"needs": frozenset(items)}), raising=False)
        monkeypatch.setattr(__main__.Typed, "__module__", "__main__")  # type: ignore[attr-defined]
        digests.add(code_digest("__main__.Typed"))
    assert len(digests) == 1


TYPED = """
LIMIT = 1


def helped(x):
    return deeper(x) + LIMIT


def deeper(x):
    return x * 100


class Base:
    def fit(self):
        return [x + 10 for x in range(3)]


class Typed(Base):
    k = 5

    @property
    def more(self):
        return self.k * 7

    def predict(self):
        return helped(self.k)
"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("class Typed", "# a remark\n\nclass Typed", True),
        ("k = 5", "k = 6", False),
        ("LIMIT = 1", "LIMIT = 2", False),
        ("+ 10", "+ 20", False),
        ("* 100", "* 200", False),
        ("* 7", "* 8", False),
    ],
)
def test_a_typed_class_counts_by_what_its_functions_constants_bases_and_what_it_calls_do(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str, same: bool
) -> None:
    import __main__

    def typed(text: str) -> str:
        exec(text, __main__.__dict__)
        return code_digest("__main__.Typed")

    for name in ("LIMIT", "helped", "deeper", "Base", "Typed"):
        monkeypatch.setattr(__main__, name, None, raising=False)
    assert old in TYPED
    assert (typed(TYPED) == typed(TYPED.replace(old, new))) == same


def test_runs_are_a_tidy_frame_and_a_figure(place: Path, tiny: Release) -> None:
    for c in (0.1, 1.0):
        tipbench.run("advert_risk/tfidf_logreg", parameters={"c": c}, split="operation", replicates=20)
    found = tipbench.results()
    assert found.filter(part="test", primary=True)["metric"].to_list() == ["average_precision"] * 2
    assert sorted(found["variant"].unique()) == ["c=0.1", "c=1.0"]
    assert found.filter(part="valid").height == 2
    assert found.schema["value"] == pl.Float64
    assert all((Path(folder) / "result.json").is_file() for folder in found["folder"])
    kept = [read_result(Path(folder)) for folder in found["folder"].unique(maintain_order=True)]
    older = kept[0].model_copy(update={"versions": kept[0].versions.model_copy(update={"evaluator": 0})})
    with pytest.raises(UsageError, match=r"scores of advert_risk come from versions 0, 3 of its metrics"):
        tipbench.plot([older, kept[1]])
    figure = tipbench.plot()
    shown: Any = figure
    assert shown._repr_png_().startswith(b"\x89PNG"), "a notebook shows it without a backend of its own"
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert sorted(labels) == ["tfidf_logreg [c=0.1]", "tfidf_logreg [c=1.0]"]


def test_results_and_folders_are_compared(place: Path, tiny: Release) -> None:
    same: dict[str, Any] = {"split": "random", "replicates": 5, "runs": "mine"}
    prior = tipbench.run("advert_risk/prior", **same)
    count = tipbench.run("advert_risk/indicator_count", **same)
    found = tipbench.compare(prior, count, runs="mine", replicates=50)
    assert found.select("method", "reference", "metric").rows() == [
        ("advert_risk/indicator_count", "advert_risk/prior", "average_precision")
    ]
    low, difference, high, p = found.select("low", "difference", "high", "p_holm").row(0)
    assert low < difference < high
    assert 0 < p <= 1
    assert found["note"].to_list() == [None]
    folders = sorted(Path("mine").rglob("result.json"), reverse=True)
    assert tipbench.compare(folders[0], str(folders[1].parent), replicates=50).equals(found)
    for runs, says in (
        ([folders[0]], "needs at least two different runs"),
        ([folders[0], folders[0]], "was given twice. A later run of a class replaces an earlier run"),
        ([prior, count], "does not exist: give the folder that results were written to, runs=FOLDER"),
        ([3, folders[0]], "3 is not a run: give a result of tipbench.run"),
    ):
        with pytest.raises(UsageError, match=says):
            tipbench.compare(*runs)
    of_submission = prior.model_copy(update={"digests": None, "config": {}})
    folders[1].write_text(of_submission.to_json(), encoding="utf-8")
    with pytest.raises(UsageError, match="does not say what code made it"):
        tipbench.compare(*folders)


def test_a_class_of_a_notebook_is_compared(
    place: Path, tiny: Release, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    import __main__

    source = Path("own_methods.py").read_text(encoding="utf-8")
    for name in ("pl", "Length", "Chance", "Broken", "Greedy"):
        monkeypatch.setattr(__main__, name, None, raising=False)
    exec(source, __main__.__dict__)
    mine = tipbench.run(vars(__main__)["Length"], "advert_risk", split="random", replicates=5)
    prior = tipbench.run("advert_risk/prior", split="random", replicates=5)
    found = tipbench.compare(prior, mine, replicates=20)
    exec(source.replace("length.max()", "length.sum()"), __main__.__dict__)
    with pytest.raises(UsageError, match="was made by code that has changed since: run it again"):
        tipbench.compare(prior, mine, replicates=20)
    assert not recwarn.list
    monkeypatch.delattr(__main__, "Length")
    with pytest.warns(UserWarning, match="the code of __main__.Length cannot be checked") as warned:
        assert tipbench.compare(prior, mine, replicates=20).equals(found)
    assert [one.filename for one in warned] == [__file__]


def test_a_folder_without_runs_or_with_what_a_killed_writer_left_is_a_sentence(tmp_path: Path) -> None:
    left = tmp_path / "0.5.0" / ".partial-1" / "s0"
    left.mkdir(parents=True)
    (left / "result.json").write_text("{", encoding="utf-8")
    for read in (tipbench.results, tipbench.plot):
        with pytest.raises(UsageError, match="holds no runs: run something first"):
            read(tmp_path)
    with pytest.raises(UsageError, match="no score to draw in 0 runs"):
        tipbench.plot([])


def test_pandas_is_scored_as_polars_is(tiny: Release) -> None:
    fold = tipbench.load("advert_risk", split="operation")
    scored = fold.to_predict().select("advert", score=pl.col("price").fill_null(0).cast(pl.Float64)).collect()
    expected = tipbench.evaluate("advert_risk", scored, split="operation", replicates=20)
    pandas = scored.to_pandas()
    pandas["advert"] = pandas["advert"].astype("int64")
    for frame in (pandas, pandas.set_index("advert")):
        assert tipbench.evaluate("advert_risk", frame, split="operation", replicates=20) == expected
    pandas.loc[0, "score"] = float("nan")
    with pytest.raises(UsageError, match=r"1 of .* values of score are null"):
        tipbench.evaluate("advert_risk", pandas, split="operation")


def test_steps_of_pandas_are_whole_numbers_beside_missing_ones(tiny: Release) -> None:
    fold = tipbench.load("recruitment_onset", split="operation")
    alarms = fold.units("test").select("conversation").collect()
    alarms = alarms.with_columns(step=pl.when(pl.int_range(pl.len()) % 3 == 0).then(1).cast(pl.Int32))
    expected = tipbench.evaluate("recruitment_onset", alarms, split="operation", replicates=0)
    pandas = alarms.to_pandas()
    assert str(pandas["step"].dtype) == "float64"
    assert tipbench.evaluate("recruitment_onset", pandas, split="operation", replicates=0) == expected
