"""A refusal of predictions is one sentence, with its subject kept apart."""

import pickle
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tipbench.kinds.refusals import PredictionsRefused, quoted
from tipcore.errors import UsageError
from tipdata.release import Release


def test_a_refusal_says_predictions_once_also_after_it_crossed_processes() -> None:
    assert issubclass(PredictionsRefused, UsageError)
    error = PredictionsRefused("3 missing (predictions: 7); predict each of them once")
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert isinstance(one, PredictionsRefused)
        assert one.said == "3 missing (predictions: 7); predict each of them once"
        assert str(one) == f"predictions: {one.said}"


def test_names_of_a_files_columns_are_quoted_shortly_and_command_no_terminal() -> None:
    assert quoted(["a", "b"]) == "a, b"
    many = quoted([f"c{number}" for number in range(3_000)] + ["x" * 9_000])
    assert many.endswith("c11 and 2,989 more")
    assert quoted(["x" * 9_000]) == "x" * 40 + "..."
    assert (
        PredictionsRefused("no column score among \x1b[2J, a\nb").said
        == r"no column score among \x1b[2J, a\nb"
    )


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "x" * 9_000])
def test_a_column_of_a_hostile_name_is_refused_in_one_short_line(
    tipbench: Callable[..., tuple[int, str, str]], tmp_path: Path, tiny: Release, name: str
) -> None:
    pl.DataFrame({"advert": [1], name: [0.5]}).write_parquet(tmp_path / "p.parquet")
    code, out, said = tipbench("score", str(tmp_path / "p.parquet"), "task=advert_risk", "release=tiny")
    assert (code, out, said.count("\n")) == (2, "", 1)
    assert said.rstrip().isprintable()
    assert len(said) < 300
