"""Mutations of an honest folder: refused in plain words, or accepted as what it is, within time and memory.

Each mutation of the folder, the record and while it is read, and half of those of what is in a file, drawn by a seed;
``research/attacks/mutated_folders.py`` makes thousands, of all mutations and of every task, and prints a table.
"""

import random
import sys
from pathlib import Path

import pytest
from mutated_case import MUTATIONS, made
from mutated_run import BAD, GOOD, Stage, outcome, stage
from tipboard.rounds import new
from tipdata.release import Release

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak of memory")
BASES = ["prevalence", "advert_linkage", "route_forecast", "round-risk"]
SEED = 7
FAMILIES = sorted({one.family for one in MUTATIONS})
LARGE = ("parquet", "values")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Stage:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(new, "sizes", lambda: {"tiny": 2})
        return stage(tmp_path_factory.mktemp("stage"), BASES)


def places(family: str) -> list[int]:
    """Mutations of a family that are tried."""
    found = [place for place, one in enumerate(MUTATIONS) if one.family == family]
    if family in LARGE:
        found = sorted(random.Random(SEED).sample(found, len(found) // 2))
    return found


def numbers(family: str) -> list[int]:
    """Each of them on one of the bases in turn."""
    several = len(BASES)
    return [several * place + place % several for place in places(family)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_mutated_folder_is_refused_or_is_what_it_was(found: Stage, family: str) -> None:
    outcomes = [outcome(found, number, SEED) for number in numbers(family)]
    assert [one for one in outcomes if one.kind not in GOOD] == []
    assert {one.mutation for one in outcomes} == {MUTATIONS[place].name for place in places(family)}


def test_a_number_and_a_seed_make_the_same_folder_anywhere(found: Stage, tmp_path: Path) -> None:
    number, contents = numbers("parquet")[1], []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        one = made(number, seed, found.bases, tmp_path / name)
        contents.append((one.command, one.mutant.content))
    assert contents[0] == contents[1] != contents[2]


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
