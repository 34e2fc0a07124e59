"""A damaged release is named by every command that reads it, exit 2: it is no fault of a method nor of a submission."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tipbench.runs import runner
from tipdata.release import Release

Tipbench = Callable[..., tuple[int, str, str]]
ABOUT = ("team=acme", "method=mine", "summary=S.", "authors=A", "replicates=0")
TASK = "flag_aggregation"
TINY = ("release=tiny", "release.version=0.5.0", "replicates=0")


@pytest.fixture
def mine(place: Path, tiny: Release, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release that may be damaged; a run, a board, a submission, made while it was whole."""
    copy = place / "home"
    shutil.copytree(tiny.folder, copy / "0.5.0" / "tiny")
    monkeypatch.setenv("TIPBENCH_HOME", str(copy))
    return copy / "0.5.0" / "tiny"


@pytest.fixture
def made(mine: Path, place: Path, once: Path, tipbench: Tipbench) -> Path:
    if once.exists():
        shutil.copytree(once, place, dirs_exist_ok=True)
    else:
        assert tipbench("run", f"baseline={TASK}/majority", *TINY)[0] == 0
        assert tipbench("board", "add", "runs=runs")[0] == 0
        assert tipbench("submit", "runs", "--to", "acme--mine", *ABOUT)[0] == 0
        shutil.copytree(place, once)
    [run] = Path("runs").rglob("result.json")
    return run.parent


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("hidden", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "command",
    [
        ("run", f"baseline={TASK}/majority", *TINY, "seed=1", "overwrite=always"),
        ("score", "RUN/predictions.parquet", f"task={TASK}", *TINY),
        ("submit", "acme--mine", "replicates=0"),
        ("submit", "runs", "--to", "again", *ABOUT),
        ("board", "add", "submission=acme--mine"),
        ("board", "check", "scores=true", "runs=runs"),
        ("data", "preview", "table=all", *TINY[:2]),
    ],
    ids=lambda command: "-".join(command[:2]),
)
def test_one_flipped_bit_is_refused_by_name_and_nothing_is_kept(
    mine: Path, made: Path, tipbench: Tipbench, command: tuple[str, ...], hidden: bool
) -> None:
    flip(mine / "00002" / f"adverts{'.truth' if hidden else ''}.parquet")
    before = files(mine)
    words = [word.replace("RUN", str(made)) for word in command]
    code, out, said = tipbench(*words, "--quiet")
    if code == 2 and "Unknown option" in said:
        code, out, said = tipbench(*words)
    assert (code, out) == (2, ""), said
    assert said.startswith("tipbench: release 0.5.0/tiny is damaged at region 2, table adverts"), said
    assert said.endswith("`tipbench data verify release=tiny` names all that is damaged.\n")
    assert said.count("\n") == 1
    packed = {str(path) for path in Path("again").rglob("*")}
    assert {name: content for name, content in files(mine).items() if name not in packed} == before


def files(but: Path) -> dict[str, bytes]:
    """Every file below here that is not below another folder."""
    here = [path for path in Path().rglob("*") if path.is_file() and but not in path.absolute().parents]
    return {str(path): path.read_bytes() for path in here}


@pytest.mark.slow
def test_making_it_again_mends_it(mine: Path, made: Path, tipbench: Tipbench) -> None:
    flip(mine / "00002" / "adverts.truth.parquet")
    score = ("score", str(made / "predictions.parquet"), f"task={TASK}", *TINY, "--json")
    assert tipbench(*score)[0] == 2
    assert tipbench("data", "verify", *TINY[:2])[0] == 1
    assert tipbench("data", "make", *TINY[:2], "--quiet")[0] == 0
    assert tipbench("data", "verify", *TINY[:2])[0] == 0
    assert tipbench(*score)[0] == 0


def test_the_contract_of_a_method_is_not_broken_by_a_damaged_release(mine: Path, tipbench: Tipbench) -> None:
    flip(mine / "00001" / "adverts.parquet")
    code, _, said = tipbench("check", f"{TASK}/majority")
    assert code == 2
    assert "release 0.5.0/tiny is damaged at region 1, table adverts" in said


def test_a_panic_of_polars_is_a_failed_cell_or_a_sentence(
    mine: Path, made: Path, tipbench: Tipbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panics(*given: object, **named: object) -> None:
        raise pl.exceptions.PanicException("index out of bounds")

    monkeypatch.setattr(runner, "fit_and_predict", panics)
    code, _, said = tipbench("run", f"baseline={TASK}/majority", *TINY, "overwrite=always")
    assert code == 1
    assert "failed: PanicException: index out of bounds" in said
    monkeypatch.setattr("tipbench.commands.score.prepare", panics)
    code, out, said = tipbench("score", str(made / "predictions.parquet"), f"task={TASK}", *TINY)
    assert (code, out, said.count("\n")) == (1, "", 1)
    assert said.startswith(
        "tipbench: a table could not be read or computed (index out of bounds): check your files"
    )


def test_a_home_of_others_that_cannot_be_written_to_is_read_all_the_same(
    mine: Path, made: Path, tipbench: Tipbench
) -> None:
    shutil.rmtree(mine / "checked")
    if os.geteuid() == 0:
        (mine / "checked").write_text("no folder", encoding="utf-8")
    else:
        mine.chmod(0o500)
    try:
        assert tipbench("score", str(made / "predictions.parquet"), f"task={TASK}", *TINY)[0] == 0
    finally:
        mine.chmod(0o700)
