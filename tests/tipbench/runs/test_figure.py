from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from tipbench.runs.figure import check_format, draw, metric_title, save
from tipbench.runs.report import Row
from tipbench.style import DPI
from tipbench.tasks import tasks
from tipcore.errors import UsageError


def row(split: str, score: float | None, **more: Any) -> Row:
    plain = dict.fromkeys(("low", "high", "valid", "note", "share_of_oracle", "leakage", "drift"))
    named = {"data": "0.5.0/tiny", "task": "advert_risk", "method": "advert_risk/prior", "labels": "truth"}
    told = {
        "metric": "average_precision",
        "seconds": 0.0,
        "seeds": 1,
        "seed_sd": None,
        "oracle": False,
        "beside": {},
    }
    return {**plain, **named, **told, "prevalence": None, **more, "split": split, "score": score}


def drawn(*rows: Row) -> Figure:
    figure = draw(list(rows))
    assert figure is not None
    return figure


def texts(figure: Figure) -> str:
    found = [text for axes in figure.axes for text in (*axes.texts, axes.title, axes.xaxis.label)]
    legends = [text for legend in figure.legends for text in legend.get_texts()]
    below = figure.get_supxlabel()
    return "\n".join([*(text.get_text() for text in [*found, *legends]), below])


@pytest.mark.parametrize("name", ["a b/f (1), =ب.png", "f.svg", "f.pdf"])
def test_a_figure_is_written_whole_and_alone(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [
        row("random", 0.6, low=0.5, high=0.7),
        row("forward", 0.3),
        row("operation", 1.0, low=0.9, high=1.0),
    ]
    assert save(rows, str(path))
    assert path.stat().st_size > 1_000
    assert list(path.parent.iterdir()) == [path]


def test_nothing_to_draw_makes_no_figure(tmp_path: Path) -> None:
    assert not save([row("kfold", None), row("forward", None)], str(tmp_path / "f.png"))
    assert list(tmp_path.iterdir()) == []


def test_a_figure_of_no_known_format_is_refused_before_anything_is_run() -> None:
    with pytest.raises(UsageError, match=r"unsupported format: use \.png"):
        check_format("figure.txt")


def test_a_figure_explains_what_it_shows_and_nothing_else() -> None:
    leak = {"leakage": 0.25}
    leaky = row("random", 0.6, **leak), row("operation", 0.35, low=0.3, high=0.4, **leak)
    said = texts(drawn(*leaky, row("forward", 0.3)))
    assert "+0.25" in said
    for sentence in (
        "operations on both sides",
        "leakage, the score on the random split minus",
        "Bar: its 95%",
    ):
        assert sentence in said
    assert "does not estimate field performance" in said
    assert "Labels learnt from: truth" in said
    assert "Tick" not in said
    bare = texts(drawn(row("kfold", 0.6, valid=0.5)))
    assert "Tick: the score on the valid part" in bare
    assert not {"leakage", "Bar"} & set(bare.replace(":", " ").split())


@pytest.mark.parametrize("panels", [1, 2, 3])
def test_what_stands_above_and_below_the_panels_is_wrapped_and_nothing_of_it_is_cut(panels: int) -> None:
    whole = {"low": 0.1, "high": 0.4, "valid": 0.3, "leakage": 0.2, "labels": "delayed"}
    splits = ("random", "operation", "forward", "region", "all", "language", "platform")
    rows = [row(split, 0.3, **whole, data=f"0.{n}.0/tiny") for n in range(panels) for split in splits]
    figure = drawn(*rows)
    figure.canvas.draw()
    shown = [*figure.legends, *(one for one in figure.findobj(Text) if "Dot: " in one.get_text())]
    assert len(shown) == 2
    for one in shown:
        found = one.get_window_extent()
        assert found.x0 >= 0
        assert found.x1 <= figure.bbox.width
    assert all(axes.get_window_extent().height > 80 for axes in figure.axes if axes.axison)
    assert "which methods are tuned by" in " ".join(texts(figure).split())


def test_every_split_of_a_method_has_its_mark_inside_the_panel_and_apart_from_other_methods() -> None:
    splits = ("random", "operation", "forward", "region", "jurisdiction", "language", "platform", "tactics")
    figure = drawn(*(row(split, 0.3, method=f"advert_risk/{m}") for m in "ab" for split in splits))
    panel = figure.axes[0]
    marks = [line.get_xydata() for line in panel.lines if line.get_marker() == "o"]
    heights = [float(mark[0, 1]) for mark in map(np.asarray, marks) if mark.size]
    low, high = panel.get_ylim()
    assert len(heights) == 2 * len(splits)
    assert all(low < height < high for height in heights)
    assert sum(height < 0.5 for height in heights) == len(splits)


@pytest.mark.parametrize(
    ("leakage", "said"), [(-0.004, "0.00"), (0.001, "0.00"), (0.25, "+0.25"), (-0.08, "−0.08")]
)
def test_a_leak_that_rounds_to_nothing_has_no_sign(leakage: float, said: str) -> None:
    figure = drawn(*(row(split, 0.5, leakage=leakage) for split in ("random", "operation")))
    assert said in [text.get_text() for text in figure.axes[0].texts]


def test_where_nothing_is_learnt_from_labels_none_are_named() -> None:
    whole = row("all", 0.3, task="prevalence", method="prevalence/chao_lower", metric="median_abs_log_error")
    assert "nothing is learnt from labels" in texts(drawn(whole))
    assert "Labels learnt from" not in texts(drawn(whole))
    assert "Labels learnt from: expert." in texts(drawn(whole, row("forward", 0.3, labels="expert")))


def test_every_task_and_split_has_its_panel_and_twelve_fit_a_screen() -> None:
    named = [
        "advert_linkage",
        "prevalence",
        "payment_risk",
        "route_forecast",
        "supplier_risk",
        "account_risk",
    ]
    rows = [row(split, 0.3, task=task, method=f"{task}/m{n}", metric=tasks()[task].primary)
            for task in named for split in ("all", "language") for n in range(4)]  # fmt: skip
    twice = [{**one, "data": "0.5.0/small"} for one in rows]
    figure = drawn(*rows, *twice)
    assert sum(axes.get_title(loc="left") != "" for axes in figure.axes) == 12
    assert figure.get_size_inches()[1] * DPI < 1_600
    assert "split language" in texts(figure)


def test_an_error_below_zero_or_above_one_is_inside_its_panel() -> None:
    figure = drawn(row("all", 1.7, low=-0.4, high=2.31, task="prevalence", metric="median_abs_log_error"))
    low, high = figure.axes[0].get_xlim()
    assert low <= -0.4
    assert high >= 2.31
    assert "lower is better" in texts(figure)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        save([row("random", 0.6)], str(tmp_path / "file" / "f.png"))


def test_an_axis_names_the_metric_and_its_prevalence() -> None:
    assert metric_title("advert_risk", "average_precision") == "average precision at 5% prevalence"
    assert metric_title("payment_risk", "average_precision") == "average precision at 0.2% prevalence"
    assert metric_title("route_forecast", "mrr") == "mean reciprocal rank"
