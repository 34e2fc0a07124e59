"""What a submission pins composes to a method and plain values: nothing of the maintainer's, no key of theirs."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from tipboard.board.draws import REPLICATES
from tipboard.board.entries import Entry
from tipboard.board.pinned_configs import config_of
from tipboard.submissions.record import Override
from tipcore.errors import UsageError

WHERE = "task=flag_aggregation", "baseline.method._target_=crowdpkg.Votes"
SECRET = "of-the-maintainer"
ADDED = "+baseline.method.secret="
STOLEN = (
    "${oc.env:LEAKME}",
    r"$\{oc.env\:LEAKME}",
    r"\${oc.env:LEAKME}",
    r"$\{oc.env\:LEAKME\}",
    r"'$\{oc.env:LEAKME}'",
    r"[$\{oc.env\:LEAKME}]",
    r"{a:$\{oc.env\:LEAKME}}",
    r"choice($\{oc.env\:LEAKME})",
    "${seed}",
    "$\\\\{seed}",
)


@pytest.fixture
def composed(result: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """The config of a cell whose submission pins these overrides, whatever its record would have refused."""
    monkeypatch.setenv("LEAKME", SECRET)

    def make(*words: str) -> dict[str, Any]:
        wanted = result("flag_aggregation/crowd", access="platform", labels="gold")
        pinned = SimpleNamespace(package="crowdpkg==1.0", overrides={"flag_aggregation": [*WHERE, *words]})
        record = SimpleNamespace(pinned=pinned)
        return config_of(Entry("lab", "crowd", [wanted], (), record), wanted)  # type: ignore[arg-type]

    return make


@pytest.mark.parametrize("value", STOLEN)
def test_no_value_is_an_interpolation_however_it_is_escaped(value: str, composed: Callable) -> None:
    for key in ("secret", "a.path"):
        with pytest.raises(UsageError) as refused:
            composed(f"+baseline.method.{key}={value}")
        assert SECRET not in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1
        assert str(refused.value).startswith("lab--crowd: pinned.overrides of flag_aggregation: ")


@pytest.mark.parametrize(
    "words",
    [
        (r"+baseline.method.a=$\{oc.env\:LEAKME\}", "+baseline.method.a.b=1"),
        (r"access=$\{oc.env\:LEAKME\}",),
        (r"labels=$\{hydra\:runtime.cwd\}",),
    ],
)
def test_no_resolver_runs_for_what_is_pinned(
    words: tuple[str, ...], composed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omegaconf import OmegaConf

    asked: list[str] = []
    OmegaConf.register_new_resolver("oc.env", asked.append, replace=True)
    try:
        with pytest.raises(UsageError, match="holds an interpolation"):
            composed(*words)
    finally:
        OmegaConf.clear_resolvers()
    assert asked == []


@pytest.mark.parametrize("value", STOLEN)
def test_a_record_with_an_interpolation_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="holds an interpolation"):
        TypeAdapter(Override).validate_python(f"{ADDED}{value}")


def test_signs_of_money_and_braces_apart_are_plain_values(composed: Callable) -> None:
    method = composed(f"{ADDED}'5$ {{a}}'", "+baseline.method.more={a: 1}")["baseline"]["method"]
    assert (method["secret"], method["more"]) == ("5$ {a}", {"a": 1})


@pytest.mark.parametrize(
    "value", ["yes", "010", "1e-3", "1:30", "", "2020-01-01", "!!set {a}", "{a:1}", "[a", "&a [*a]", "*a"]
)
def test_a_value_that_is_not_plain_or_reads_otherwise_on_the_command_line_is_refused(
    value: str, composed: Callable
) -> None:
    with pytest.raises(UsageError) as refused:
        composed(f"{ADDED}{value}")
    assert "baseline.method.secret" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1.0e-3", 0.001), ("12", 12), ("-1.5", -1.5), ("true", True), ("null", None), ("text", "text")),
        *(("'1e-3'", "1e-3"), ("''", ""), ("[1,'b',null]", [1, "b", None]), ("choice(1,2)", "choice(1,2)")),
    ],
)
def test_a_plain_value_is_read_as_yaml_has_it(text: str, value: object, composed: Callable) -> None:
    assert composed(f"{ADDED}{text}")["baseline"]["method"]["secret"] == value


@pytest.mark.parametrize("said", ["0", "1", "50", "1000000000"])
def test_replicates_are_the_board_s_and_not_an_author_s(said: str, composed: Callable) -> None:
    assert composed(f"replicates={said}")["replicates"] == REPLICATES
    assert composed()["replicates"] == REPLICATES
