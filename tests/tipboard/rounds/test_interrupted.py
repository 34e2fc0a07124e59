"""A host who is stopped at any step leaves nothing or all of a round, and the same command finishes it."""

import errno
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from tipboard.rounds import new, publishing, regions
from tipboard.rounds.host import open_secret, published_folder
from tipboard.rounds.new import RoundOrder, new_round
from tipboard.rounds.record import FIRST_REGION, Round, read_round
from tipboard.rounds.verify import verify
from tipcore.errors import UsageError
from tipdata.core.world import World
from tipdata.release import generate_region

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def order_in(place: Path) -> RoundOrder:
    return RoundOrder(
        "spring", "tiny", "2026-06-30", place / "s" / "secret", place / "p" / "public", ("prevalence",)
    )


@pytest.fixture(scope="module")
def region() -> dict[str, pl.DataFrame]:
    """A region that is made once, whatever the seed of a round."""
    return generate_region(World("0.4.0", 1), FIRST_REGION)


@pytest.fixture(autouse=True)
def one_region(monkeypatch: pytest.MonkeyPatch, region: dict[str, pl.DataFrame]) -> None:
    monkeypatch.setattr(regions, "generate_region", lambda world, index: dict(region))
    monkeypatch.setattr(new, "sizes", lambda: {"tiny": 1})


def whole(order: RoundOrder) -> Round:
    """The round, once it is seen that all of it is there and nothing else."""
    found = verify(order.public, engine="sequential", quiet=True)
    assert found.differences == []
    described, _ = open_secret(order.secret)
    assert described == found.round
    assert published_folder(order.secret, None, described) == order.public
    assert os.listdir(order.public.parent) == ["public"]
    assert os.listdir(order.secret.parent) == ["secret"], "no truth lies beside"
    assert not (order.secret / "unpublished").exists()
    assert order.secret.stat().st_mode & 0o777 == 0o700
    times = {path.stat().st_mtime for path in (order.public, *order.public.rglob("*"))}
    assert times == {datetime(2026, 6, 1, tzinfo=UTC).timestamp()}
    return described


class Stopped(BaseException):
    """A host is stopped."""


def stop(*given: object, **more: object) -> None:
    raise Stopped


def elsewhere(*given: object) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


@pytest.mark.parametrize(
    ("other_disk", "module", "step", "state"),
    [
        (False, new, "make_round", (False, False)),
        (False, new, "publish", (True, False)),
        (False, publishing, "move", (True, False)),
        (False, publishing, "shutil", (True, True)),  # when it removes what waited
        (True, publishing, "set_times", (True, False)),
        (True, publishing, "shutil", (True, True)),
    ],
)
def test_whenever_a_host_is_stopped_the_same_command_goes_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    other_disk: bool,
    module: Any,
    step: str,
    state: tuple[bool, bool],
) -> None:
    """Nothing is published whose seed is lost, and a round that was made is published as it is."""
    if other_disk:
        monkeypatch.setattr(publishing, "move", elsewhere)
    order, made = order_in(tmp_path), None
    with monkeypatch.context() as patched:
        tools = SimpleNamespace(rmtree=stop, copytree=shutil.copytree)
        patched.setattr(module, step, tools if step == "shutil" else stop)
        with pytest.raises(Stopped):
            new_round(order, NOW, engine="sequential", quiet=True)
    assert (order.secret.exists(), order.public.exists()) == state
    if order.secret.exists():
        made = open_secret(order.secret)[0]
    if order.public.exists() and not (order.secret / "unpublished").exists():
        assert whole(order) == made  # all is there
        return
    again = new_round(order, NOW, engine="sequential", quiet=True)
    assert made in (None, again)
    assert whole(order) == again


@pytest.fixture
def between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RoundOrder:
    """A round whose host was stopped before it was published."""
    order = order_in(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(new, "publish", lambda *given: None)
        new_round(order, NOW, engine="sequential", quiet=True)
    return order


@pytest.mark.parametrize(
    "other", [{"name": "autumn"}, {"closes": "2026-07-31"}, {"tasks": ("advert_risk",)}, {"tasks": ()}]
)
def test_another_command_does_not_finish_it(between: RoundOrder, other: dict[str, object]) -> None:
    with pytest.raises(
        UsageError, match=r"holds round spring, which was stopped .* and is not the one that is asked"
    ):
        new_round(replace(between, **other), NOW, quiet=True)  # type: ignore[arg-type]
    assert not between.public.exists()


def test_it_is_finished_where_it_was_to_be_published(between: RoundOrder, tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"stopped before it was published: give --to .*/p/public to finish it"
    ):
        new_round(replace(between, public=tmp_path / "other"), NOW, quiet=True)
    described, _ = open_secret(between.secret)
    with pytest.raises(UsageError, match="run the `tipbench seal new` that made it again"):
        published_folder(between.secret, None, described)


def test_what_was_put_in_its_place_meanwhile_is_left_alone(between: RoundOrder) -> None:
    between.public.mkdir(parents=True)
    with pytest.raises(UsageError, match=r"is not a sealed round"):
        new_round(between, NOW, quiet=True)
    shutil.copyfile(between.secret / "unpublished" / "round.json", between.public / "round.json")
    text = (between.public / "round.json").read_text(encoding="utf-8")
    (between.public / "round.json").write_text(text.replace("2026-06-30", "2026-07-30"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"exists: move it away, and run the same command again"):
        new_round(between, NOW, quiet=True)
    shutil.rmtree(between.public)
    assert new_round(between, NOW, quiet=True) == read_round(between.public)
    whole(between)


def test_a_place_that_cannot_be_written_is_told_before_anything_is_made_and_after(
    between: RoundOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(publishing, "move", full)
        with pytest.raises(UsageError, match=r"No space left on device; .* run the same command again"):
            new_round(between, NOW, quiet=True)
    new_round(between, NOW, quiet=True)
    whole(between)
    (tmp_path / "file").write_text("", encoding="utf-8")
    order = replace(between, public=tmp_path / "file" / "public", secret=tmp_path / "t" / "secret")
    with pytest.raises(UsageError, match="public cannot be written: "):
        new_round(order, NOW, quiet=True)
    assert not order.secret.exists()
