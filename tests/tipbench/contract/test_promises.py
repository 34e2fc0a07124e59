"""``tipbench check``: the first broken promise is named, with what to do; who keeps all is told so."""

import json
import random
import re
import shutil
import sys
from pathlib import Path

import pytest
from tipbench.contract.promises import PROMISES
from tipdata.release import Release

METHODS = Path(__file__).with_name("broken_methods.py")
STREAMED = '''
import polars as pl


class Counts:
    needs = frozenset({"messages.conversation"})
    stochastic = False

    def fit(self, fold, seed):
        pass

    def begin(self, units):
        self.said = 0

    def step(self, rows):
        self.said += 1
        return rows.select("conversation", score=pl.lit(float(self.said)))


class Remembers(Counts):
    """What a conversation says later, told at its first step once it was seen in an earlier pass."""

    def fit(self, fold, seed):
        self.seen = {}

    def begin(self, units):
        self.before = dict(self.seen)
        self.said = 0

    def step(self, rows):
        self.said += 1
        self.seen |= dict.fromkeys(rows["conversation"], self.said)
        score = [float(self.before.get(c, self.said)) for c in rows["conversation"]]
        return rows.select("conversation", score=pl.Series(score))


class WrongStep(Counts):
    def step(self, rows):
        return rows.select("conversation", score=pl.lit(1))
'''


@pytest.fixture
def modules(place: Path, tiny: Release) -> Path:
    """The modules ``mine`` and ``streamed``, with one method a mistake."""
    shutil.copy(METHODS, place / "mine.py")
    (place / "streamed.py").write_text(STREAMED, encoding="utf-8")
    for name in ("mine", "streamed"):
        sys.modules.pop(name, None)
    return place


@pytest.mark.parametrize("name", ["Length", "Chance"])
def test_a_method_that_keeps_every_promise_is_told_so_line_by_line(
    tipbench, modules: Path, name: str
) -> None:
    """And the global generators are left as they were."""
    random.seed(5)
    expected = random.random()
    random.seed(5)
    code, out, err = tipbench("check", f"mine.{name}", "task=advert_risk")
    assert random.random() == expected
    assert code == 0, out
    *kept, ids, words = out.splitlines()
    assert words.startswith("words   average_precision is 0.")
    assert ids.startswith("ids     ")
    assert (ids == "ids     the predictions are the same under two keys of ids") == (name == "Length")
    assert [line.removeprefix("kept    ") for line in kept] == [
        p.title for p in PROMISES if p.holds.__name__ != "sees_no_later_row"
    ]
    assert f"mine.{name} keeps the contract: 13 promises." in err


def test_predictions_under_two_keys_of_ids_are_compared(tipbench, modules: Path) -> None:
    code, out, _ = tipbench("check", "mine.FirstIdFirst", "task=advert_risk", "--json")
    ids, words = json.loads(out)["ids"], json.loads(out)["words"]
    assert code == 0
    assert re.fullmatch(r"average_precision is 0\.\d{4}, and 0\.\d{4} with made-up words and codes", words)
    assert ids["metric"] == "average_precision"
    assert ids["scores"][0] != ids["scores"][1]
    assert "predictions differ (at advert " in ids["differs"]
    code, out, _ = tipbench("check", "mine.Fails", "task=advert_risk", "--json")
    assert (code, json.loads(out)["ids"]) == (1, None)


