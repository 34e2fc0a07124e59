"""Submissions: what is taken in, how often, when, and what is shown of it."""

import hashlib
import io
import json
import shutil
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench.tasks import tasks
from tipboard.rounds.audit import audit, read_scores, rescored
from tipboard.rounds.folds import blank_answers
from tipboard.rounds.host import read_answers
from tipboard.rounds.intake import take_in, void_entry
from tipboard.rounds.ledger import read_ledger, same_team
from tipboard.rounds.record import read_round
from tipboard.rounds.reveal import reveal
from tipboard.rounds.scores import Scores
from tipboard.rounds.scoring import score_round
from tipboard.rounds.submissions import published_truth, read_submission
from tipboard.submissions.check import check
from tipboard.submissions.messages import Refused
from tipboard.submissions.pack import Authorship, Gathered, Prediction, pack
from tipcore.errors import UsageError

OPEN, LAST = datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)
OVER = datetime(2026, 7, 1, tzinfo=UTC)


def submission(
    host: Any, folder: Path, seed: int = 0, team: str = "team-a", task: str = "advert_risk"
) -> Path:
    """A submission of chance scores."""
    units = pl.read_parquet(host.public / "units" / f"{task}.parquet")
    score = np.random.default_rng(seed).random(units.height)
    return packed(host, folder, task, units.with_columns(score=pl.Series(score)), team)


def packed(host: Any, folder: Path, task: str, predictions: pl.DataFrame, team: str = "team-a") -> Path:
    """A submission as authors pack it."""
    name = f"round/{host.round.name}"
    read = partial(lambda frame: frame, predictions)
    one = Prediction(task, "sealed", 0, tasks()[task].labels[0], "public", None, read, "here")
    about = Authorship(
        team=team, summary="Guesses.", authors=[("A. Author", None)], method="chance", hardware="none"
    )
    pack(Gathered(name, [one], version=host.round.data), about, folder)
    return folder


