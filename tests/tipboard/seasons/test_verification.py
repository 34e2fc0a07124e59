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
from tipboard.board.season import add_season
from tipboard.seasons import consistency, verification
from tipboard.seasons.classes import ClassTest
from tipboard.seasons.closing import declared_class, read_closed
from tipboard.seasons.entries import SeasonOrder, configs_of, open_season
from tipboard.seasons.record import (
    ENTRIES,
    FOLDS,
    FROZEN,
    KEY,
    RAN,
    RECEIPTS,
    SEASON,
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
from tipcore.errors import UsageError

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
            None,
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
        None,
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


CONFIGS: dict[str, Any] = {}


def composed(season: Season, record: SubmissionRecord) -> Any:
    return CONFIGS.setdefault(record.id, configs_of(season, record) if record.id not in CONFIGS else None)


@pytest.fixture(scope="module")
def shipped() -> list[Participant]:
    """Two methods, of which one is an oracle, in the place of all that ship with tipbench."""
    return []


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, shipped: list[Participant]) -> Path:
    """The public folder of a closed season with made-up scores, folds and truth: to copy, not to change."""
    place = tmp_path_factory.mktemp("season")
    order = SeasonOrder(
        *("spring", "0.5.0", "tiny", place / "secret", place / "spring", "2027-03-01", "2027-04-01"),
        **{"tasks": TASKS, "worlds": 6},
    )
    open_season(order, OPENS)
    (season, key), folder = open_secret(place / "secret"), place / "spring"
    shipped += [one for one in list_shipped(season) if one.id in SHIPPED]
    entered, void = entered_in(season), Void(entry="gone--votes", reason="Copied.", at=ENDS)
    packages = [Participant(one.id, composed(season, one.record), one) for one in entered[:2]]
    those = [packages[0], *shipped]
    frozen = Frozen(name="spring", frozen=CLOSES, entries=[one.as_frozen() for one in (*packages, *shipped)])
    draw, told = Draw(season, key, frozen), {"clusters": 1, "answers": "", "references": {}}
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
    """A copy of that season, in which worlds are not made again and configs are composed once."""
    monkeypatch.setattr(consistency, "configs_of", composed)
    monkeypatch.setattr(verification, "list_shipped", lambda *_: shipped)
    monkeypatch.setattr(verification, "_world_differences", lambda *_: [])
    return shutil.copytree(published, tmp_path / "spring")


