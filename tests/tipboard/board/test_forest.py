from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from tipboard.board import forest
from tipboard.board.forest import draw, forest_of
from tipboard.board.standings import standings


def test_the_figure_is_the_same_bytes_each_time_and_leaves_nothing_beside(
    result: Callable, board: Callable, tmp_path: Path
) -> None:
    results = [
        result(f"advert_risk/{name}", score=score) for name, score in (("prior", 0.3), ("lightgbm", None))
    ]
    shown = [forest_of(lines) for lines in standings(board(*results))]
    drawn = []
    for name in ("a", "b"):
        draw(shown, "0.5.0/tiny", tmp_path / name / "board.svg")
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["board.png", "board.svg"]
        drawn.append([(tmp_path / name / file).read_bytes() for file in ("board.png", "board.svg")])
    assert drawn[0] == drawn[1]


def test_an_interval_reaches_from_its_low_end_to_its_high_end_on_the_axis(
    result: Callable, board: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(forest, "save_figure", lambda figure, *_, **__: figures.append(figure))
    scores = {"prior": 0.3, "lightgbm": 0.55}
    results = [result(f"advert_risk/{name}", score=score) for name, score in scores.items()]
    plots = [forest_of(lines) for lines in standings(board(*results))]
    forest.draw(plots, "0.5.0/tiny", tmp_path / "board.svg")
    panel = figures[0].axes[0]
    bars = {
        float(np.asarray(line.get_ydata())[0]): np.asarray(line.get_xdata())
        for line in panel.lines
        if line.get_alpha()
    }
    names = [label.get_text() for label in panel.get_yticklabels()]
    for place, name in enumerate(names):
        assert list(bars[place]) == pytest.approx([scores[name] - 0.1, scores[name] + 0.1])
    low, high = panel.get_xlim()
    assert low < 0.2 < 0.65 < high
