"""Opening a season and taking entries in: every refusal is one sentence, and leaves nothing behind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from handed_in import CLOSES, ENDS, OPENS, record_of
from tipboard.seasons import entries
from tipboard.seasons.entries import SeasonOrder, enter, make_void, open_season, read_entries
from tipboard.seasons.record import (
    FROZEN,
    Frozen,
    FrozenEntry,
    open_secret,
    read_receipts,
    read_voids,
    to_json,
)
from tipboard.submissions.check import Checked
from tipboard.submissions.packages import Environment
from tipboard.submissions.record import SubmissionRecord
from tipboard.submissions.storage import Packages
from tipcore.errors import CheckFailed, UsageError

HOUR = timedelta(hours=1)
ORDER = SeasonOrder(
    "spring", "0.5.0", "tiny", Path("secret"), Path("public"), "2027-03-01", tasks=("prevalence",)
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"worlds": 2}, "worlds=2 is not possible for a season: give an even number from 6 to 64."),
        ({"worlds": 7}, "worlds=7 is not possible for a season"),
        ({"name": "Spring!"}, "'Spring!' cannot name a season"),
        ({"size": "forms"}, "release=forms is not possible for a season: choose tiny, small, full."),
        ({"data": "9.9.9"}, "release version 9.9.9 does not exist"),
        ({"tasks": ("nothing",)}, "nothing"),
        ({"tasks": ("prevalence", "prevalence")}, "prevalence is given twice"),
        ({"closes": "soon"}, "closes=soon is not a time: write it in UTC as 2027-03-01T12:00."),
        (
            {"closes": "2026-12-31"},
            "closes=2026-12-31 is over by then: give a time after 2027-01-01 00:00 UTC.",
        ),
        (
            {"predictions": "2027-02-01"},
            "predictions=2027-02-01 is over by then: give a time after 2027-03-01",
        ),
        ({"minutes": 0.0}, "limits.minutes=0 is not between"),
        ({"secret": Path("public/secret")}, "lies in what is published"),
        ({"public": Path("secret/public")}, "lies in the secret folder"),
        ({"secret": Path("clone/secret")}, "lies in the git checkout"),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    changes: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    with pytest.raises(UsageError) as refused:
        open_season(replace(ORDER, **changes), OPENS)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["clone"]


def test_a_season_is_opened_once_and_whole(opened: tuple[Path, Path], tmp_path: Path, full: Callable) -> None:
    secret, _ = opened
    order = replace(ORDER, secret=secret, public=tmp_path / "other")
    with pytest.raises(UsageError, match=r"--secret .* exists: name a folder that does not"):
        open_season(order, OPENS)
    full("season.json")
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        open_season(replace(order, secret=tmp_path / "new"), OPENS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["public", "secret"]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the disk be full when files of some name are written."""

    def fill(name: str) -> None:
        write = Path.write_text

        def write_text(path: Path, *said: Any, **how: Any) -> int:
            if path.name == name:
                raise OSError(28, "No space left on device")
            return write(path, *said, **how)

        monkeypatch.setattr(Path, "write_text", write_text)

    return fill


