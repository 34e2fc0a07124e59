from collections.abc import Callable
from pathlib import Path

from tipboard.board.forest import draw
from tipboard.board.lines import standings


def test_the_figure_is_the_same_bytes_each_time_and_leaves_nothing_beside(
    result: Callable, board: Callable, tmp_path: Path
) -> None:
    results = [
        result(f"advert_risk/{name}", score=score) for name, score in (("prior", 0.3), ("lightgbm", None))
    ]
    shown = standings(board(*results))
    drawn = []
    for name in ("a", "b"):
        draw(shown, "0.3.0/tiny", tmp_path / name / "board.svg")
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["board.png", "board.svg"]
        drawn.append([(tmp_path / name / file).read_bytes() for file in ("board.png", "board.svg")])
    assert drawn[0] == drawn[1]