def altered(folder: Path, frame: pl.DataFrame | None = None, content: bytes = b"") -> None:
    """Put other predictions, or other bytes, in the place of a submission's, with their digest and rows."""
    path = folder / "advert_risk" / "sealed" / "s0.parquet"
    if frame is not None:
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        content = buffer.getvalue()
    path.write_bytes(content)
    record = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    record["predictions"][0]["digest"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    record["predictions"][0]["rows"] = 1 if frame is None else frame.height
    (folder / "submission.json").write_text(json.dumps(record), encoding="utf-8")


def refused(host: Any, folder: Path, now: datetime = OPEN, team: str | None = None) -> str:
    before = read_ledger(host.secret)
    with pytest.raises((UsageError, Refused)) as said:
        take_in(host.secret, [folder], now, team)
    assert read_ledger(host.secret) == before
    return str(said.value)


def test_a_team_has_three_submissions_whatever_its_spelling(copy: Any, tmp_path: Path) -> None:
    spelt = ("Team A", " team  a", "TEAM A")
    for turn, team in enumerate(spelt, 1):
        _, (done,) = take_in(copy.secret, [submission(copy, tmp_path / f"s{turn}", turn)], OPEN, team)
        assert done.turn == turn
    assert "3 of 3" in refused(copy, submission(copy, tmp_path / "s4", 4), team="Team A")
    _, (other,) = take_in(copy.secret, [submission(copy, tmp_path / "b", 9, "team-b")], OPEN)
    assert other.turn == 1
    assert len({same_team(team) for team in spelt}) == 1


def test_the_same_files_are_not_counted_twice(copy: Any, tmp_path: Path) -> None:
    one = submission(copy, tmp_path / "one")
    take_in(copy.secret, [one], OPEN)
    assert "nothing was counted" in refused(copy, one)


def test_two_hands_at_once_cannot_both_be_the_third(copy: Any, tmp_path: Path) -> None:
    folders = [submission(copy, tmp_path / f"s{n}", n) for n in range(6)]
    outcomes: list[str] = []

    def hand_in(folder: Path) -> None:
        try:
            take_in(copy.secret, [folder], OPEN)
            outcomes.append("in")
        except UsageError:
            outcomes.append("refused")

    threads = [threading.Thread(target=hand_in, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in"] * 3 + ["refused"] * 3
    assert [entry.turn for entry in read_ledger(copy.secret).entries] == [1, 2, 3]


def test_the_last_second_is_in_time_and_the_next_is_not(copy: Any, tmp_path: Path) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a", 1)], LAST)
    assert "closed on 2026-06-30" in refused(copy, submission(copy, tmp_path / "b", 2), OVER)


def test_no_score_is_shown_before_the_close(copy: Any, tmp_path: Path) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    with pytest.raises(UsageError, match="open until the end of 2026-06-30"):
        score_round(copy.secret, LAST)
    assert not (copy.public / "scores.json").exists()


def test_all_submissions_are_shown_with_three_decimals_and_the_last_counts(copy: Any, tmp_path: Path) -> None:
    for seed in (1, 2):
        take_in(copy.secret, [submission(copy, tmp_path / f"a{seed}", seed)], OPEN)
    shutil.rmtree(tmp_path / "a1")  # the host has copies
    shown, path = score_round(copy.secret, OVER)
    assert path == copy.public / "scores.json"
    assert Scores.model_validate_json(path.read_bytes()) == shown
    assert [entry.counts for entry in shown.entries] == [[], ["advert_risk"]]
    assert shown.commitment == copy.round.commitment
    metrics = shown.entries[0].scores["advert_risk"]["s0"]
    assert set(metrics) >= {"average_precision", "auroc", "harm_gap", "false_accusations_per_unit"} - {
        "false_accusations_per_unit"
    }
    for one in metrics.values():
        for value in (one.value, one.low, one.high):
            assert value is None or value == round(value, 3)
    auroc = metrics["auroc"].value
    assert auroc is not None
    assert abs(auroc - 0.5) < 0.1


def test_a_revealed_round_takes_nothing_and_scores_nothing(copy: Any, tmp_path: Path) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    with pytest.raises(UsageError, match="not scored"):
        reveal(copy.secret, OVER)
    score_round(copy.secret, OVER)
    reveal(copy.secret, OVER)
    with pytest.raises(UsageError, match="retired"):
        score_round(copy.secret, OVER)
    assert "retired" in refused(copy, submission(copy, tmp_path / "b", 2), LAST)


def test_answers_that_the_host_lost_are_to_be_restored(copy: Any) -> None:
    path = copy.secret / "answers" / "advert_risk.parquet"
    path.unlink()
    with pytest.raises(
        UsageError, match=r"answers/advert_risk\.parquet is missing: restore the host's folder"
    ):
        read_answers(copy.secret, "advert_risk")


def test_a_round_without_submissions_has_nothing_to_score(copy: Any) -> None:
    with pytest.raises(UsageError, match="nothing to score"):
        score_round(copy.secret, OVER)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "1 missing"),
        ("extra", "1 extra"),
        ("nan", "NaN"),
        ("text", "not a whole parquet file"),
        ("no_file", "is listed in submission.json and not there"),
        ("link", "is a symbolic link"),
        ("stray", "no file of that name may be there"),
        ("round", "it is round/autumn-2026 and this is round/spring-2026"),
        ("release", "a sealed round has sealed"),
    ],
)
def test_a_malformed_submission_does_not_count(copy: Any, tmp_path: Path, kind: str, said: str) -> None:
    folder = submission(copy, tmp_path / "sub")
    path = folder / "advert_risk" / "sealed" / "s0.parquet"
    frame = pl.read_parquet(path)
    record = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    if kind == "missing":
        altered(folder, frame.head(-1))
    elif kind == "extra":
        altered(folder, pl.concat([frame, frame.head(1).with_columns(pl.lit(5, pl.Int64).alias("advert"))]))
    elif kind == "nan":
        altered(folder, frame.with_columns(score=pl.lit(float("nan"))))
    elif kind == "text":
        altered(folder, content=b"advert,score")
    elif kind == "no_file":
        path.unlink()
    elif kind == "link":
        shutil.move(path, tmp_path / "real.parquet")
        path.symlink_to(tmp_path / "real.parquet")
    elif kind == "stray":
        (folder / "model.pkl").write_text("x", encoding="utf-8")
    elif kind == "round":
        (folder / "submission.json").write_text(
            json.dumps({**record, "data": "round/autumn-2026"}), encoding="utf-8"
        )
    elif kind == "release":
        (folder / "submission.json").write_text(
            json.dumps({**record, "data": "0.4.0/tiny"}), encoding="utf-8"
        )
    found = refused(copy, folder)
    assert said in found, found


