"""Mutations of an honest folder: refused in plain words, or accepted as what it is, within time and memory.

What only the record and the folder show is checked in this process; files are read by one process, many at once. The
slow test gives folders to the commands; ``research/attacks/mutated_folders.py`` gives them thousands, of every task.
"""

import random
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from mutated_case import (
    CLUSTERS,
    ESTIMATES,
    MUTATIONS,
    SCORES,
    Made,
    Mutant,
    made,
    mutants,
    names_below,
    tidy,
)
from mutated_run import BAD, GOOD, OF_SEASON, Stage, outcome, stage
from tipbench.kinds.refusals import PredictionsRefused, check_predictions
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipboard.submissions.check import Checked, check
from tipboard.submissions.files import limits_of
from tipboard.submissions.folder import open_folder_of
from tipboard.submissions.guard import read_guarded
from tipboard.submissions.messages import Refused
from tipboard.submissions.terms import Form, form_of
from tipcore import operating_system
from tipdata.release import Release

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak of memory")
FAMILIES = sorted({one.family for one in MUTATIONS})
OF_FILES = ("parquet", "values")
DRAWS = 3
"""Of each mutation of a folder or record that are tried without a command."""


def refusal(folder: Path) -> Refused | Checked:
    try:
        return check(folder, replicates=2, quiet=True)
    except Refused as refused:
        return refused


@pytest.fixture(scope="module")
def one_file(honest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest submission."""
    folder = tmp_path_factory.mktemp("one") / "acme--mine"
    mutant = Mutant(Path(shutil.copytree(honest, folder)), folder)
    mutant.keep(ESTIMATES)
    return folder


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("family", "below_descriptors"),
    [("file system", True), ("file system", False), ("json", True), ("text", True)],
)
def test_a_mutated_folder_or_record_is_refused_or_is_what_it_was(
    one_file: Path,
    tmp_path: Path,
    family: str,
    below_descriptors: bool,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Also where a system opens no names below a descriptor."""
    monkeypatch.setattr(operating_system, "BELOW_DESCRIPTORS", below_descriptors)
    before, wrong = refusal(one_file), []
    assert isinstance(before, Checked)
    for one in mutants(one_file, tmp_path, family, ESTIMATES, DRAWS if below_descriptors else 1):
        place = one.mutant.outside.parent
        there = names_below(place)
        found = refusal(one.mutant.folder)
        right = is_plain(found) if isinstance(found, Refused) else is_like(found, before, one)
        if not right or (one.mutation.same and isinstance(found, Refused)):
            wrong.append((one.number, one.mutation.name, found))
        assert names_below(place) == there
        tidy(place)
    assert wrong == []
    assert capfd.readouterr() == ("", "")


def is_like(found: Checked, honest: Checked, one: Made) -> bool:
    """Whether a folder may be accepted, and is as what it was."""
    [this], [that] = found.scored, honest.scored
    same = (this.result.scores, this.result.predictions) == (that.result.scores, that.result.predictions)
    return same and not one.mutation.refused


def is_plain(refused: Refused) -> bool:
    """Whether each problem is one line that begins with a file or field, and all of them together are short."""
    said, lines = str(refused), str(refused).splitlines()[1:]
    whole = all(
        ": " in one and one.endswith((".", "...")) and "Traceback" not in one for one in refused.problems
    )
    once = len(set(refused.problems)) == len(refused.problems) > 0
    return whole and once and len(said) <= 2_000 and said.replace("\n", "").isprintable() and len(lines) <= 21


def test_a_mutated_file_is_refused_or_read_as_what_it_says(
    honest: Path, tiny: Release, tmp_path: Path
) -> None:
    """All of them are read by one process, which none of them may end."""
    cases: dict[str, Any] = {}
    entries: list[Any] = []
    forms: dict[str, Form] = {}
    (tmp_path / "all").mkdir()
    for file in (ESTIMATES, SCORES, CLUSTERS):
        name, split, _ = file.split("/")
        answers = prepare(name, release=tiny, split=split).answers
        forms[name] = form_of(tasks()[name], answers.frame.height)
        for one in mutants(honest, tmp_path / name, OF_FILES, file, 1):
            place, entry = f"{name}-{one.number}.parquet", one.mutant.entry()
            one.mutant.path().rename(tmp_path / "all" / place)
            entries.append(SimpleNamespace(task=name, file=place, digest=entry["digest"], rows=entry["rows"]))
            cases[place] = one.mutation, answers
            tidy(one.mutant.outside.parent)
    (tmp_path / "work").mkdir()
    with open_folder_of(tmp_path / "all") as folder:
        found = read_guarded(folder, entries, forms, limits_of("tiny"), tmp_path / "work")
    assert found.keys() == cases.keys()
    problems = {place: one for place, one in found.items() if isinstance(one, str)}
    for place in found.keys() - problems.keys():
        try:
            check_predictions(cases[place][1], pl.read_parquet(found[place]))
        except PredictionsRefused as refused:
            problems[place] = f"{refused.said}."
    assert {place for place, (one, _) in cases.items() if one.refused} <= problems.keys()
    assert not {place for place, (one, _) in cases.items() if one.same} & problems.keys()
    for said in problems.values():
        assert said.isprintable()
        assert said.endswith((".", "..."))
        assert "ended the process" not in said


BASES = ["prevalence", "advert_linkage", "route_forecast", OF_SEASON]
SEED = 7


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Stage:
    return stage(tmp_path_factory.mktemp("stage"), BASES)


def numbers(family: str) -> list[int]:
    """Mutations of a family, of those of files half, each on one of the bases in turn."""
    places = [place for place, one in enumerate(MUTATIONS) if one.family == family]
    if family in OF_FILES:
        places = sorted(random.Random(SEED).sample(places, len(places) // 2))
    return [len(BASES) * place + place % len(BASES) for place in places]


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_a_command_refuses_a_mutated_folder_or_takes_it_as_what_it_was(found: Stage, family: str) -> None:
    outcomes = [outcome(found, number, SEED) for number in numbers(family)]
    assert [one for one in outcomes if one.kind not in GOOD] == []


@pytest.mark.slow
def test_what_is_accepted_and_must_not_be_is_seen(found: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that takes everything in, or fails, would not pass this test."""
    number = numbers("parquet")[0]
    assert outcome(found, number, SEED).kind == "refused"
    for name, code, seen in (("takes", 0, "unlike"), ("fails", None, "traceback")):

        def answers(words: list[str], how: str = name) -> int:
            if how == "fails":
                raise KeyError("x")
            return 0

        monkeypatch.setattr("mutated_run.main", answers)
        wrong = outcome(found, number, SEED)
        assert (wrong.kind, wrong.code) == (seen, code)
        assert wrong.kind in BAD


def test_a_number_and_a_seed_make_the_same_folder_anywhere(honest: Path, tmp_path: Path) -> None:
    number, contents = next(n for n, one in enumerate(MUTATIONS) if one.name == "bits_flipped"), []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        one = made(number, seed, {"mine": honest}, tmp_path / name)
        contents.append((one.command, one.mutant.content))
    assert contents[0] == contents[1] != contents[2]
