"""A season of 6 worlds of ``tiny`` from its opening to its verification, by its commands; and what tampering shows."""

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from handed_in import CLOSES, ENDS, OPENS, edit
from made_wheel import write_wheel
from tipbench.cli import main
from tipbench.declarations import Command, Parser
from tipbench.runs.frames import read_results, to_parquet_bytes
from tipboard.commands import season
from tipboard.seasons.closing import read_closed
from tipboard.seasons.standings import rank_entries
from tipboard.seasons.verification import verify
from tipcore.errors import UsageError

pytestmark = pytest.mark.slow
TASK = "flag_aggregation"


def command(now: datetime, action: str, *words: object) -> int:
    """Do ``tipbench season ACTION`` at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(season, "now", lambda: now)
        found = Command("season", "tipboard.commands.season").actions[action]
        options = Parser(found, f"tipbench season {action}").read([str(one) for one in words])
        return found.call(options)


DOCS = Path(__file__).parents[3] / "docs/seasons.md"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public folder of the season that the documents show, made by their files and commands."""
    place, now = tmp_path_factory.mktemp("season"), OPENS
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIPBENCH_HOME", str(place / "home"))
        patch.chdir(place)
        for language, title, text in BLOCK.findall(DOCS.read_text(encoding="utf-8")):
            if title:
                (place / title).parent.mkdir(exist_ok=True)
                (place / title).write_text(text, encoding="utf-8")
            for line in text.replace("\\\n", " ").splitlines() if language == "sh" else ():
                program, *words = shlex.split(line)
                if words[:2] == ["season", "run"]:
                    now = CLOSES
                elif words[:2] == ["season", "close"]:
                    now = ENDS
                if "wheel" in words:  # pip would ask an index for setuptools
                    source = (place / "crowd/acme_crowd.py").read_text(encoding="utf-8")
                    write_wheel(place / "wheels", {"acme_crowd.py": source}, "acme_crowd")
                elif program == "python3":
                    subprocess.run([sys.executable, *words], check=True)
                elif words[0] == "season":
                    assert command(now, words[1], *words[2:], "--quiet") == 0, line
                else:
                    assert main([*words, "--quiet"]) == 0, line
        assert list((place / "home" / "0.5.0").iterdir()) == []
    return place / "spring"


def test_a_method_scores_the_same_as_a_package_and_by_predictions(closed: Path) -> None:
    found = read_closed(closed)
    results, entries, worlds = found.frames()
    assert set(entries["status"]) == {"ran"}
    assert worlds.height == 12
    assert worlds["drawn"].to_list().count(True) == 6
    standings = rank_entries(results, entries, worlds).filter(task=TASK)
    both = standings.filter(pl.col("entry").is_in(["acme--crowd", "zenith--votes"]))["mean"].to_list()
    assert both == [both[0]] * 2
    (one,) = (one for one in found.closed.entries if one.id == "acme--crowd")
    assert one.tasks[TASK].class_found == "fold"  # it reads no words
    assert {one.seed for one in found.results} == set(range(1, 7))
    assert all(
        round(s.value, 3) == s.value
        for one in found.results
        for s in one.scores.values()
        if s.value is not None
    )


def test_everything_follows_from_the_key(closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(ENDS, "verify", closed, "--json", "--quiet") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["differences"], said["fitted"]) == ([], 2)


def edit_entries(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    return lambda folder: edit(folder / "entries.json", change)


def raise_scores(folder: Path) -> None:
    path = folder / "results.parquet"
    results = read_results(path)
    one = next(n for n, r in enumerate(results) if r.method == f"{TASK}/acme--crowd")
    primary = results[one].primary
    better = results[one].scores[primary].model_copy(update={"value": 0.99})
    results[one] = results[one].model_copy(update={"scores": {**results[one].scores, primary: better}})
    path.write_bytes(to_parquet_bytes(results))


def drop_world(folder: Path) -> None:
    path = folder / "results.parquet"
    path.write_bytes(to_parquet_bytes(read_results(path)[1:]))


def swap_truth(folder: Path) -> None:
    shutil.copyfile(folder / f"truth/{TASK}/w1.parquet", folder / f"truth/{TASK}/w2.parquet")


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (
            edit_entries(lambda c: c["entries"][-2]["entered"]["record"].update(title="x")),
            "does not follow the one before",
        ),
        (
            edit_entries(lambda c: c["entries"][-1]["entered"].update(entered="2027-05-01T00:00:00Z")),
            "took no predictions",
        ),
        (edit_entries(lambda c: c["entries"].pop()), "receipts.json: they are not those of the entries"),
        (drop_world, "results.parquet: lacks "),
    ],
)
def test_tampering_is_named(tamper: Callable[[Path], None], said: str, closed: Path, tmp_path: Path) -> None:
    shutil.copytree(closed, tmp_path / "copy")
    tamper(tmp_path / "copy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tipboard.seasons.verification._world_differences", lambda *_: [])
        found = verify(tmp_path / "copy", quiet=True, engine="sequential").differences
    assert any(said in one for one in found), found


def test_tampering_with_scores_truth_and_predictions_is_named(closed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(closed, copy)
    raise_scores(copy)
    swap_truth(copy)
    edit(copy / "worlds.json", lambda c: c[5]["tasks"]["prevalence"].update(answers="0"))
    mace = next(
        r for r in read_results(copy / "results.parquet") if r.method == f"{TASK}/mace" and r.seed == 4
    )
    digest = mace.predictions.digest.removeprefix("sha256:")
    (copy / "predictions" / digest[:2] / f"{digest}.parquet").unlink()
    found = "\n".join(verify(copy, quiet=True, engine="sequential").differences)
    assert (
        "the scores of acme--crowd on flag_aggregation with labels gold in world 1 are not those of" in found
    )
    assert f"truth/{TASK}/w2.parquet: is not what the key gives" in found
    assert "worlds.json: world 3 of prevalence has other answers" in found
    assert "tipbench--mace on flag_aggregation with labels gold in world 4: predictions sha256:" in found


def test_a_closed_season_takes_nothing_more(closed: Path) -> None:
    secret = closed.parent / "secret"
    for action in ("run", "close"):
        with pytest.raises(UsageError, match="season spring is closed"):
            command(ENDS, action, secret, "--quiet")
    with pytest.raises(UsageError, match="only the whole season can be made void"):
        command(ENDS, "void", secret, "entry=acme--crowd", "reason=Too good.")


def test_help_of_every_action_is_shown() -> None:
    for name, one in Command("season", "tipboard.commands.season").actions.items():
        assert isinstance(Parser(one, f"tipbench season {name}"), argparse.ArgumentParser)
        assert "examples" in one.help