def test_a_task_that_the_round_does_not_have_is_refused(copy: Any, tmp_path: Path) -> None:
    described = copy.round.model_copy(update={"tasks": ["advert_risk"]})
    folder = submission(copy, tmp_path / "s", task="supplier_risk")
    with pytest.raises(Refused, match="supplier_risk is not a task of the round: it has advert_risk"):
        read_submission(folder, described, lambda task: read_answers(copy.secret, task), tmp_path)


def test_authors_check_a_submission_against_the_published_units_without_the_secret(
    copy: Any, tmp_path: Path
) -> None:
    shutil.rmtree(copy.secret)
    folder = submission(copy, tmp_path / "s")
    [one] = check(folder, truth=published_truth(copy.public), quiet=True).scored
    assert one.result.scores["average_precision"].value is None
    assert one.result.scores["average_precision"].note == "sealed: scored at close"
    altered(folder, pl.read_parquet(folder / one.entry.file).head(-1))
    with pytest.raises(Refused, match="1 missing"):
        check(folder, truth=published_truth(copy.public), quiet=True)


@pytest.mark.parametrize("name", sorted(tasks()))
def test_keys_of_every_task_can_be_checked_without_the_secret(host: Any, name: str) -> None:
    blank, true = blank_answers(name, host.public), read_answers(host.secret, name)
    assert blank.frame[blank.unit].sort().equals(true.frame[true.unit].sort())
    assert blank.label_names == true.label_names
    assert blank.kind == true.kind


def test_an_alarm_beyond_the_prefix_is_refused(copy: Any, tmp_path: Path) -> None:
    units = pl.read_parquet(copy.public / "units" / "recruitment_onset.parquet")
    late = units.with_columns(step=pl.lit(9, pl.Int32))
    assert "beyond 8" in refused(copy, packed(copy, tmp_path / "late", "recruitment_onset", late))
    last = units.with_columns(step=pl.lit(8, pl.Int32))
    take_in(copy.secret, [packed(copy, tmp_path / "last", "recruitment_onset", last)], OPEN)


def test_a_folder_that_is_no_submission_is_refused(copy: Any, tmp_path: Path) -> None:
    assert "is not a folder of a submission" in refused(copy, tmp_path / "nowhere")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "submission.json").write_text("[]", encoding="utf-8")
    assert "submission.json" in refused(copy, tmp_path / "s")


def test_the_last_submission_of_each_task_counts(copy: Any, tmp_path: Path) -> None:
    for turn, task in enumerate(("advert_risk", "supplier_risk", "supplier_risk")):
        take_in(copy.secret, [submission(copy, tmp_path / str(turn), turn, task=task)], OPEN)
    shown, _ = score_round(copy.secret, OVER)
    assert [entry.counts for entry in shown.entries] == [["advert_risk"], [], ["supplier_risk"]]


@pytest.mark.parametrize("name", ["estimate", "lower", "upper"])
def test_no_absurd_number_is_taken_in(copy: Any, tmp_path: Path, name: str) -> None:
    units = pl.read_parquet(copy.public / "units" / "intervention_effect.parquet")
    ends = {"estimate": 0.0, "lower": -1.0, "upper": 1.0, name: -1.7e308 if name == "lower" else 1.7e308}
    absurd = units.with_columns(**{column: pl.lit(value) for column, value in ends.items()})
    assert f"values of {name} are outside" in refused(
        copy, packed(copy, tmp_path / "s", "intervention_effect", absurd)
    )


