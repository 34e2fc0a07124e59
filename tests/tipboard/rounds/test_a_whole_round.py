"""A round from its making to a stranger's verification: three honest teams, a void entry, and one that means harm.

All is done on the command line, in the order of the story; each test is a claim about what was said and kept.
"""

import contextlib
import html
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.cli import main
from tipboard.commands import seal
from tipboard.rounds import new, scores
from tipboard.rounds.chain import link_hash
from tipdata.release import Release

TASKS = ("flag_aggregation", "prevalence")
HONEST = {
    "lab-a": ("prevalence/chao_lower", "flag_aggregation/majority"),
    "lab-b": ("prevalence/independence", "flag_aggregation/dawid_skene"),
    "lab-c": ("flag_aggregation/weighted_majority",),
}
"""By team, its methods."""
FLAGS, ESTIMATES = "flag_aggregation/sealed/s0.parquet", "prevalence/sealed/s0.parquet"
LABELS = "truth"
REASON = "Made with the labels of another team's <b>queue</b>."
LATE = "A copy of lab-a's."
ENDS = ("estimate", "lower", "upper")
OPEN, OVER = "2026-06-10", "2026-07-01"
REGIONS = 2
"""Of the round, which is made six times."""


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


@dataclass
class Story:
    """The place of the round, and by name what was said and what was kept at a time."""

    place: Path
    patched: pytest.MonkeyPatch
    said: dict[str, Said] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def public(self) -> Path:
        return self.place / "public"

    def day(self, text: str) -> None:
        self.patched.setattr(seal, "now", lambda: datetime.fromisoformat(f"{text}T12:00:00+00:00"))

    def run(self, name: str, *words: str, code: int | None = 0) -> Said:
        """Run a command and keep what it says under a name; it ends with this code, if one is expected."""
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            found = main(list(words))
        said = Said(found, *(self._text(one) for one in (out, err)))
        assert code in (None, found), said
        self.said[name] = said
        return said

    @staticmethod
    def _text(stream: Any) -> str:
        stream.flush()
        return stream.buffer.getvalue().decode("utf-8")

    def pack(self, team: str, files: dict[str, Path]) -> None:
        """Pack files of predictions, by task, into a folder of the team's name."""
        words = [f"{task}/sealed/s0={path}" for task, path in files.items()]
        about = (f"team={team}", "method=ours", "summary=A method.", "authors=A. Author")
        declared = (f"labels={LABELS}", "access=platform", "hardware=a laptop", "round=public")
        asked = ("--to", team, "overwrite=true", "check=false")
        self.run(f"pack {team}", "submit", *words, *about, *declared, *asked)

    def give(self, team: str, name: str | None = None, code: int = 0) -> Said:
        return self.run(name or f"give {team}", "seal", "score", "secret", team, code=code)

    def ledger(self) -> list[dict[str, Any]]:
        path = self.place / "secret" / "ledger.json"
        return json.loads(path.read_text(encoding="utf-8"))["entries"] if path.is_file() else []


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Iterator[Story]:
    with pytest.MonkeyPatch.context() as patched:
        story = Story(tmp_path_factory.mktemp("round"), patched)
        patched.chdir(story.place)
        patched.setattr(new, "sizes", lambda: {"tiny": REGIONS})
        story.day("2026-06-01")
        asked = (
            "release=tiny",
            "closes=2026-06-30",
            "--secret",
            "secret",
            "--to",
            "public",
            "engine.workers=1",
        )
        story.run("new", "seal", "new", "spring", *asked, *TASKS)
        story.run("verify before", "seal", "verify", "public", "engine.workers=1")
        story.day(OPEN)
        _honest_teams_hand_in(story)
        _the_host_voids_one(story)
        _harm_is_meant(story)
        story.run("score before", "seal", "score", "secret", code=2)
        story.day(OVER)
        _the_round_ends(story)
        yield story


