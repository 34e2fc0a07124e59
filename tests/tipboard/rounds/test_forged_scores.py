"""A published round whose ``scores.json`` was edited: each edit is named, and no board keeps what is cheap to see."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from handed_in import FILE, OPEN, OVER, fails, submission
from tipboard.board.rounds import keep_round, read_closed
from tipboard.rounds import scores as module
from tipboard.rounds import verify as verifying
from tipboard.rounds.audit import audit, read_scores, rescored
from tipboard.rounds.chain import link_hash
from tipboard.rounds.intake import take_in, void_entry
from tipboard.rounds.record import read_round
from tipboard.rounds.reveal import reveal
from tipboard.rounds.scoring import score_round
from tipboard.rounds.verify import Verified, verify
from tipboard.site.build import NOWHERE
from tipboard.site.round_page import round_page
from tipboard.site.sizes import size_of
from tipcore.errors import UsageError

TEAMS = ("team-a", "team-b", "team-a", "team-c")
Change = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class Over:
    """A revealed round of four submissions, the last of which is void, and the receipts that teams were given."""

    public: Path
    receipts: list[str]


@pytest.fixture(scope="module")
def revealed(host: Any, copied: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Over:
    place = tmp_path_factory.mktemp("over")
    copy = copied(place)
    public, secret = copy.public, copy.secret
    receipts = []
    for turn, team in enumerate(TEAMS):
        folder = submission(host, place / str(turn), turn, team)
        receipts.append(take_in(secret, [folder], OPEN)[1][0].receipt)
    receipts.append(link_hash(void_entry(secret, 4, "Withdrawn by <b>its</b> team.", OPEN)))
    score_round(secret, OVER)
    reveal(secret, OVER)
    return Over(public, receipts)


@pytest.fixture
def over(revealed: Over, tmp_path: Path) -> Over:
    shutil.copytree(revealed.public, tmp_path / "over")
    return Over(tmp_path / "over", revealed.receipts)


def edit(public: Path, change: Change) -> None:
    path = public / "scores.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def of(number: int, /, **changes: Any) -> Change:
    return lambda content: content["entries"][number - 1].update(changes)


def score_differences(public: Path) -> list[str]:
    described, scores = read_round(public), read_scores(public)
    assert scores is not None
    return list(dict.fromkeys(audit(scores, described) + rescored(public, scores, described)))


def both(*changes: Change) -> Change:
    return lambda content: [change(content) for change in changes]


def all_of_one_team(content: dict[str, Any]) -> None:
    for entry in content["entries"]:
        entry["team"] = "x"


def no_counts(content: dict[str, Any]) -> None:
    for entry in content["entries"]:
        entry["counts"] = []


AS_TAKEN_IN = "submission {} is not as the chain says that it was taken in"
COUNTS = "submission {} says that other tasks count than those of which it is the team's last"
CHEAP: dict[str, tuple[Change, str]] = {
    "a number is null": (of(1, number=None), "submission 1 has no number"),
    "a number beyond all bounds": (of(1, number=10**18), "lacks submission 1"),
    "moved": (lambda content: content["entries"].reverse(), "submissions are not in the order taken in"),
    "taken in at no zone's time": (of(2, taken_in="2026-06-02T00:00:00"), AS_TAKEN_IN.format(2)),
    "a copy outside": (
        of(2, kept={"../../../round.json": "x"}),
        "submission 2 does not say what was scored of each of its files",
    ),
    "the last is dropped": (lambda content: content["entries"].pop(), "lacks submission 4"),
    "another team": (of(2, team="mallory"), AS_TAKEN_IN.format(2)),
    "one team": (all_of_one_team, "submission 4 is one more than the 3 that a team has"),
    "turn": (of(3, turn=1), "submission 3 is turn 2 of team-a and not 1"),
    "access": (of(2, access="legal"), AS_TAKEN_IN.format(2)),
    "method": (of(2, method="ours"), AS_TAKEN_IN.format(2)),
    "taken in earlier": (of(2, taken_in="2026-06-01T23:00:00Z"), AS_TAKEN_IN.format(2)),
    "taken in late": (
        of(2, taken_in="2031-01-01T00:00:00Z"),
        "submission 2 was taken in on 2031-01-01, when the round was not open",
    ),
    "taken in at the end of the calendar": (
        of(2, taken_in="0001-01-01T00:00:00+14:00"),
        "submission 2 was taken in on 0001-01-01, when the round was not open",
    ),
    "all counts emptied": (no_counts, COUNTS.format(2)),
    "counts swapped": (both(of(1, counts=["advert_risk"]), of(3, counts=[])), COUNTS.format(1)),
    "scores and note": (of(2, note="failed"), "submission 2 has scores and a note why it has none"),
    "a note of one's own": (
        of(2, note="failed", scores={}, counts=[]),
        "submission 2 has a note that is none",
    ),
    "voided by its note": (
        of(2, note="void: x", scores={}, counts=[]),
        "submission 2 has a note that is none of a void one",
    ),
    "no scores": (of(2, scores={}, counts=[]), "submission 2 has not the scores of its files"),
    "void no more": (of(4, note=None), "submission 4 is void in the chain and not for that reason"),
    "another reason": (
        of(4, note="void: Fraud."),
        "submission 4 is void in the chain and not for that reason",
    ),
    "copies not named": (of(2, kept={}), "submission 2 does not say what was scored of each of its files"),
    "a file of no task": (
        of(2, files={"x/sealed/s0.parquet": "y"}),
        "names x/sealed/s0.parquet, which is no",
    ),
    "no chain": (lambda content: content.pop("chain"), "submission 1 is not in the chain"),
    "a link rewritten": (
        both(lambda content: content["chain"][0].update(team="x"), of(1, team="x")),
        "link 2 of the chain does not follow the one before",
    ),
    "the chain reordered": (
        lambda content: content["chain"].reverse(),
        "link 1 of the chain does not follow",
    ),
    "another round": (lambda content: content.update(commitment="0" * 64), "is of another round"),
}


@pytest.mark.parametrize("name", CHEAP)
def test_what_can_be_told_without_scoring_is_told_and_kept_by_no_board(
    over: Over, tmp_path: Path, name: str
) -> None:
    change, said = CHEAP[name]
    edit(over.public, change)
    scores = read_scores(over.public)
    assert scores is not None
    found = audit(scores, read_round(over.public))
    assert any(one.startswith("scores.json: ") and said in one for one in found), found
    with pytest.raises(UsageError, match=r"does not hold together|is of another round") as refused:
        keep_round(over.public, tmp_path / "results")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "results").exists()


def test_what_was_not_altered_is_kept(over: Over, tmp_path: Path) -> None:
    assert score_differences(over.public) == []
    assert (keep_round(over.public, tmp_path / "results") / "scores.json").is_file()


def test_the_page_of_a_round_shows_the_reason_of_a_void_entry_as_text(
    over: Over, result: Callable, board: Callable
) -> None:
    page = round_page(read_closed(over.public), [size_of(board(result("advert_risk/prior")))], NOWHERE)
    assert "void: Withdrawn by &lt;b&gt;its&lt;/b&gt; team." in page.html
    assert "<b>its" not in page.html
    assert page.html.count("team-b") > 0


@pytest.mark.slow
def test_another_person_verifies_a_round_in_an_empty_home(over: Over, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "TIPBENCH_HOME": str(home)}
    words = ("-m", "tipbench", "seal", "verify", str(over.public), "engine.workers=1", "--quiet")
    run = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "(revealed): the seed matches the commitment" in run.stdout


def forge(content: dict[str, Any]) -> None:
    for one in content["entries"][1]["scores"]["advert_risk"]["s0"].values():
        one["value"] = one["value"] and 0.999


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (both(forge, of(1, number=None)), "the scores of submission 2 are not those of predictions/2"),
        (
            of(2, note="could not be scored (ValueError)", scores={}, counts=[]),
            "submission 2 can be scored, which is not what its note says",
        ),
    ],
)
def test_scores_are_computed_again_whatever_the_other_entries_and_the_note_say(
    over: Over, change: Change, said: str
) -> None:
    edit(over.public, change)
    assert f"scores.json: {said}" in score_differences(over.public)


def test_predictions_that_were_added_changed_or_dropped_are_named(over: Over) -> None:
    hint = over.public / "predictions" / "1" / "hint.txt"
    hint.write_text("x", encoding="utf-8")
    assert score_differences(over.public) == ["predictions/1/hint.txt: does not belong to the round"]
    hint.unlink()
    path = over.public / "predictions" / "2" / FILE
    pl.read_parquet(path).with_columns(score=pl.lit(0.5)).write_parquet(path)
    said = f"predictions/2/{FILE}: is"
    assert score_differences(over.public) == [f"{said} not what scores.json says was scored"]
    path.unlink()
    assert score_differences(over.public) == [f"{said} missing"]


def test_what_can_be_scored_nowhere_is_as_its_note_says(
    copy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(copy.secret, [submission(copy, tmp_path / "a")], OPEN)

    monkeypatch.setattr(module, "score_predictions", fails)
    score_round(copy.secret, OVER)
    reveal(copy.secret, OVER)
    assert score_differences(copy.public) == []


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Verified]:
    """Verify a round without making its regions again, which is checked elsewhere."""
    monkeypatch.setattr(verifying, "_made_again", lambda *_, **__: [])
    return lambda folder, **options: verify(folder, engine="sequential", quiet=True, **options)


def test_a_revealed_round_has_scores(over: Over, verified: Callable[..., Verified]) -> None:
    assert verified(over.public).differences == []
    (over.public / "scores.json").unlink()
    assert verified(over.public).differences == ["scores.json: is missing"]


def test_a_round_without_submissions_says_so_in_its_scores(
    copy: Any, verified: Callable[..., Verified]
) -> None:
    reveal(copy.secret, OVER)
    assert json.loads((copy.public / "scores.json").read_text(encoding="utf-8"))["entries"] == []
    assert verified(copy.public).differences == []


def test_a_receipt_is_found_in_the_chain(over: Over, verified: Callable[..., Verified]) -> None:
    found = verified(over.public, receipts=[over.receipts[2].upper(), over.receipts[4]])
    assert found.differences == []
    assert found.receipts == [
        f"receipt {over.receipts[2]}: in the chain, submission 3, the 2 of team-a, "
        "taken in 2026-06-02T00:00:00+00:00",
        f"receipt {over.receipts[4]}: in the chain, submission 4 void since 2026-06-02T00:00:00+00:00",
    ]
    with pytest.raises(UsageError, match="x is not a receipt"):
        verified(over.public, receipts=["x"])


def test_a_host_who_drops_the_last_from_the_chain_too_is_told_by_its_receipt(
    over: Over, verified: Callable[..., Verified]
) -> None:
    def drop(content: dict[str, Any]) -> None:
        content["entries"].pop()
        del content["chain"][3:]

    edit(over.public, drop)
    assert verified(over.public).differences == ["scores.json: lacks submission 4"]
    shutil.rmtree(over.public / "predictions" / "4")
    assert verified(over.public).differences == []  # of this only receipts and heads tell
    assert verified(over.public, receipts=over.receipts[3:4]).differences == [
        f"receipt {over.receipts[3]}: nothing in the chain of scores.json has it"
    ]


def test_a_sealed_round_has_no_chain_to_find_a_receipt_in(host: Any) -> None:
    found = verify(host.public, engine="sequential", quiet=True, receipts=["0" * 64])
    assert (found.differences, found.receipts) == ([], [])
    assert found.notes == [f"receipt {'0' * 64} was not checked: scores.json is not published"]


def test_the_first_link_follows_the_commitment_and_each_the_one_before(over: Over) -> None:
    scores = read_scores(over.public)
    assert scores is not None
    assert [link_hash(link) for link in scores.chain] == over.receipts
    assert [link.previous for link in scores.chain] == [scores.commitment, *over.receipts[:-1]]