def test_a_season_whose_methods_need_a_missing_extra_is_refused(
    copy: Path, shipped: list[Participant], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave_one_out(_: Season, notice: Callable[[str], None]) -> list[Participant]:
        notice(
            "left out, since they need the extra bayes (pip install '.[bayes]'): prevalence/bayes_loglinear"
        )
        return shipped[:1]

    monkeypatch.setattr(verification, "list_shipped", leave_one_out)
    with pytest.raises(
        UsageError,
        match="cannot be verified here: methods of it are left out, since they need the extra bayes",
    ):
        verify(copy, engine="sequential", quiet=True)


def test_without_predictions_only_a_full_check_with_a_board_verifies(copy: Path, tmp_path: Path) -> None:
    shutil.rmtree(copy / "predictions")
    (said,) = differences(copy)
    assert "has none of its predictions" in said
    board = tmp_path / "results"
    board.mkdir()
    assert len(verify(copy, results=board, engine="sequential", quiet=True).differences) == 1
    found = verify(copy, everything=True, results=board, engine="sequential", quiet=True)
    assert found.differences == []
    assert found.unchecked == 30


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


def stray_file(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")

    return damage


def standing(entry: str, **changes: Any) -> Damage:
    return in_entry(entry, lambda one: one["tasks"][TASK].update(changes))


def frozen_entry(entry: str, **changes: Any) -> Damage:
    return in_file(FROZEN, lambda c: [one.update(changes) for one in c["entries"] if one["id"] == entry])


def without(entry: str) -> Callable[[Any], Any]:
    return lambda c: c.update(entries=[one for one in c["entries"] if one["id"] != entry])


def twice(entry: str) -> Callable[[Any], Any]:
    return lambda c: c["entries"].extend([one for one in c["entries"] if one["id"] == entry])


def with_more_voids(*voids: dict[str, Any]) -> Damage:
    return in_file(
        VOID, lambda c: c.extend({"reason": "x", "at": "2027-05-01T00:00:00Z", **one} for one in voids)
    )


def exchange(results: list[Result]) -> list[Result]:
    """Give the entries yon--votes and zenith--votes each other's results."""
    other = {"yon--votes": "zenith--votes", "zenith--votes": "yon--votes"}
    return [
        one.model_copy(update={"method": f"{TASK}/{other[entry_id(one)]}"}) if entry_id(one) in other else one
        for one in results
    ]


OF_RESULTS = "results.parquet: {} on {} with labels {} in world"
ACME, YON, MACE = (
    OF_RESULTS.format(one, TASK, "gold") for one in ("acme--votes", "yon--votes", "tipbench--mace")
)
ORACLE = OF_RESULTS.format("tipbench--oracle", "prevalence", "none")
DOUBLED = in_results(lambda results: [*results, results[0]])

IN_FILES: dict[str, list[tuple[Callable[[Any], Any], str]]] = {
    SEASON: [
        (lambda c: c.update(minutes=20.0), "key.hex and season.json do not give the commitment"),
        (lambda c: c["terms"]["prevalence"].update(evaluator=1), "do not give the commitment"),
    ],
    RECEIPTS: [(lambda c: c.pop(), "they are not those of the entries")],
    ENTRIES: [
        (lambda c: c.update(name="autumn"), "is of another season"),
        (twice("acme--votes"), "lists acme--votes 2 times"),
        (without("tipbench--mace"), "lacks tipbench--mace"),
        (lambda c: c.update(closed="2027-03-20T00:00:00Z"), "was closed before 2027-04-01 00:00 UTC"),
        (lambda c: c["voids"][0].update(entry="nobody--x"), "nobody--x cannot be void"),
        (
            lambda c: c["voids"][0].update(at="2027-05-01T00:00:00Z"),
            "gone--votes was made void after the close",
        ),
    ],
    FROZEN: [
        (
            lambda c: c.update(frozen="2027-02-01T00:00:00Z"),
            "2027-02-01 00:00 UTC is not between the closing time",
        ),
        (lambda c: c.update(frozen="2027-04-02T00:00:00Z"), "2027-04-02 00:00 UTC is not between"),
        (
            lambda c: c["entries"].append({**c["entries"][-1], "id": "tipbench--nonce"}),
            "tipbench--nonce is no shipped method of these tasks, and no package that counted then",
        ),
        (without("tipbench--mace"), "lacks tipbench--mace"),
        (without("acme--votes"), "lacks acme--votes"),
        (twice("tipbench--mace"), "lists tipbench--mace 2 times"),
    ],
    STATUS: [
        (
            lambda c: c["tipbench--mace"].update(prevalence=RAN),
            "tipbench--mace has other tasks or statuses than",
        ),
        (lambda c: c.update(nobody={}), "nobody has other tasks or statuses than in entries.json"),
        (
            lambda c: c["gone--votes"].update({TASK: "failed: lies"}),
            "gone--votes has other tasks or statuses",
        ),
    ],
    WORLDS: [
        (lambda c: c[0]["attempts"][0].update(number=5), "world 1 of lane 1 does not follow from the key"),
        (lambda c: c[-1].update(drawn=False), "world 6 of lane 2 does not follow from the key"),
        (
            lambda c: c[0]["attempts"][0]["reasons"].append("x"),
            "world 1 of lane 1 is not the first attempt that",
        ),
        (lambda c: c[1].update(tasks=c[0]["tasks"]), "world 1 of lane 2 has other tasks than its lane"),
        (lambda c: c.pop(), "they are not numbered from 1 to 6"),
    ],
}
AS_FROZEN = "is not as it was entered, or as it ships"
STRAYS = (
    *("evil.html", f"{TRUTH}/{TASK}/w7.parquet", f"{FOLDS}/{TASK}/w7/parts.parquet", f"{FOLDS}/{TASK}/notes"),
    *("predictions/aa/junk", f"predictions/00/{'0' * 64}.parquet"),
)
DAMAGE: list[tuple[Damage, str]] = [
    *((in_file(name, change), said) for name, changes in IN_FILES.items() for change, said in changes),
    *((stray_file(name), f"{name}: does not belong to the season") for name in STRAYS),
    (lambda folder: (folder / "extra").symlink_to(folder.parent), "extra: does not belong to the season"),
    (lambda folder: (folder / KEY).unlink(), "key.hex is missing: get the season again"),
    (lambda folder: (folder / STATUS).unlink(), "status.json: is missing"),
    (lambda folder: (folder / VOID).unlink(), "void.json: it is not what entries.json says"),
    (with_more_voids({"entry": "yon--votes"}), "void.json: it is not what entries.json says"),
    (with_more_voids({"entry": None}, {"entry": None}), "void.json: it is not what entries.json says"),
    (in_results(exchange), f"{YON} 1 is not of the file that was entered"),
    (in_results(lambda results: results[1:]), "results.parquet: lacks acme--votes on"),
    (DOUBLED, "results.parquet: has acme--votes on flag_aggregation with labels gold in world 1 2 times"),
    (of("acme--votes", oracle_method=True), f"{ACME} 2 says otherwise whether it is an oracle"),
    (of("tipbench--oracle", oracle_method=False), f"{ORACLE} 2 says otherwise whether it is an oracle"),
    (of("tipbench--mace", fence=None), f"{MACE} 2 says otherwise whether it was fenced"),
    (of("yon--votes", verified=True), f"{YON} 2 says otherwise whether it was"),
    (of("acme--votes", method="prevalence/acme--votes"), f"{ACME} 2 was run otherwise"),
    (
        in_entry("yon--votes", lambda one: one["entered"]["record"].update(data="season/autumn")),
        "entries.json: yon--votes: data: it is season/autumn and this is season/spring",
    ),
    (
        in_entry("yon--votes", lambda one: one["entered"].update(number=9)),
        "entries.json: entry 3 does not follow the one before",
    ),
    (
        in_entry("zenith--votes", lambda one: one.update(id="other--votes")),
        "entries.json: other--votes was entered as zenith--votes",
    ),
    (
        in_entry("tipbench--mace", lambda one: one.update(id="tipbench--nonce")),
        "entries.json: tipbench--nonce is no shipped method",
    ),
    (
        in_entry("tipbench--mace", lambda one: one.update(note="void: x")),
        "entries.json: tipbench--mace is not described as it was entered",
    ),
    (in_entry("acme--votes", lambda one: one.update(tasks={})), "acme--votes has other tasks or classes than it"),
    (standing("zenith--votes", entry_class="worlds"), "zenith--votes has other tasks or classes than it declared"),
    (standing("acme--votes", class_test=None), f"acme--votes in {TASK}: its class test is missing"),
    (standing("acme--votes", status="failed: bored"), f"acme--votes has no status in {TASK}"),
    (standing("yon--votes", status="failed: predictions refused"), f"yon--votes in {TASK}: predictions were checked"),
    (
        standing("acme--votes", status="failed: took too long", class_test=None),
        "status.json: acme--votes has other tasks or statuses than in entries.json",
    ),
    (
        in_file(FROZEN, lambda c: c.update(frozen="2027-03-02T00:00:00Z")),
        "entries.json: yon--votes was entered when the season took no predictions",
    ),
    (
        in_file(ENTRIES, lambda c: c["voids"][0].update(at="2027-02-01T00:00:00Z")),
        "frozen.json: gone--votes is no shipped method of these tasks, and no package that counted then",
    ),
    (frozen_entry("tipbench--mace", configs={TASK: "0"}), f"frozen.json: tipbench--mace {AS_FROZEN}"),
    *((frozen_entry("acme--votes", **{key: value}), f"frozen.json: acme--votes {AS_FROZEN}") for key, value in
      (("receipt", "0"), ("receipt", None), ("wheel", "0"))),
]  # fmt: skip


def test_a_season_as_it_was_closed_has_no_difference(copy: Path) -> None:
    assert differences(copy) == []
    shutil.rmtree(copy / FOLDS)  # as on a board
    stray_file(".git/config")(copy)
    with_more_voids({"entry": None})(copy)
    found = verify(copy, engine="sequential", quiet=True)
    assert (found.differences, found.notes) == ([], ["void since 2027-05-01 00:00 UTC: x"])


def test_a_failure_of_a_shipped_method_is_noted(copy: Path) -> None:
    failed, method = "failed: took too long", "tipbench--mace"
    standing(method, status=failed)(copy)
    in_file(STATUS, lambda c: c[method].update({TASK: failed}))(copy)
    gone = [one for one in read_results(copy / RESULTS) if entry_id(one) == method]
    in_results(lambda results: [one for one in results if entry_id(one) != method])(copy)
    for name in (one.predictions.digest.removeprefix("sha256:") for one in gone):
        (copy / f"predictions/{name[:2]}/{name}.parquet").unlink()
    found = verify(copy, engine="sequential", quiet=True)
    assert found.differences == []
    assert (
        "tipbench--mace in flag_aggregation failed, as the host says: it was not fitted again" in found.notes
    )


@pytest.mark.parametrize("name", [FROZEN, WORLDS, RESULTS])
def test_a_missing_file_is_named(name: str, copy: Path) -> None:
    (copy / name).unlink()
    with pytest.raises(UsageError, match=rf"{name} is missing: get the season again\.$"):
        verify(copy)


def test_damaged_results_are_not_to_be_made_by_a_board(copy: Path) -> None:
    (copy / RESULTS).write_bytes(b"x")
    with pytest.raises(UsageError, match=r"results\.parquet holds no results: get the season again\.$"):
        verify(copy)


def test_doubled_rows_are_refused_on_a_board_in_one_sentence(copy: Path, tmp_path: Path) -> None:
    DOUBLED(copy)
    with pytest.raises(UsageError, match=r"differs in 1 place, first: results\.parquet: has acme--votes on"):
        add_season(copy, tmp_path / "results", quiet=True)


@pytest.mark.parametrize(("damage", "said"), DAMAGE)
def test_damage_is_named(damage: Damage, said: str, copy: Path) -> None:
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


@pytest.mark.parametrize("error", [UsageError("no."), ValueError("no"), KeyError("no"), OSError("no")])
def test_what_cannot_be_scored_and_strays_in_a_fold_are_named(
    error: Exception, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = read_closed(copy)
    world = next(one for one in closed.worlds if TASK in one.tasks)
    stray_file(f"{FOLDS}/{TASK}/w1/tables/truth.parquet")(copy)

    def fail(*_: Any) -> bool:
        raise error

    monkeypatch.setattr(verification, "_scores_again", fail)
    monkeypatch.setattr(verification, "_differs", lambda *_: False)
    monkeypatch.setattr(verification, "truth_frame", lambda _: None)
    monkeypatch.setattr(verification, "fold_files", lambda _: {"parts.parquet": None})
    draw: Any = SimpleNamespace(
        prepare=lambda *_: SimpleNamespace(folds=[None]), describe=lambda *_: world.tasks[TASK], season=None
    )
    store: Any = None
    found = verification._task_differences(
        verification.Published(closed, draw, copy, store, frozenset()), {}, world, TASK
    )
    assert found[0] == f"{FOLDS}/{TASK}/w1/tables/truth.parquet: does not belong to the season"
    assert found[1].startswith(
        "results.parquet: acme--votes on flag_aggregation with labels gold in world 1: "
    )
    assert len(found) == 6
