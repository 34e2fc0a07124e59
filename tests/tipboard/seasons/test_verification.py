"""What `tipbench season verify` says of a closed season that its host, or a mirror, changed."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from handed_in import CLOSES, ENDS, OPENS, edit, record_of
from made_result import made_result
from tipbench.evaluation.evaluation import Evaluation
from tipbench.lanes import lanes
from tipbench.metrics.scores import Score
from tipbench.runs.frames import RESULTS, read_results, to_parquet_bytes
from tipbench.runs.results import Fence, Result, parquet_bytes
from tipbench.tasks import task_of
from tipboard.seasons import verification
from tipboard.seasons.classes import ClassTest
from tipboard.seasons.closing import declared_class
from tipboard.seasons.entries import SeasonOrder, configs_of, open_season
from tipboard.seasons.record import (
    ENTRIES,
    FOLDS,
    FROZEN,
    KEY,
    RAN,
    RECEIPTS,
    STATUS,
    TRUTH,
    VOID,
    WORLDS,
    Attempt,
    Closed,
    ClosedEntry,
    Entered,
    Frozen,
    Receipts,
    Season,
    SeasonWorld,
    Standing,
    Void,
    Voids,
    Worlds,
    entry_id,
    open_secret,
    release_of,
    to_json,
)
from tipboard.seasons.running import Participant, cells_of, list_shipped
from tipboard.seasons.verification import verify
from tipboard.seasons.worlds import Draw, is_drawn, list_worlds
from tipboard.submissions.record import SubmissionRecord

TASK, TASKS = "flag_aggregation", ("flag_aggregation", "prevalence")
SHIPPED = ("tipbench--mace", "tipbench--oracle")
FENCE = Fence(files=True, network=True, memory=True, processes=True)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def entered_in(season: Season) -> list[Entered]:
    """Two packages, of which the second is void, and two entries of predictions."""
    words = [f"task={TASK}", "baseline.method._target_=acme_crowd.Crowd"]
    found: list[Entered] = []
    for team in ("acme", "gone", "yon", "zenith"):
        is_package = team in ("acme", "gone")
        files = {f"{TASK}/w{k}/s0.parquet": digest(f"{team}{k}") for k in range(1, season.worlds + 1)}
        predictions = [
            {
                **{"task": TASK, "split": name.split("/")[1], "seed": 0, "file": name, "rows": 1},
                **{"digest": f"sha256:{one}", "access": "platform", "labels": "gold", "cost": None},
            }
            for name, one in files.items()
        ]
        pinned = {"package": f"{team}-crowd==1.0", "overrides": {TASK: words}}
        of_kind = {"pinned": pinned} if is_package else {"predictions": predictions}
        record = record_of(season.name, team, "votes", (TASK,), **of_kind)
        made = Entered(
            number=len(found) + 1,
            previous=found[-1].receipt if found else season.commitment,
            entered=OPENS if is_package else CLOSES,
            record=SubmissionRecord.model_validate(record),
            wheels={f"{team}.whl": digest(team)} if is_package else {},
            files={} if is_package else files,
        )
        found.append(made)
    return found


def cell_results(season: Season, one: Participant, world: SeasonWorld) -> Iterator[Result]:
    for cell in cells_of(season, Path(), one, world):
        task, oracle = task_of(cell.task), cell.task in one.oracles
        yield made_result(
            season.terms[task.name].split,
            **{"task": task.name, "method": f"{task.name}/{one.id.removeprefix('tipbench--')}"},
            **{"data": cell.data, "seed": world.k, "labels": cell.config["labels"], "primary": task.primary},
            **{"config": cell.config, "config_hash": cell.hash, "scores": {task.primary: {"value": 0.5}}},
            **{"versions": {"data": season.data, "evaluator": task.version, "method": season.tipbench}},
            **{"oracle_method": oracle, "fence": None if oracle else FENCE},
            predictions={"file": "predictions.parquet", "digest": f"sha256:{digest(f'{one.id}{world.k}')}"},
        )


def handed_in_results(season: Season, one: Entered, world: SeasonWorld) -> Iterator[Result]:
    name, task = f"{TASK}/w{world.k}/s0.parquet", task_of(TASK)
    yield made_result(
        season.terms[TASK].split,
        **{"task": TASK, "method": f"{TASK}/{one.id}", "data": release_of(season, world.number).name},
        **{"seed": world.k, "labels": "gold", "verified": False, "primary": task.primary},
        **{"config_hash": "", "scores": {task.primary: {"value": 0.25}}},
        **{"versions": {"data": season.data, "evaluator": task.version, "method": "undeclared"}},
        predictions={"file": name, "digest": f"sha256:{one.files[name]}"},
    )


def listed(one: Participant | Entered, voids: dict[str, str]) -> ClosedEntry:
    entered = one if isinstance(one, Entered) else None
    if entered is None:
        assert isinstance(one, Participant)
        classes = {task: declared_class(config) for task, config in one.configs.items()}
    else:
        classes = {} if one.id in voids else {TASK: "fold"}
    test = ClassTest(metric="average_precision", score=0.5) if entered and entered.is_package else None
    return ClosedEntry(
        id=one.id,
        is_host=entered is None,
        kind="package" if entered is None or entered.is_package else "predictions",
        entered=entered,
        tasks={
            t: Standing.model_validate({"entry_class": c, "class_test": test, "status": RAN})
            for t, c in classes.items()
        },
        note=voids.get(one.id),
    )


@pytest.fixture(scope="module")
def shipped() -> list[Participant]:
    """Two methods, of which one is an oracle, in the place of all that ship with tipbench."""
    return []


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, shipped: list[Participant]) -> Path:
    """The public folder of a closed season with made-up scores, folds and truth: to copy, not to change."""
    place = tmp_path_factory.mktemp("season")
    order = SeasonOrder(
        *("spring", "0.4.0", "tiny", place / "secret", place / "spring", "2027-03-01", "2027-04-01"),
        **{"tasks": TASKS, "worlds": 6},
    )
    open_season(order, OPENS)
    (season, key), folder = open_secret(place / "secret"), place / "spring"
    shipped += [one for one in list_shipped(season) if one.id in SHIPPED]
    entered, void = entered_in(season), Void(entry="gone--votes", reason="Copied.", at=ENDS)
    packages = [Participant(one.id, configs_of(season, one.record), one) for one in entered[:2]]
    those = [packages[0], *shipped]
    frozen = Frozen(name="spring", frozen=CLOSES, entries=[one.as_frozen() for one in (*packages, *shipped)])
    draw, told = (
        Draw(season, key, frozen),
        {
            "clusters": 1,
            "answers": "",
            "references": dict.fromkeys(("chance", "oracle", "single_unit"), 0.1),
        },
    )
    worlds = [
        SeasonWorld.model_validate(
            {
                **{"k": k, "lane": lane, "drawn": is_drawn(season, k)},
                "attempts": [Attempt(number=draw.number(k, lane, 0), reasons=[])],
                "tasks": dict.fromkeys(lanes(season.tasks)[lane - 1], told),
            }
        )
        for k, lane in list_worlds(season)
    ]
    results = [made for world in worlds for one in those for made in cell_results(season, one, world)]
    of_task = [world for world in worlds if TASK in world.tasks]
    results += [
        made for one in entered[2:] for world in of_task for made in handed_in_results(season, one, world)
    ]
    entries = [listed(one, {"gone--votes": "void: Copied."}) for one in (*shipped, *entered)]
    status = {one.id: dict.fromkeys(one.configs, RAN) for one in (*packages, *shipped)}
    files = {
        ENTRIES: to_json(Closed(name="spring", closed=ENDS, entries=entries, voids=[void])),
        **{FROZEN: to_json(frozen), WORLDS: to_json(Worlds(worlds)), VOID: to_json(Voids([void]))},
        **{KEY: key.hex(), RECEIPTS: to_json(Receipts([one.receipt for one in entered]))},
        STATUS: str(status).replace("'", '"'),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / RESULTS).write_bytes(to_parquet_bytes(results))
    names = [f"predictions/{one.predictions.digest[7:9]}/{one.predictions.digest[7:]}" for one in results]
    names += [f"{TRUTH}/{task}/w{world.k}" for world in worlds for task in world.tasks]
    names += [f"{FOLDS}/{task}/w{world.k}/parts" for world in worlds for task in world.tasks]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.parquet").write_bytes(b"")
    return folder


@pytest.fixture
def copy(
    published: Path, shipped: list[Participant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of that season, in which worlds are not made again."""
    monkeypatch.setattr(verification, "list_shipped", lambda _: shipped)
    monkeypatch.setattr(verification, "_world_differences", lambda *_: [])
    return shutil.copytree(published, tmp_path / "spring")


