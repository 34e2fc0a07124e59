"""A season of 6 worlds of ``tiny`` from its opening to its verification, by its commands; and what tampering shows."""

import argparse
import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from handed_in import CLOSES, ENDS, HONEST, OPENS, edit, write_package, write_predictions, write_wheel
from tipbaselines.flag_aggregation.mace import Mace
from tipbench.declarations import Command, Parser
from tipbench.runs.frames import read_results, to_parquet_bytes
from tipboard.commands import season
from tipboard.seasons.closing import read_closed
from tipboard.seasons.standings import rank_entries
from tipboard.seasons.verification import verify
from tipboard.seasons.worlds import load_fold
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


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public folder of a season that one package and one entry with predictions took part in."""
    place = tmp_path_factory.mktemp("season")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIPBENCH_HOME", str(place / "home"))
        secret, public = place / "secret", place / "public"
        times = "closes=2027-03-01", "predictions=2027-04-01"
        order = "spring", TASK, "prevalence", "release=tiny", "worlds=6", *times
        assert command(OPENS, "open", *order, "--secret", secret, "--to", public, "--quiet") == 0
        write_wheel(place / "wheels", "crowdpkg", HONEST.format(task=TASK, module="mace", cls="Mace"))
        package = write_package(place / "a", "spring", "lab-a", TASK, "crowdpkg.Method", "crowdpkg==1.0")
        assert command(OPENS, "enter", secret, package, f"wheelhouse={place / 'wheels'}", "--quiet") == 0
        assert command(CLOSES, "run", secret, "engine.workers=2", "--quiet") == 0
        frames: dict[int, pl.DataFrame] = {}
        for k in range(1, 7):
            method, fold = Mace(), load_fold(public, TASK, k)
            method.fit(fold, k)
            frames[k] = method.predict(fold)
        handed = write_predictions(place / "b", "spring", "lab-b", TASK, frames)
        assert command(CLOSES, "enter", secret, handed, "--quiet") == 0
        assert command(ENDS, "close", secret, "--quiet") == 0
        assert list((place / "home" / "0.4.0").iterdir()) == []
    return public


def test_a_method_scores_the_same_as_a_package_and_by_predictions(closed: Path) -> None:
    found = read_closed(closed)
    results, entries, worlds = found.frames()
    assert set(entries["status"]) == {"ran"}
    assert worlds.height == 12
    assert worlds["drawn"].to_list().count(True) == 6
    standings = rank_entries(results, entries, worlds).filter(task=TASK)
    both = standings.filter(pl.col("entry").is_in(["lab-a--mine", "lab-b--mine"]))["mean"].to_list()
    assert both == [both[0]] * 2
    (one,) = (one for one in found.closed.entries if one.id == "lab-a--mine")
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
    one = next(n for n, r in enumerate(results) if r.method == f"{TASK}/lab-a--mine")
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
        (drop_world, "results: lacks "),
    ],
)
def test_tampering_is_named(tamper: Callable[[Path], None], said: str, closed: Path, tmp_path: Path) -> None:
    shutil.copytree(closed, tmp_path / "copy")
    tamper(tmp_path / "copy")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_world_differences", "_task_differences"):
            patch.setattr(f"tipboard.seasons.verification.{name}", lambda *_: [])
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
        "the scores of lab-a--mine on flag_aggregation with labels gold in world 1 are not those of" in found
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
        command(ENDS, "void", secret, "entry=lab-a--mine", "reason=Too good.")


def test_help_of_every_action_is_shown() -> None:
    for name, one in Command("season", "tipboard.commands.season").actions.items():
        assert isinstance(Parser(one, f"tipbench season {name}"), argparse.ArgumentParser)
        assert "examples" in one.help