@pytest.mark.parametrize(
    ("name", "promise", "says"),
    [
        ("NoFit", "has_the_shape", "it has no fit: add it."),
        ("NeedsAList", "has_the_shape", "needs is ['adverts.body']: make it a frozenset"),
        ("MisspeltBatches", "has_the_shape", "batches is 'region': make it \"regions\", or leave it out."),
        (
            "OfNoClass",
            "has_the_shape",
            "entry_class is 'world': make it one of fold, worlds, outside, system.",
        ),
        ("WithoutResources", "has_the_shape", "each with name, licence and date"),
        ("Hidden", "needs_what_is_shown", "the method needs adverts.operation, which "),
        ("Unknown", "needs_what_is_shown", "adverts.colour, which no table has"),
        ("Fails", "fits_and_predicts", "it raises ArithmeticError: it does not add up (mine.py, line "),
        ("WritesTables", "leaves_its_fold_alone", 'fold.tables["adverts"] was changed: keep'),
        ("WritesLabels", "leaves_its_fold_alone", "fold.supervision was changed: keep"),
        ("WritesToTheTask", "leaves_its_fold_alone", "fold.task.tables was changed: keep"),
        ("WritesWithSeedOne", "leaves_its_fold_alone", 'fold.tables["adverts"] was changed: keep'),
        ("Leaves", "fits_and_predicts", "it raises SystemExit: 3 (mine.py, line "),
        ("HalfWithSeedOne", "predicts_what_is_asked", "missing"),
        ("OutsideWithSeedOne", "scores_are_probabilities", "scores are not between 0 and 1 (first: "),
        ("AssignsToTheFold", "leaves_its_fold_alone", "cannot assign to field 'longest' (mine.py, line "),
        ("WholeNumbers", "predicts_what_is_asked", "score is Int64; make it Float32 or Float64"),
        ("HalfTheUnits", "predicts_what_is_asked", "missing"),
        ("NotANumber", "predicts_what_is_asked", "are NaN"),
        ("AList", "predicts_what_is_asked", "it predicts a list: return a polars DataFrame."),
        ("Outside", "scores_are_probabilities", "scores are not between 0 and 1 (first: "),
        ("Unseeded", "repeats_itself", "draw from numpy.random.default_rng(seed)"),
        ("FromNumpysGlobal", "draws_from_its_seed", "it draws from a global generator"),
        ("FromPythonsGlobal", "draws_from_its_seed", "it draws from a global generator"),
        ("SecretlyStochastic", "declares_chance", "set stochastic = True."),
        ("KeepsState", "keeps_no_state", "start over in fit."),
        ("TrustsTheOrder", "ignores_the_order_of_rows", "with the same rows in another order, "),
        ("TrustsASet", "is_the_same_elsewhere", "sort what comes out of a set or of hash()."),
        (
            "FailsElsewhere",
            "is_the_same_elsewhere",
            "another process, it raises ArithmeticError: it does not add up here",
        ),
        ("LooksAtEveryRegion", "predicts_by_regions", "asked for one region at a time, "),
    ],
)
def test_the_first_broken_promise_is_named_with_what_to_do(
    tipbench, modules: Path, name: str, promise: str, says: str
) -> None:
    code, out, err = tipbench("check", f"mine.{name}", "task=advert_risk", "--json")
    found = json.loads(out)
    assert (code, err) == (1, "")
    names = [one.holds.__name__ for one in PROMISES]
    assert found["broken"]["promise"] == PROMISES[names.index(promise)].title
    assert found["kept"] == [one.title for one in PROMISES[: names.index(promise)]]
    assert says in found["broken"]["says"]
    assert "\n" not in found["broken"]["says"]


def test_a_broken_promise_stands_below_those_that_were_kept(tipbench, modules: Path) -> None:
    code, out, _ = tipbench("check", "mine.NoFit", "task=advert_risk")
    assert code == 1
    assert out == f"broken  {PROMISES[0].title}\n        it has no fit: add it.\n"


@pytest.mark.parametrize(
    ("name", "promise", "says"),
    [
        pytest.param("Counts", None, "", marks=pytest.mark.slow),
        ("Remembers", "sees_no_later_row", "where the test ends after step "),
        ("WrongStep", "predicts_what_is_asked", "returned score as Int32; make it Float32 or Float64."),
    ],
)
def test_a_streamed_method_sees_no_later_row(
    tipbench, modules: Path, name: str, promise: str | None, says: str
) -> None:
    """Streamed baselines, which keep every promise, are in test_every_baseline."""
    code, out, _ = tipbench("check", f"streamed.{name}", "task=recruitment_onset", "--json")
    broken = json.loads(out)["broken"]
    titles = {one.holds.__name__: one.title for one in PROMISES}
    assert code == (0 if promise is None else 1), broken
    if promise is not None:
        assert broken["promise"] == titles[promise]
        assert says in broken["says"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["mine.Length"], "add task=NAME"),
        (["mine.Lenth", "task=advert_risk"], "baseline.method._target_=mine.Lenth cannot be made"),
        (["mine.Length", "task=advert_risk", "baseline.method.depth=3"], "cannot be made"),
        (["advert_risk/tfidf_logre"], 'Did you mean "advert_risk/tfidf_logreg"'),
        (["mine.Length", "task=advert_risk", "release=small"], "leave release=small out"),
        (["advert_linkage/tfidf_pairs"], "learns from labelled pairs"),
        (["task=advert_risk"], "needs METHOD (a baseline as TASK/NAME, or a class as module.Class)"),
    ],
)
def test_a_usage_error_is_one_sentence_and_no_broken_promise(
    refused, modules: Path, words: list[str], says: str
) -> None:
    assert says in refused("check", *words)


def test_a_baseline_without_its_extra_breaks_no_promise(refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipcore.extras.EXTRAS", {"linkage": ("no_such_module",)})
    said = refused("check", "advert_linkage/splink")
    assert "advert_linkage/splink needs no_such_module, which is not installed" in said


def test_the_document_says_every_promise_in_its_order() -> None:
    text = (Path(__file__).parents[3] / "docs" / "contract.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line[:1].isdigit()]
    assert lines == [f"{n}. **{p.title}** {p.explanation}" for n, p in enumerate(PROMISES, 1)]