def _predicted(story: Story, method: str) -> Path:
    to = story.place / f"{method.replace('/', '-')}.parquet"
    if not to.exists():
        labels = "none" if method.startswith("prevalence") else LABELS  # whose default split gives no labels
        words = (f"baseline={method}", "release=tiny", f"labels={labels}", "--to", str(to))
        story.run(f"predict {method}", "seal", "predict", "public", *words)
    return to


def _honest_teams_hand_in(story: Story) -> None:
    for team, methods in HONEST.items():
        story.pack(team, {method.partition("/")[0]: _predicted(story, method) for method in methods})
        story.run(f"check {team}", "submit", team, "round=public")
        story.give(team)


def _the_host_voids_one(story: Story) -> None:
    story.pack("lab-d", {"flag_aggregation": _predicted(story, "flag_aggregation/majority")})
    story.give("lab-d")
    story.run("void", "seal", "score", "secret", "void=4", f"reason={REASON}")


def _harm_is_meant(story: Story) -> None:
    """Mallory: what is refused and counts for nothing; what is taken in and then swapped; what fails at the close."""
    honest = {
        "flag_aggregation": _predicted(story, "flag_aggregation/majority"),
        "prevalence": _predicted(story, "prevalence/chao_lower"),
    }
    flags, estimates = (pl.read_parquet(path) for path in honest.values())
    attempts = {
        "scores of 1.7e308": flags.with_columns(score=pl.lit(1.7e308)),
        "scores of -1.7e308": flags.with_columns(score=pl.lit(-1.7e308)),
        "a unit left out": flags.head(-1),
        "five million rows": flags.head(1).select(pl.all().repeat_by(4_999_999).explode()),
        "estimates of 1.7e308": estimates.with_columns(pl.lit(1.7e308).alias(name) for name in ENDS),
    }
    before, harm = story.ledger(), story.place / "harm.parquet"
    for name, frame in attempts.items():
        frame.write_parquet(harm)
        story.pack("mallory", {"flag_aggregation" if "score" in frame.columns else "prevalence": harm})
        story.give("mallory", name, code=1)
    story.pack("mallory", {"flag_aggregation": honest["flag_aggregation"]})
    file = story.place / "mallory" / FLAGS
    whole = file.read_bytes()
    file.unlink()
    file.symlink_to(story.place / "secret" / "answers" / "flag_aggregation.parquet")
    story.give("mallory", "a link to the answers", code=1)
    file.unlink()
    file.write_bytes(whole)
    with pytest.MonkeyPatch.context() as failing:
        failing.setattr(scores, "score_predictions", _overflow)
        story.give("mallory", "what would fail at the close", code=1)
    story.kept["ledger"] = before, story.ledger()
    story.give("mallory", "taken in")
    file.write_bytes(harm.read_bytes())  # too late: the host has a copy
    estimates.with_columns(pl.col(name) * 2 for name in ENDS).write_parquet(harm)
    story.pack("mallory", {"prevalence": harm})
    story.give("mallory", "taken in again")


def _overflow(*_: Any) -> Any:
    raise OverflowError("intermediate overflow in fsum")


def _the_round_ends(story: Story) -> None:
    kept = story.place / "secret" / "submissions" / "5" / FLAGS
    whole = kept.read_bytes()
    shutil.copy(story.place / "lab-c" / FLAGS, kept)
    story.run("a copy that was swapped", "seal", "score", "secret", code=2)
    story.kept["published"] = (story.public / "scores.json").exists()
    kept.write_bytes(whole)
    with pytest.MonkeyPatch.context() as failing:
        failing.setattr(
            scores, "score_predictions", _failing_for(pl.read_parquet(story.place / "harm.parquet"))
        )
        story.run("score", "seal", "score", "secret")
    story.kept["scores"] = (story.public / "scores.json").read_bytes()
    story.run("void late", "seal", "score", "secret", "void=5", f"reason={LATE}")
    story.run("score again", "seal", "score", "secret")  # where it does not fail
    story.day(OPEN)
    story.pack("lab-e", {"prevalence": _predicted(story, "prevalence/independence")})
    story.give("lab-e", "late", code=2)
    story.day(OVER)
    story.run("reveal", "seal", "score", "secret", "reveal=true")
    story.give("lab-e", "after the reveal", code=2)
    story.run("void after the reveal", "seal", "score", "secret", "void=1", "reason=Late.", code=2)
    story.run("verify", "seal", "verify", "public", "engine.workers=1")


