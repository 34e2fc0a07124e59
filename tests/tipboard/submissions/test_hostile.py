"""Every kind of hostile submission is refused in plain sentences, or accepted where it is inert, and harms nothing."""

import random
import tempfile
from pathlib import Path

import pytest
from hostile import KINDS, case_of
from hostile_case import fingerprint, names_below
from tipboard.submissions.check import check
from tipboard.submissions.messages import Refused
from tipcore import operating_system

CHOSEN = [(name, random.Random(name).randrange(one.cases)) for name, one in KINDS.items()]
"""One case of each kind; ``research/attacks/hostile.py`` tries all."""


def test_there_are_a_thousand_cases_of_many_kinds() -> None:
    assert len(KINDS) >= 25
    assert sum(one.cases for one in KINDS.values()) >= 1_000


def test_a_case_is_the_same_wherever_it_is_made_and_another_than_the_next(made: Path, tmp_path: Path) -> None:
    names = (
        "truncated",
        "bits_flipped_in_the_pages",
        "symbolic_link_to_a_file",
        "markup_in_text",
        "json_that_is_none",
    )
    for name in names:
        found = []
        for place, number in (("a", 0), ("b", 0), ("c", 1)):
            into = tmp_path / name / place
            into.mkdir(parents=True)
            found.append(fingerprint(case_of(made, KINDS[name], number, into).folder))
        assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(("name", "number"), CHOSEN, ids=[f"{name}-{number}" for name, number in CHOSEN])
def test_a_hostile_submission_is_harmless(
    made: Path,
    tmp_path: Path,
    name: str,
    number: int,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    case = case_of(made, KINDS[name], number, tmp_path)
    before = names_below(tmp_path)
    refused = _refusal(case.folder)
    if KINDS[name].expected != "either":
        assert (refused is None) == (KINDS[name].expected == "inert"), refused
    if refused is not None:
        _is_plain(refused)
    assert names_below(tmp_path) == before
    assert (case.outside / "kept.txt").read_text(encoding="utf-8") == "not to be touched"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "name", [one.name for one in KINDS.values() if one.spoil.__module__ == "hostile_folder"]
)
def test_a_hostile_folder_is_refused_where_folders_have_no_descriptors(
    made: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operating_system, "BELOW_DESCRIPTORS", False)
    refused = _refusal(case_of(made, KINDS[name], 0, tmp_path).folder)
    assert refused is not None
    _is_plain(refused)


def _refusal(folder: Path) -> Refused | None:
    try:
        check(folder, replicates=2, quiet=True)
    except Refused as refused:
        return refused
    return None


def _is_plain(refused: Refused) -> None:
    """One line a problem that begins with a file or field, all of them together short."""
    said = str(refused)
    assert len(said) <= 2_000
    assert said.replace("\n", "").isprintable()
    lines = said.splitlines()[1:]
    assert 1 <= len(lines) <= 21
    assert refused.problems
    assert len({problem.partition(":")[0] + problem for problem in refused.problems}) == len(refused.problems)
    for problem in refused.problems:
        assert ": " in problem
        assert problem.endswith((".", "..."))
        assert "Traceback" not in problem