@pytest.fixture
def hand_in(opened: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Enter a package of a team; its record passes its check, and its wheel holds ``content``."""
    target = ("task=prevalence", "baseline.method._target_=acme.Chao")

    def handed(
        team: str,
        content: str = "",
        now: datetime = OPENS + HOUR,
        season: str = "spring",
        words: tuple[str, ...] = target,
    ) -> Any:
        pinned = {"package": "acme==1.0", "overrides": {"prevalence": list(words)}}
        made = record_of(
            season, team, "mine", ("prevalence",), pinned=pinned, title=f"mine {content}".strip()
        )
        record = SubmissionRecord.model_validate(made)

        def check(folder: Path, truth: Any, **_: Any) -> Checked:
            truth(record)
            return Checked(record, [])

        def install(package: str, packages: Packages, work: Path, keep: Path) -> Environment:
            if content == "broken":
                raise CheckFailed(f"{package} cannot be installed: no such wheel")
            (keep / "acme-1.0.whl").write_text(content or team, encoding="utf-8")
            (keep / "a_library-2.0.whl").write_text("library", encoding="utf-8")
            return Environment(f"{package} sha256:{entries.file_digests({'': keep / 'acme-1.0.whl'})['']}")

        monkeypatch.setattr(entries, "check", check)
        monkeypatch.setattr(entries, "install", install)
        return enter(opened[0], Path("handed"), now, Packages())[1]

    return handed


def test_entries_are_kept_with_their_wheels_and_bound_to_each_other(
    opened: tuple[Path, Path], hand_in: Callable
) -> None:
    season, _ = open_secret(opened[0])
    one, two = hand_in("lab-a"), hand_in("own")
    assert (one.previous, two.previous) == (season.commitment, one.receipt)
    assert list(one.wheels) == ["acme-1.0.whl", "a_library-2.0.whl"]
    assert entries.is_host(two.id)
    assert not entries.is_host(one.id)
    assert read_entries(opened[0]) == [one, two]
    assert read_receipts(opened[1]) == [one.receipt, two.receipt]
    path = entries.entry_folder(opened[0], 1) / "entry.json"
    path.write_text(path.read_text(encoding="utf-8").replace("A test.", "A lie."), encoding="utf-8")
    with pytest.raises(UsageError, match=r"was altered \(entry 2 does not follow the one before\)"):
        read_entries(opened[0])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"now": OPENS - HOUR}, "season spring opens at 2027-01-01 00:00 UTC: set the clock"),
        ({"now": CLOSES}, "season spring closed at 2027-03-01 00:00 UTC: no package is taken any more."),
        ({"season": "autumn"}, "data: it is season/autumn and this is season/spring."),
        ({"content": "broken"}, "acme==1.0 cannot be installed: no such wheel"),
        (
            {"team": "lab-b", "content": "lab-a"},
            "lab-b--mine has the same wheel as lab-a--mine: enter each wheel under",
        ),
        (
            {},
            "lab-a--mine was entered before without any change: this copy does not count; the receipt is still ",
        ),
        (
            {"words": ("task=prevalence", "baseline.method._target_=acme.Chao", "labels=none")},
            "lab-a--mine: labels=none of prevalence is the season's to choose: leave it out.",
        ),
        (
            {"words": ("task=prevalence", "baseline.method._target_=acme.Chao", "+access=legal")},
            "lab-a--mine: +access=legal of prevalence is the season's to choose: leave it out.",
        ),
        (
            {"words": ("task=prevalence", "baseline.method._target_=acme.Chao", "train=worlds:2")},
            "lab-a--mine: train=worlds:2 of prevalence is not of the class fold: declare entry_class=worlds.",
        ),
        ({"words": ("task=prevalence", "runs.path=x")}, "runs"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(
    asked: dict[str, Any], said: str, opened: tuple[Path, Path], hand_in: Callable
) -> None:
    hand_in("lab-a", "lab-a")
    with pytest.raises((UsageError, CheckFailed, ValueError)) as refused:
        hand_in(**{"team": "lab-a", "content": "lab-a", **asked})
    assert said in str(refused.value)
    assert len(read_entries(opened[0])) == 1


def test_a_team_has_three_entries_of_which_the_last_that_is_not_void_counts(
    opened: tuple[Path, Path], hand_in: Callable
) -> None:
    made = [hand_in("lab-a", content) for content in ("one", "two", "three")]
    with pytest.raises(UsageError, match="lab-a has 3 of 3 entries in season spring: no more are taken"):
        hand_in("lab-a", "four")
    replaced = "replaced by a later entry"
    found = entries.count_entries(read_entries(opened[0]), [])
    assert [found[one.receipt] for one in made] == [replaced, replaced, None]
    # Once the last is frozen, no other takes its place, also if it is made void.
    frozen = Frozen(name="spring", frozen=CLOSES, entries=[])
    assert list(entries.count_entries(made, [], frozen).values()) == [replaced] * 3
    kept = FrozenEntry(id=made[1].id, receipt=made[1].receipt, wheel=None, configs={})
    frozen = frozen.model_copy(update={"entries": [kept]})
    assert list(entries.count_entries(made, [], frozen).values()) == [replaced, None, replaced]


def test_the_freeze_and_not_its_time_decides_the_worlds() -> None:
    frozen = Frozen(name="spring", frozen=CLOSES, entries=[])
    later = frozen.model_copy(update={"frozen": ENDS})
    other = [FrozenEntry(id="a--b", receipt=None, wheel=None, configs={})]
    assert frozen.digest == later.digest != frozen.model_copy(update={"entries": other}).digest


def test_a_package_that_comes_in_while_packages_are_frozen_is_refused(
    opened: tuple[Path, Path], hand_in: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(package: str, packages: Packages, work: Path, keep: Path) -> Environment:
        frozen = Frozen(name="spring", frozen=CLOSES, entries=[])
        (opened[0] / FROZEN).write_text(to_json(frozen), encoding="utf-8")
        return Environment(package)

    hand_in("lab-a")
    monkeypatch.setattr(entries, "configs_of", lambda *_: monkeypatch.setattr(entries, "install", slow))
    with pytest.raises(UsageError, match="season spring closed at 2027-03-01 00:00 UTC: no package is taken"):
        hand_in("lab-b")
    assert len(read_entries(opened[0])) == 1


def test_a_closed_season_and_a_stray_folder_are_refused(opened: tuple[Path, Path], hand_in: Callable) -> None:
    (opened[1] / "entries.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="season spring is closed: it takes no entry any more"):
        hand_in("lab-a")
    (opened[0] / "entries" / "copy").mkdir(parents=True)
    with pytest.raises(UsageError, match="copy is no entry of the season: move it away"):
        read_entries(opened[0])


def test_an_entry_or_a_season_is_made_void_with_a_reason(
    opened: tuple[Path, Path], hand_in: Callable
) -> None:
    secret, public = opened
    hand_in("lab-a")
    for reason, entry, said in (
        ("", None, "reason= has 0 characters"),
        ("a\nb", None, "reason= holds the invisible character"),
        ("Withdrawn.", "lab-z--mine", "season spring has no entry lab-z--mine: it has lab-a--mine."),
    ):
        with pytest.raises(UsageError, match=said):
            make_void(secret, reason, CLOSES, entry)
    make_void(secret, "Withdrawn.", OPENS, "lab-a--mine")
    with pytest.raises(UsageError, match="lab-a--mine is void already: the first reason stays"):
        make_void(secret, "Again.", OPENS, "lab-a--mine")
    assert list(entries.count_entries(read_entries(secret), read_voids(public)).values()) == [
        "void: Withdrawn."
    ]
    (secret / "key.hex").unlink()
    make_void(secret, "The key was lost.", CLOSES)
    with pytest.raises(
        UsageError, match=r"season spring is void since 2027-03-01 00:00 UTC: The key was lost\."
    ):
        hand_in("lab-b")


@pytest.mark.parametrize(
    ("now", "frozen", "taken", "said"),
    [
        (CLOSES + HOUR, False, True, "once its packages are frozen, after 2027-03-01 00:00 UTC"),
        (ENDS, True, True, "took files of predictions until 2027-04-01 00:00 UTC: too late"),
        (CLOSES + HOUR, True, False, "takes no files of predictions: enter a package"),
    ],
)
def test_predictions_come_between_the_freeze_and_their_own_time(
    now: datetime, frozen: bool, taken: bool, said: str, opened: tuple[Path, Path]
) -> None:
    season, _ = open_secret(opened[0])
    if frozen:
        (opened[0] / FROZEN).write_text(
            to_json(Frozen(name="spring", frozen=CLOSES, entries=[])), encoding="utf-8"
        )
    file = {"task": "prevalence", "split": "w1", "seed": 0, "file": "prevalence/w1/s0.parquet"}
    file |= {"digest": f"sha256:{'0' * 64}", "rows": 1, "access": "public", "labels": "none", "cost": None}
    record = SubmissionRecord.model_validate(
        record_of("spring", "a", "b", ("prevalence",), predictions=[file])
    )
    season = season if taken else season.model_copy(update={"predictions": None})
    with pytest.raises(UsageError, match=said):
        entries._check_time(season, *opened, record, now)