def _failing_for(predictions: pl.DataFrame) -> Callable[..., Any]:
    """Score all but these predictions, which are as those that no metric can hold."""
    score = scores.score_predictions

    def scored(task: Any, answers: Any, given: pl.DataFrame) -> Any:
        return _overflow() if given.equals(predictions) else score(task, answers, given)

    return scored


def published(story: Story) -> scores.Scores:
    return scores.Scores.model_validate_json((story.public / "scores.json").read_bytes())


def entries(story: Story) -> dict[int, dict[str, Any]]:
    """What ``scores.json`` had at first, by number."""
    content = json.loads(story.kept["scores"])
    return {entry["number"]: entry for entry in content["entries"]}


def test_a_round_is_verified_by_anyone_before_it_closes(story: Story) -> None:
    commitment = json.loads((story.public / "round.json").read_text(encoding="utf-8"))["commitment"]
    assert commitment in story.said["new"].out
    assert "(sealed): every file and column is as published" in story.said["verify before"].out


@pytest.mark.parametrize("team", HONEST)
def test_an_honest_team_is_told_of_no_score_before_the_close(story: Story, team: str) -> None:
    said = story.said[f"give {team}"].out
    assert (
        said.splitlines()[0]
        == f"{team}: taken in as submission 1 of 3 by {team}; scores are shown after the close on 2026-06-30"
    )
    receipt = said.splitlines()[1].removeprefix(
        "receipt for the team, and head of the chain until the next: "
    )
    assert receipt in {link_hash(link) for link in published(story).chain}
    assert "sealed: scored at close" in story.said[f"check {team}"].out
    assert "is open until the end of 2026-06-30" in story.said["score before"].err


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        ("scores of 1.7e308", "values of score are outside -1e+30 to 1e+30"),
        ("scores of -1.7e308", "values of score are outside -1e+30 to 1e+30"),
        ("estimates of 1.7e308", "values of estimate are outside -1e+15 to 1e+15"),
        ("a unit left out", "1 missing"),
        ("five million rows", "its footer declares 4,999,999 rows and at most"),
        ("a link to the answers", "it is a symbolic link; put the file itself there"),
        ("what would fail at the close", "its values give no finite scores (OverflowError)"),
    ],
)
def test_what_is_meant_to_harm_is_refused_by_its_name_and_counts_for_nothing(
    story: Story, attempt: str, said: str
) -> None:
    refused = story.said[attempt]
    first, second = refused.err.splitlines()
    assert (refused.out, first) == ("", "tipbench: mallory is refused:")
    assert said in second
    assert second.startswith(f"  {ESTIMATES if attempt.startswith('estimates') else FLAGS}: ")
    before, after = story.kept["ledger"]
    assert before == after


def test_what_is_put_in_the_place_of_a_file_after_it_was_taken_in_changes_nothing(story: Story) -> None:
    assert story.said["taken in"].out.startswith("mallory: taken in as submission 1 of 3")
    fifth, majority = entries(story)[5], entries(story)[1]
    assert fifth["scores"]["flag_aggregation"] == majority["scores"]["flag_aggregation"]
    assert fifth["files"][FLAGS] == majority["files"][FLAGS]


def test_a_copy_of_the_hosts_that_was_swapped_is_named_and_nothing_is_published(story: Story) -> None:
    said = story.said["a copy that was swapped"]
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.endswith(
        f"submissions/5/{FLAGS} is damaged, since it is not the file that was written: restore the host's folder.\n"
    )
    assert not story.kept["published"]


