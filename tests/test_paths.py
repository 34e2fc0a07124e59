"""A path is a path, whatever signs are in it: nothing reads files by what polars makes of ``[`` or ``*``."""

import ast
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl
import pytest
from parsed import ROOT, nodes_of, python_files
from tipcore.table_files import read_parquet, scan_parquet
from tipdata.core.world import newest_released
from tipdata.release import Release, make_release, verify_release
from tipdata.release import release as release_module

ODD = "gl[1]*?"
"""A pattern that ``gl1`` with more behind it is of."""


def patterns(nodes: Iterable[ast.AST]) -> list[int]:
    """Lines that give polars a path to read, and do not say that it is no pattern."""
    return [
        node.lineno
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "pl"
        and node.func.attr.startswith(("read_", "scan_"))
        and not any(one.arg == "glob" for one in node.keywords)
        and not (node.args and ast.unparse(node.args[0]).startswith(("io.BytesIO(", "buffer")))
    ]


def test_a_path_that_is_read_as_a_pattern_is_found() -> None:
    wrong = "pl.read_parquet(path)\npl.scan_csv(path)\npl.read_csv()"
    assert patterns(ast.walk(ast.parse(wrong))) == [1, 2, 3]
    fine = (
        "pl.read_csv(io.BytesIO(b))\npl.scan_parquet(p, glob=False)\npl.concat(path)\nother.read_parquet(p)"
    )
    assert not patterns(ast.walk(ast.parse(fine)))


def test_no_package_reads_a_path_as_a_pattern() -> None:
    offenders = {
        path.relative_to(ROOT).as_posix(): lines
        for path in python_files()
        if (lines := patterns(nodes_of(path)))
    }
    assert offenders == {}, "use tipcore.table_files"


def siblings(place: Path, name: str = ODD) -> tuple[Path, Path]:
    """Two folders of which the first one's name, as a pattern, is that of the second."""
    folders = place / name, place / "gl1"
    for folder in folders:
        folder.mkdir(parents=True)
    return folders


def test_a_file_beside_is_not_read_in_the_place_of_one_whose_name_is_a_pattern(tmp_path: Path) -> None:
    for number, folder in enumerate(siblings(tmp_path)):
        pl.DataFrame({"a": [number]}).write_parquet(folder / "[ab].parquet")
        pl.DataFrame({"a": [number + 2]}).write_parquet(folder / "a.parquet")
    assert read_parquet(tmp_path / ODD / "[ab].parquet")["a"].to_list() == [0]
    files = [tmp_path / ODD / "[ab].parquet", tmp_path / "gl1" / "[ab].parquet"]
    assert scan_parquet(files).collect()["a"].to_list() == [0, 1]


@pytest.mark.slow
def test_a_release_is_read_where_it_is_and_not_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TIPBENCH_HOME ``gl[1]`` read the release of a sibling ``gl1``."""
    monkeypatch.setattr(release_module, "sizes", lambda: {"one": 1})
    homes = siblings(tmp_path, "gl[1]")
    found = []
    for world, folder in enumerate(homes, start=1):
        monkeypatch.setenv("TIPBENCH_HOME", str(folder))
        release = Release.of(newest_released(), "one", world)
        make_release(release, engine="sequential", quiet=True)
        os.rename(release.folder, release.folder.with_name("one.w1"))
    for folder in homes:
        monkeypatch.setenv("TIPBENCH_HOME", str(folder))
        release = Release.of(newest_released(), "one", 1)
        assert verify_release(release, engine="sequential", quiet=True) == []
        found.append(release.scan("adverts", truth=True).collect())
        assert len(found[-1])
    assert not found[0].equals(found[1])


@pytest.fixture
def odd(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder whose name is a pattern, beside one that it would be a pattern of."""
    monkeypatch.chdir(siblings(place)[0])
    return Path.cwd()


@pytest.mark.slow
def test_runs_are_made_scored_packed_and_compared_in_such_a_folder(
    odd: Path, tipbench: Callable[..., tuple[int, str, str]]
) -> None:
    words = ["release=tiny", "release.version=0.5.0", "replicates=0", "runs.path=r[u]n*s"]
    for baseline in ("indicator_count", "prior"):
        assert tipbench("run", f"baseline=advert_risk/{baseline}", *words)[0] == 0
    runs = sorted(path.parent for path in odd.rglob("result.json"))
    assert len(runs) == 2
    code, said, _ = tipbench("score", str(runs[0] / "predictions.parquet"), "task=advert_risk", *words[:3])
    assert (code, "average_precision" in said) == (0, True)
    about = ["team=acme", "summary=S.", "authors=A", "--to", "s[u]b", "replicates=0"]
    assert tipbench("submit", str(runs[0]), *about)[0] == 0
    assert tipbench("submit", "s[u]b", "replicates=0")[0] == 0


OWN = """
name: own
task: advert_risk
summary: A test.
source: Made up.
path: null
files: "[ab].{kind}"
format: {kind}
unit: id
label: verdict
tables: {{adverts: {{body: text}}}}
split: kfold
"""


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_own_files_are_read_by_the_names_that_were_given(
    odd: Path, tipbench: Callable[..., tuple[int, str, str]], kind: str
) -> None:
    rows = {"id": [f"a{n}" for n in range(40)], "text": [f"word {n % 7}" for n in range(40)]}
    frame = pl.DataFrame({**rows, "verdict": [n % 2 for n in range(40)]})
    for folder in (odd, odd.with_name("gl1 and more")):
        folder.mkdir(exist_ok=True)
        getattr(frame, f"write_{kind}")(folder / f"[ab].{kind}")
        getattr(frame.with_columns(verdict=pl.lit(7)), f"write_{kind}")(folder / f"a.{kind}")
        frame = frame.head(20)
    (odd / "c[o]nf" / "data").mkdir(parents=True)
    (odd / "c[o]nf" / "data" / "own.yaml").write_text(OWN.format(kind=kind), encoding="utf-8")
    words = [
        "baseline=advert_risk/prior",
        "data=own",
        f"data.path={odd}",
        "replicates=0",
        "--config-dir",
        "c[o]nf",
    ]
    code, out, said = tipbench("run", *words, "--json")
    assert code == 0, said
    [made] = odd.rglob("predictions.parquet")
    assert read_parquet(made).height == 40
    assert '"average_precision"' in out
