"""A round is scored, revealed, verified and put on a board by the tipbench that made it, and by no other."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tipbench
from handed_in import OPEN, OVER
from tipboard.board.rounds import keep_round
from tipboard.rounds import components
from tipboard.rounds.components import wheel_digest
from tipboard.rounds.intake import take_in
from tipboard.rounds.reveal import reveal
from tipboard.rounds.scoring import score_round
from tipboard.rounds.verify import verify
from tipcore.errors import UsageError


@pytest.fixture
def another(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Become another tipbench: one whose components are these but for some."""

    def become(**changes: Any) -> None:
        here = components.components("0.4.0")
        monkeypatch.setattr(components, "components", lambda data: here.model_copy(update=changes))
        monkeypatch.setattr("tipboard.rounds.verify.components", components.components)

    return become


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as said:
        call()
    assert "\n" not in str(said.value)
    return str(said.value)


def test_a_round_names_the_tipbench_that_made_it(host: Any) -> None:
    assert host.round.wheel.version == tipbench.__version__
    assert host.round.wheel.digest == wheel_digest()
    assert host.round.schema_version == 2


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"evaluator": "9+" + "0" * 64}, "evaluator is 9+000000000000 here"),
        ({"generator": "0" * 64}, "generator is 000000000000 here"),
        ({"dependencies": {"numpy": "1.0"}}, "numpy is 1.0 here"),
    ],
)
def test_another_tipbench_refuses_and_says_what_to_install(
    copy: Any, another: Callable[..., None], changes: dict[str, Any], named: str
) -> None:
    another(**changes)
    for call in (
        lambda: take_in(copy.secret, [], OPEN),
        lambda: score_round(copy.secret, OVER),
        lambda: reveal(copy.secret, OVER),
    ):
        said = refusal(call)
        assert named in said
        assert f"install tipbench {tipbench.__version__} from its wheel or checkout, with python " in said
    assert not (copy.public / "scores.json").exists()
    assert not (copy.public / "revealed.json").exists()


def test_another_tipbench_checks_files_and_the_commitment_but_makes_nothing_again(
    copy: Any, another: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    reveal(copy.secret, OVER)
    another(generator="0" * 64)
    monkeypatch.setattr("tipboard.rounds.verify.make_round", lambda *_, **__: pytest.fail("made again"))
    said = refusal(lambda: verify(copy.public, quiet=True))
    assert "no other may make it again" in said
    assert "generator is 000000000000 here" in said

    (copy.public / "hint.txt").write_text("x", encoding="utf-8")
    found = verify(copy.public, quiet=True)
    assert found.differences == ["hint.txt: does not belong to the round"]
    assert len(found.notes) == 1


def test_a_round_that_is_sealed_is_checked_as_far_as_any_tipbench_can(
    copy: Any, another: Callable[..., None]
) -> None:
    another(evaluator="9+" + "0" * 64)
    found = verify(copy.public, quiet=True)
    assert (found.differences, len(found.notes)) == ([], 1)


def test_a_round_is_put_on_a_board_by_its_own_tipbench(
    copy: Any, tmp_path: Path, another: Callable[..., None]
) -> None:
    scores = {"name": copy.round.name, "commitment": copy.round.commitment, "entries": []}
    (copy.public / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    assert (keep_round(copy.public, tmp_path / "results") / "round.json").is_file()
    another(evaluator="9+" + "0" * 64)
    assert "no other may put it on a board" in refusal(lambda: keep_round(copy.public, tmp_path / "other"))
    assert not (tmp_path / "other").exists()
