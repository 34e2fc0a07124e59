"""``tipbench seal``: a round's life from the command line, and its refusals in one sentence."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from tipboard.commands import seal
from tipboard.rounds import new, verify
from tipdata.release import Release

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set the day; it is the first of June until then."""

    def put(text: str) -> None:
        monkeypatch.setattr(seal, "now", lambda: datetime.fromisoformat(f"{text}T12:00:00+00:00"))

    put("2026-06-01")
    return put


def test_a_round_lives_from_its_making_to_its_verification(
    tipbench: Command,
    tmp_path: Path,
    tiny: Release,
    day: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(new, "sizes", lambda: {"tiny": 1})
    asked = ("spring", "release=tiny", "closes=2026-06-30", "--secret", "secret", "--to", "public")
    code, out, err = tipbench("seal", "new", *asked, "engine.workers=1", "prevalence")
    assert (code, err) == (0, "")
    commitment = json.loads(Path("public/round.json").read_text(encoding="utf-8"))["commitment"]
    assert commitment in out

    assert tipbench("seal", "verify", "public")[0] == 0
    units = Path("public/units/prevalence.parquet")
    published = units.read_bytes()
    units.write_bytes(b"x")
    code, out, err = tipbench("seal", "verify", "public", "--json")
    assert code == 1
    assert json.loads(out)["differences"] == ["units/prevalence.parquet: differs from the published file"]
    assert "differs in 1 places" in err
    units.write_bytes(published)

    words = ("baseline=prevalence/chao_lower", "release=tiny")
    code, out, _ = tipbench("seal", "predict", "public", *words, "--to", "chao.parquet")
    assert code == 0
    assert out.startswith("1 predictions of prevalence for round spring")

    about = ("team=lab-a", "method=chao", "summary=A bound.", "authors=A. Author")
    declared = ("labels=truth", "access=public", "hardware=a laptop", "round=public")
    files = ("prevalence/sealed/s0=chao.parquet", "--to", "ours")
    code, out, _ = tipbench("submit", *files, *about, *declared)
    assert (code, "sealed: scored at close" in out, "accepted: lab-a--chao on round/spring" in out) == (
        0,
        True,
        True,
    )
    assert tipbench("submit", "ours", "round=public")[0] == 0
    assert tipbench("submit", "ours")[0] == 1
    code, out, _ = tipbench("seal", "score", "secret", "ours")
    said, receipt = out.strip().split("\nreceipt for the team, and head of the chain until the next: ")
    assert (code, said) == (
        0,
        "ours: taken in as submission 1 of 3 by lab-a; scores are shown after the close on 2026-06-30",
    )
    for reason in ("one\ntwo", "x" * 301):
        code, out, err = tipbench("seal", "score", "secret", "void=1", f"reason={reason}")
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith("tipbench: reason= h")
    assert tipbench("seal", "score", "secret")[0] == 2
    assert tipbench("seal", "score", "secret", "--to", "public", "reveal=true")[0] == 2

    day("2026-07-01")
    code, out, err = tipbench("seal", "score", "secret")
    assert code == 0
    assert "median_abs_log_error" in out
    assert "1 counts" in out
    assert "access is as the teams declare it" in err
    code, out, _ = tipbench("seal", "score", "secret", "--json")
    assert json.loads(out)["entries"][0]["team"] == "lab-a"
    assert tipbench("seal", "score", "secret", "--to", "public", "reveal=true")[0] == 0
    assert "retired" in tipbench("seal", "score", "secret")[2]

    asked = ("seal", "verify", "public", "engine.workers=1")
    said = (
        f"receipt {receipt}: in the chain, submission 1, the 1 of lab-a, taken in 2026-06-01T12:00:00+00:00\n"
    )
    code, out, _ = tipbench(*asked, f"receipt={receipt}")
    assert (code, "(revealed): the seed matches" in out, out.endswith(said)) == (0, True, True)
    monkeypatch.setattr(verify, "_made_again", lambda *_: [])
    code, out, _ = tipbench(*asked, f"receipt={'0' * 64}", "--json")
    assert code == 1
    told = json.loads(out)
    assert told["differences"] == [f"receipt {'0' * 64}: nothing in the chain of scores.json has it"]
    assert told["receipts"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new", "Spring", "closes=2026-06-30", "--secret", "s", "--to", "p"), "cannot name a round"),
        (("new", "spring", "closes=soon", "--secret", "s", "--to", "p"), "is not a day"),
        (("new", "spring", "closes=2020-01-01", "--secret", "s", "--to", "p"), "is over"),
        (
            ("new", "spring", "closes=2026-06-30", "--secret", "p/s", "--to", "p"),
            "keep the secret elsewhere",
        ),
        (
            ("new", "spring", "release=xl", "closes=2026-06-30", "--secret", "s", "--to", "p"),
            "release=xl does not exist",
        ),
        (
            ("new", "spring", "closes=2026-06-30", "--secret", "s", "--to", "p", "advert_rusk"),
            "task=advert_rusk does not exist",
        ),
        (("verify", "nowhere"), "not a sealed round"),
        (("score", "nowhere", "reveal=true"), "not a sealed round"),
        (("score", "nowhere", "ours"), "not a sealed round"),
        (("predict", "nowhere", "--to", "x.parquet"), "There is nothing to run"),
        (("predict", "release=tiny", "--to", "x.parquet"), "needs ROUND (folder of the round as published)"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence(
    tipbench: Command,
    tmp_path: Path,
    day: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = tipbench("seal", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.startswith("tipbench: ")
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_there_is_no_way_to_set_the_clock(tipbench: Command) -> None:
    assert 'Unknown option "--now". ' in tipbench("seal", "score", "secret", "--now", "2030-01-01")[2]
