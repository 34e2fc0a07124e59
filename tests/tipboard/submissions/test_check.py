"""What an accepted submission scores, and that all that is wrong with another is said at once."""

import json
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from mutated_case import CLUSTERS, ESTIMATES, SCORES, Mutant, arrow_file, parquet
from tipbench.loading import prepare
from tipbench.runs.scoring import UNVERIFIED, evaluate
from tipbench.tasks import task_of
from tipboard.submissions.check import UNDECLARED, SubmissionTruth, check, release_truth
from tipboard.submissions.folder import ABSENT
from tipboard.submissions.messages import MOST_LINES, Refused, problem_list
from tipboard.submissions.record import SubmissionRecord
from tipcore.errors import CheckFailed, UsageError
from tipdata.release import Release

pytestmark = pytest.mark.usefixtures("in_process")
AT_THRESHOLDS = {"harm_gap", "protection_gap", "ppv_0.1pct", "ppv_1pct", "ppv_5pct", "ppv_30pct"}
"""Metrics at a threshold, which of a submission is fixed on its test part."""


def problems(case: Mutant, **options: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        check(case.folder, replicates=2, quiet=True, **options)
    return refused.value.problems


def test_a_submission_scores_as_its_files_do_by_themselves_and_comes_with_its_evaluation(
    honest: Path,
) -> None:
    """With as many replicates, where nobody says how many."""
    checked = check(honest, quiet=True)
    assert [one.entry.file for one in checked.scored] == [ESTIMATES, SCORES, CLUSTERS]
    for one in checked.scored:
        frame = pl.read_parquet(honest / one.entry.file)
        own = evaluate(one.entry.task, frame, "0.5.0/tiny", one.entry.split)
        for name, score in own.scores.items():
            found = one.result.scores[name]
            if name in AT_THRESHOLDS:
                continue
            assert (found.value, found.low, found.high) == (score.value, score.low, score.high)
        value = one.result.scores[one.result.primary].value
        assert one.evaluation.primary_draws is not None
        assert one.evaluation.scores[one.result.primary].value == one.evaluation.primary_draws.value == value


def test_scores_that_an_author_makes_for_valid_move_no_threshold(case: Mutant) -> None:
    before = check(case.folder, replicates=2, quiet=True).scored[1].result
    path = case.folder / SCORES
    frame = pl.read_parquet(path)
    truth = prepare(before.task, release="0.5.0/tiny", split=before.split).answers.frame
    valid = frame.join(truth.filter(part="valid"), on=truth.columns[0], how="semi")[truth.columns[0]]
    made_for_it = pl.when(pl.col(truth.columns[0]).is_in(valid.implode())).then(1.0).otherwise("score")
    case.write_frame(frame.with_columns(made_for_it.cast(frame.schema["score"]).alias("score")), SCORES)
    case.write_record()
    after = check(case.folder, replicates=2, quiet=True).scored[1].result
    assert after.predictions.digest != before.predictions.digest
    assert (after.curves["operating_points"], after.groups) == (
        before.curves["operating_points"],
        before.groups,
    )
    assert {n: after.scores[n] for n in AT_THRESHOLDS} == {n: before.scores[n] for n in AT_THRESHOLDS}


def test_a_result_says_that_nothing_was_enforced_and_what_the_author_declared(honest: Path) -> None:
    first, *_ = check(honest, replicates=2, quiet=True).scored
    result = first.result
    assert (result.verified, result.oracle_method) == (False, False)
    assert (result.method, result.config, result.config_hash) == ("prevalence/mine", {}, "")
    assert result.versions.model_dump() == {"data": "0.5.0", "evaluator": 2, "method": UNDECLARED}
    assert (result.cost.fit_s, result.cost.predict_s, result.environment) == (
        1.0,
        None,
        {"hardware": "2 cores"},
    )
    assert result.seconds is None
    assert first.predictions is None
    assert json.loads(result.to_json())["verified"] is False


def test_the_version_of_the_method_is_what_is_pinned(case: Mutant) -> None:
    case.record["pinned"] = {"package": "x==1", "overrides": {}}
    case.write_record()
    assert check(case.folder, replicates=2, quiet=True).scored[0].result.versions.method == "x==1"


def test_clean_predictions_stay_where_the_caller_wants_them(honest: Path, tmp_path: Path) -> None:
    from tipbench.runs.results import digest_of

    for one in check(honest, replicates=2, workdir=tmp_path, quiet=True).scored:
        assert one.predictions is not None
        assert one.predictions.parent == tmp_path
        assert digest_of(one.predictions.read_bytes()) == one.result.predictions.digest
        assert pl.read_parquet(one.predictions).equals(pl.read_parquet(honest / one.entry.file))


def test_a_fold_is_prepared_once_for_all_its_seeds(case: Mutant, tiny: Release) -> None:
    content = case.path().read_bytes()
    for seed in (1, 2):
        file = f"prevalence/all/s{seed}.parquet"
        (case.folder / file).write_bytes(content)
        case.record["predictions"].append({**case.entry(), "seed": seed, "file": file})
    case.write_record()
    asked = []

    def truth(record: SubmissionRecord) -> SubmissionTruth:
        def prepared(task, split):
            asked.append((task.name, split))
            return prepare(task, release=tiny, split=split)

        return SubmissionTruth(prepared, release_truth(quiet=True)(record).units)

    assert len(check(case.folder, truth=truth, replicates=2, quiet=True).scored) == 5
    assert sorted(asked) == [
        ("advert_linkage", "forward"),
        ("flag_aggregation", "forward"),
        ("prevalence", "all"),
    ]


def test_a_submission_does_not_decide_what_a_machine_generates(
    case: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tipboard.submissions.check.open_release", lambda *_, **__: pytest.fail("it is generated")
    )
    case.record["data"] = "0.5.0/full"
    case.write_record()
    [said] = problems(case)
    assert said.startswith(
        "submission.json: data: 0.5.0/full is of size full and this check opens tiny, small, forms;"
    )
    assert problems(case, truth=release_truth(["tiny"]))[0].endswith("opens tiny; allow it with sizes=full.")


def test_streamed_tasks_stay_unverified(case: Mutant) -> None:
    answers = prepare("recruitment_onset", release="0.5.0/tiny", split="forward").answers
    frame = answers.frame.select("conversation", step=pl.lit(None, pl.Int32))
    file = "recruitment_onset/forward/s0.parquet"
    (case.folder / file).parent.mkdir(parents=True)
    entry = {**case.entry(), "task": "recruitment_onset", "split": "forward", "file": file, "labels": "truth"}
    entry["labels"] = task_of("recruitment_onset").labels[0]
    case.record["predictions"] = [*case.record["predictions"], entry]
    case.record["versions"]["tasks"]["recruitment_onset"] = task_of("recruitment_onset").version
    case.write(parquet(frame), file, frame.height)
    assert check(case.folder, replicates=2, quiet=True).scored[-1].result.warnings[0] == UNVERIFIED


def test_every_file_that_is_wrong_is_named_with_its_first_fault(case: Mutant) -> None:
    case.write_frame(case.frame().head(3))
    wrong = case.frame(SCORES).with_columns(score=pl.lit(float("nan"), pl.Float32))
    case.write_frame(wrong, SCORES)
    found = problems(case)
    assert [said.partition(":")[0] for said in found] == [ESTIMATES, SCORES]
    assert "5 missing" in found[0]
    assert f"{wrong.height} of {wrong.height} values of score are NaN" in found[1]


@pytest.mark.parametrize("file", [ESTIMATES, SCORES, CLUSTERS])
def test_far_more_rows_than_units_are_refused_before_they_are_decoded(
    case: Mutant, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few kilobytes can hold five million rows of one value, which took seconds to read, sort and name."""
    case.keep(file)
    frame = case.frame(file)
    case.write_frame(pl.concat([frame] * 2), file)
    assert "repeated" in problems(case)[0]
    rows = 4_999_999
    many = pl.select(pl.lit(frame[name][0]).repeat_by(rows).explode().alias(name) for name in frame.columns)
    case.write(arrow_file(many.to_arrow(), compression="zstd"), file, rows)
    assert case.path(file).stat().st_size < 100_000
    monkeypatch.setattr("tipboard.submissions.check._score_fold", None)
    assert re.fullmatch(
        rf"{file}: its footer declares 4,999,999 rows and at most [0-9,]+ are read\.", problems(case)[0]
    )


def test_values_without_finite_scores_are_a_refusal_and_no_traceback(
    case: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tipboard.submissions import check as module

    def overflow(*_: object, **__: object) -> None:
        raise OverflowError("too large\nto say")

    monkeypatch.setattr(module, "evaluate_prepared", overflow)
    assert problems(case)[0] == (
        f"{ESTIMATES}: its values give no finite scores (OverflowError: too large to say)."
    )


def test_a_refusal_is_a_failed_check_and_a_folder_that_is_not_there_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a folder of a submission"):
        check(tmp_path / "none")
    with pytest.raises(CheckFailed, match=r"submission\.json: it is not there"):
        check(tmp_path)


def test_a_record_that_cannot_be_read_is_one_problem_and_one_that_can_is_read_beside_others(
    case: Mutant, tmp_path: Path
) -> None:
    case.entry()["labels"] = "nothing"
    case.write_record()
    (case.folder / "notes.txt").write_text("x", encoding="utf-8")
    assert [said.partition(": ")[0] for said in problems(case)] == ["notes.txt", "submission.json"]
    (case.folder / "notes.txt").unlink()
    record = case.folder / "submission.json"
    record.rename(tmp_path / "elsewhere.json")
    assert problems(case) == [f"submission.json: {ABSENT}"]
    record.symlink_to(tmp_path / "elsewhere.json")
    assert problems(case) == ["submission.json: it is a symbolic link; put the file itself there."]


def test_many_problems_are_cut_to_a_page() -> None:
    lines = problem_list([f"f{number}: " + "x" * 40 for number in range(50)])
    assert len(lines) == MOST_LINES + 1
    assert lines[-1] == "  and 30 more."
    assert sum(map(len, problem_list(["f: " + "x" * 390] * 30))) <= 2_000


def test_tables_show_nothing_where_an_author_did_not_say_what_it_cost(case: Mutant) -> None:
    from tipbench.runs.report import NOTHING, rows, table
    from tipboard.board.columns import columns_with_text
    from tipboard.board.entries import Entry
    from tipboard.board.files import Board
    from tipboard.board.standings import standings

    case.entry()["cost"] = None
    case.write_record()
    results = [check(case.folder, replicates=2, quiet=True).scored[0].result]
    lines = rows(results)
    assert lines[0]["seconds"] is None
    assert table(lines, ["seconds"])[1] == [[NOTHING]]
    board = Board("0.5.0/tiny", [Entry("lab-a", "mine", results)])
    assert standings(board)[0][0]["cpu_s"] is None
    assert "CPU s" not in [column.title for column in columns_with_text(standings(board)[0])]


def test_scores_of_another_meaning_are_refused_by_task(case: Mutant) -> None:
    versions = case.record["versions"]
    first, second, *_ = sorted(versions["tasks"])
    versions["tasks"][first] += 1
    del versions["tasks"][second]
    case.write_record()
    assert problems(case) == [
        f"submission.json: versions: the scores of {first} are of version 3 and here of 2; pack it with this tipbench.",
        f"submission.json: versions: tasks does not list {second}; pack it again.",
    ]