def test_what_could_not_be_scored_at_the_close_is_refused_when_it_is_handed_in(
    copy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise OverflowError("intermediate overflow in fsum")

    monkeypatch.setattr("tipboard.rounds.scores.score_predictions", fails)
    said = refused(copy, submission(copy, tmp_path / "s"))
    assert "advert_risk/sealed/s0.parquet: its values give no finite scores (OverflowError)." in said


def test_an_entry_that_cannot_be_scored_stops_no_other(
    copy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for turn, team in enumerate(("bad", "good"), 1):
        take_in(copy.secret, [submission(copy, tmp_path / team, turn, team)], OPEN)
    from tipboard.rounds import scores as module

    score, calls = module.score_predictions, []

    def fails_first(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 1:
            raise OverflowError("intermediate overflow in fsum")
        return score(*given)

    monkeypatch.setattr(module, "score_predictions", fails_first)
    shown, _ = score_round(copy.secret, OVER)
    assert [(entry.note, sorted(entry.scores), entry.counts) for entry in shown.entries] == [
        ("could not be scored (OverflowError)", [], []),
        (None, ["advert_risk"], ["advert_risk"]),
    ]
    reveal(copy.secret, OVER)


def test_nothing_is_taken_in_once_a_round_is_scored_even_where_the_clock_is_back(
    copy: Any, tmp_path: Path
) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)
    score_round(copy.secret, OVER)
    assert "was scored on 2026-07-01" in refused(copy, submission(copy, tmp_path / "b", 2), OPEN)


def test_a_void_entry_says_why_and_the_one_before_it_counts(copy: Any, tmp_path: Path) -> None:
    for turn in (1, 2):
        take_in(copy.secret, [submission(copy, tmp_path / f"a{turn}", turn)], OPEN)
    void_entry(copy.secret, 2, " Withdrawn by its authors. ", OPEN)
    shown, _ = score_round(copy.secret, OVER)
    assert [(entry.note, entry.counts) for entry in shown.entries] == [
        (None, ["advert_risk"]),
        ("void: Withdrawn by its authors.", []),
    ]
    for number, reason, said in ((3, "x", "has no submission 3: it has 1 to 2"), (1, " ", "says nothing")):
        with pytest.raises(UsageError, match=said):
            void_entry(copy.secret, number, reason, OPEN)
    reveal(copy.secret, OVER)
    with pytest.raises(UsageError, match="retired"):
        void_entry(copy.secret, 1, "late", OPEN)


def test_what_was_handed_in_keeps_its_own_digest(copy: Any, tmp_path: Path) -> None:
    folder = submission(copy, tmp_path / "a")
    altered(folder, pl.read_parquet(folder / "advert_risk/sealed/s0.parquet").reverse())
    take_in(copy.secret, [folder], OPEN)
    given = hashlib.sha256((folder / "advert_risk/sealed/s0.parquet").read_bytes()).hexdigest()
    shown, _ = score_round(copy.secret, OVER)
    assert shown.entries[0].files == {"advert_risk/sealed/s0.parquet": f"sha256:{given}"}


def _three(copy: Any, tmp_path: Path) -> Path:
    for turn, team in enumerate(("team-a", "team-b", "team-c"), 1):
        take_in(copy.secret, [submission(copy, tmp_path / team, turn, team)], OPEN)
    void_entry(copy.secret, 3, "Withdrawn.", OPEN)
    score_round(copy.secret, OVER)
    return reveal(copy.secret, OVER)[1]


def score_differences(public: Path) -> list[str]:
    described, scores = read_round(public), read_scores(public)
    assert scores is not None
    return list(dict.fromkeys(audit(scores, described) + rescored(public, scores, described)))


def _rewritten(public: Path, change: Any) -> list[str]:
    path = public / "scores.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content["entries"])
    path.write_text(json.dumps(content), encoding="utf-8")
    return score_differences(public)


def test_scores_of_a_revealed_round_can_be_computed_by_anyone(copy: Any, tmp_path: Path) -> None:
    public = _three(copy, tmp_path)
    assert score_differences(public) == []

    def lie(entries: Any) -> None:
        entries[0]["scores"]["advert_risk"]["s0"]["average_precision"]["value"] = 0.999

    said = "scores.json: the scores of submission 1 are not those of predictions/1"
    assert _rewritten(public, lie) == [said]


def test_a_dropped_entry_and_other_predictions_are_named(copy: Any, tmp_path: Path) -> None:
    public = _three(copy, tmp_path)
    path = public / "predictions/2/advert_risk/sealed/s0.parquet"
    pl.read_parquet(path).with_columns(score=pl.lit(0.5)).write_parquet(path)
    said = "predictions/2/advert_risk/sealed/s0.parquet: is not what scores.json says was scored"
    assert score_differences(public) == [said]
    path.unlink()
    assert score_differences(public) == [
        said.replace("is not what scores.json says was scored", "is missing")
    ]
    assert _rewritten(public, lambda entries: entries.pop(1)) == ["scores.json: lacks submission 2"]
