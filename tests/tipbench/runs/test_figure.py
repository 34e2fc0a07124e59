from pathlib import Path

import pytest
from tipbench.runs.figure import check_format, metric_title, save
from tipbench.runs.report import Row
from tipdata.core.errors import UsageError


def row(split: str, score: float | None, low: float | None = None, high: float | None = None) -> Row:
    return Row(
        data="0.1.0/tiny", task="advert_risk", method="advert_risk/prior", split=split, metric="average_precision",
        score=score, low=low, high=high, note=None, share_of_oracle=None, leakage=None, drift=None, harm_gap=None,
        seconds=0.0, seeds=1, seed_sd=None, oracle=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["a b/f (1), =ب.png", "f.svg", "f.pdf"])
def test_a_figure_is_written_whole_and_alone(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert save(
        [row("random", 0.6, 0.5, 0.7), row("forward", 0.3), row("operation", 1.0, 0.9, 1.0)], str(path)
    )
    assert path.stat().st_size > 1_000
    assert list(path.parent.iterdir()) == [path]


def test_nothing_to_draw_makes_no_figure(tmp_path: Path) -> None:
    assert not save([row("kfold", 0.6), row("forward", None)], str(tmp_path / "f.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_figure_of_no_known_format_is_refused_before_anything_is_run() -> None:
    with pytest.raises(UsageError, match=r"end it in \.png"):
        check_format("figure.txt")


def test_an_svg_says_what_the_splits_mean(tmp_path: Path) -> None:
    import matplotlib

    path = tmp_path / "f.svg"
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        save([row("random", 0.6), row("forward", 0.3)], str(path))
    text = path.read_text(encoding="utf-8")
    assert "random +0.30" in text
    assert "operations on both sides" in text
    assert "does not estimate field performance" in text


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        save([row("random", 0.6)], str(tmp_path / "file" / "f.png"))


def test_an_axis_names_the_metric_and_its_prevalence() -> None:
    assert metric_title("advert_risk", "average_precision") == "average precision at 5% prevalence"
    assert metric_title("payment_risk", "average_precision") == "average precision at 0.2% prevalence"
    assert metric_title("route_forecast", "mrr") == "mean reciprocal rank"