def test_every_entry_has_its_scores_or_says_why_it_has_none(story: Story) -> None:
    found = {
        number: (entry["team"], entry["note"], entry["counts"]) for number, entry in entries(story).items()
    }
    assert found == {
        1: ("lab-a", None, ["flag_aggregation", "prevalence"]),
        2: ("lab-b", None, ["flag_aggregation", "prevalence"]),
        3: ("lab-c", None, ["flag_aggregation"]),
        4: ("lab-d", f"void: {REASON}", []),
        5: ("mallory", None, ["flag_aggregation"]),
        6: ("mallory", "could not be scored (OverflowError)", []),
    }
    said = story.said["score"]
    assert f"submission 4 of lab-d has no scores: void: {REASON}" in said.err
    assert "submission 6 of mallory has no scores: could not be scored (OverflowError)" in said.err
    rows = [line.split() for line in said.out.splitlines()]
    assert sum(row[:1] == ["lab-a"] for row in rows) == 2
    assert not any(row[:1] == ["lab-d"] for row in rows)


def test_nothing_is_taken_in_once_the_round_is_scored_whatever_the_clock_says(story: Story) -> None:
    assert (
        "round spring was scored on 2026-07-01: no submission is taken in any more" in story.said["late"].err
    )
    assert "closed on 2026-06-30" in story.said["after the reveal"].err
    assert "is retired" in story.said["void after the reveal"].err
    assert [entry["team"] for entry in story.ledger()] == [
        "lab-a",
        "lab-b",
        "lab-c",
        "lab-d",
        "mallory",
        "mallory",
    ]


def test_verifying_makes_the_round_again_and_scores_every_entry_again(story: Story, tmp_path: Path) -> None:
    assert "(revealed): the seed matches the commitment" in story.said["verify"].out
    altered = tmp_path / "altered"
    shutil.copytree(story.public, altered)
    content = json.loads((altered / "scores.json").read_text(encoding="utf-8"))
    metrics = content["entries"][1]["scores"]["prevalence"]["s0"]
    metrics[next(iter(metrics))]["value"] = 0.001
    (altered / "scores.json").write_text(json.dumps(content), encoding="utf-8")
    content["entries"][5] |= {"note": "could not be scored (OverflowError)", "scores": {}, "counts": []}
    (altered / "scores.json").write_text(json.dumps(content), encoding="utf-8")
    said = story.run("verify a lie", "seal", "verify", str(altered), "engine.workers=1", code=1)
    assert said.out.splitlines() == [
        "differs: scores.json: the scores of submission 2 are not those of predictions/2",
        "differs: scores.json: submission 6 can be scored, which is not what its note says",
    ]


def test_another_person_verifies_it_in_an_empty_home(story: Story, tmp_path: Path) -> None:
    shutil.copytree(story.public, tmp_path / "theirs")
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "TIPBENCH_HOME": str(home)}
    words = [sys.executable, "-m", "tipbench", "seal", "verify", "theirs", "engine.workers=1", "--quiet"]
    run = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == story.said["verify"].out


def test_the_page_shows_everyone_the_reason_of_a_void_entry(story: Story) -> None:
    story.run("run", "run", "baseline=prevalence/chao_lower", "release=tiny", "replicates=20", "--quiet")
    story.run("results", "board", "add", "runs=runs/0.4.0/tiny", "--to", "results")
    story.run("keep", "board", "add", "round=public", "--to", "results")
    story.run("build", "board", "build", "results=results", "--to", "site")
    page = (story.place / "site" / "rounds" / "spring.html").read_text(encoding="utf-8")
    assert f"void: {html.escape(REASON)}" in page.replace("&#39;", "&#x27;")
    late = f"void on {OVER}, after the close, when scores could be known: {LATE}"
    assert html.escape(late) in page.replace("&#39;", "&#x27;")
    assert REASON not in page