def differences(folder: Path) -> list[str]:
    return verify(folder, engine="sequential", quiet=True).differences


Damage = Callable[[Path], Any]


def in_file(name: str, change: Callable[[Any], Any]) -> Damage:
    return lambda folder: edit(folder / name, change)


def in_entry(entry: str, change: Callable[[Any], Any]) -> Damage:
    return in_file(ENTRIES, lambda c: [change(one) for one in c["entries"] if one["id"] == entry])


def in_results(change: Callable[[list[Result]], list[Result]]) -> Damage:
    def damage(folder: Path) -> None:
        (folder / RESULTS).write_bytes(to_parquet_bytes(change(read_results(folder / RESULTS))))

    return damage


def of(entry: str, **changes: Any) -> Damage:
    """Change the results of an entry in world 2."""
    return in_results(
        lambda all_of_them: [
            one.model_copy(update=changes) if (entry_id(one), one.seed) == (entry, 2) else one
            for one in all_of_them
        ]
    )


def exchange(results: list[Result]) -> list[Result]:
    """Give the entries yon--votes and zenith--votes each other's results."""
    other = {"yon--votes": "zenith--votes", "zenith--votes": "yon--votes"}
    return [
        one.model_copy(update={"method": f"{TASK}/{other[entry_id(one)]}"}) if entry_id(one) in other else one
        for one in results
    ]


