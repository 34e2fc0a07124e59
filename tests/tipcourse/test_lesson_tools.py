"""Figures of lessons: readable wherever a notebook is opened."""

import io
from collections.abc import Iterator

import pytest
from tipcourse import figure
from tipdata.documents.palette import LIGHT

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
pyplot = pytest.importorskip("matplotlib.pyplot", reason="matplotlib is not installed")
WHITE = [1.0, 1.0, 1.0, 1.0]


@pytest.fixture(autouse=True)
def dark_notebook() -> Iterator[None]:
    """What a notebook with dark colours sets: light text on no ground."""
    pyplot.switch_backend("Agg")
    with matplotlib.rc_context():
        pyplot.style.use("dark_background")
        matplotlib.rcParams |= {
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.transparent": True,
        }
        yield


def test_a_figure_has_its_own_ground_and_dark_text_in_a_dark_notebook() -> None:
    made, ax = figure("Scores by split")
    ax.plot([0, 1], [0, 1], label="a line")
    ax.set_xlabel("day")
    legend = ax.legend()
    written = io.BytesIO()
    made.savefig(written, format="png")
    written.seek(0)
    pixels = pyplot.imread(written)
    pyplot.close(made)
    assert pixels[0, 0].tolist() == WHITE
    assert pixels[..., 3].min() == 1
    drawn = [ax.xaxis.label, *ax.get_xticklabels(), *legend.get_texts(), *made.texts]
    assert {one.get_color() for one in drawn} <= {LIGHT["ink"], LIGHT["quiet"]}