DAMAGE: dict[str, tuple[Damage, str]] = {
    "predictions of another entry": (
        in_results(exchange),
        "results.parquet: yon--votes on flag_aggregation with labels gold in world 1 is not of the file that was "
        "entered",
    ),
    "doubled row": (
        in_results(lambda results: [*results, results[0]]),
        "results.parquet: has acme--votes on flag_aggregation with labels gold in world 1 2 times",
    ),
    "said to be an oracle": (
        of("acme--votes", oracle_method=True),
        "results.parquet: acme--votes on flag_aggregation with labels gold in world 2 says otherwise whether it is an "
        "oracle",
    ),
    "oracle that is said to be none": (
        of("tipbench--oracle", oracle_method=False),
        "results.parquet: tipbench--oracle on prevalence with labels none in world 2 says otherwise whether it is an",
    ),
    "said to have had no fence": (
        of("tipbench--mace", fence=None),
        "results.parquet: tipbench--mace on flag_aggregation with labels gold in world 2 says otherwise whether it was "
        "fenced",
    ),
    "predictions that are said to be enforced": (
        of("yon--votes", verified=True),
        "results.parquet: yon--votes on flag_aggregation with labels gold in world 2 says otherwise whether it was",
    ),
    "method of another task": (
        of("acme--votes", method="prevalence/acme--votes"),
        "results.parquet: acme--votes on flag_aggregation with labels gold in world 2 was run otherwise",
    ),
}


def test_a_season_as_it_was_closed_has_no_difference(copy: Path) -> None:
    assert differences(copy) == []


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(name: str, copy: Path) -> None:
    damage, said = DAMAGE[name]
    damage(copy)
    found = differences(copy)
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    ("published", "made", "is_same"),
    [
        (0.662, 0.66249, True),
        (0.662, 0.6625004, True),  # within what processors may compute otherwise
        (0.663, 0.66249, False),
        (0.661, 0.66249, False),
        (0.6624, 0.66249, False),
        (None, 0.66249, False),
        (0.662, None, False),
        (None, None, True),
    ],
)
@pytest.mark.parametrize("end", ["value", "low"])
def test_published_scores_are_recomputed_scores_rounded(
    published: float | None,
    made: float | None,
    is_same: bool,
    end: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores = {"f1": Score(**{"value": 0.5, end: made})}
    monkeypatch.setattr(verification, "evaluate", lambda *_, **__: Evaluation(scores))
    one = made_result(primary="f1", scores={"f1": {"value": 0.5, end: published}})
    prepared: Any = SimpleNamespace(back=lambda frame: frame, answers_to=lambda frame: frame, task=None)
    store: Any = SimpleNamespace(get=lambda _: parquet_bytes(pl.DataFrame({"a": [1]})))
    season: Any = SimpleNamespace(replicates=1, decimals=3)
    assert verification._scores_again(season, prepared, one, store) is is_same
