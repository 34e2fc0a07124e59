"""A sealed round of case_linkage: seeds are published, rows of four tables under labels, and no case."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.refusals import check_predictions
from tipbench.tasks import task_of
from tipboard.rounds import new
from tipboard.rounds.folds import sealed_fold
from tipboard.rounds.host import open_secret, read_answers
from tipboard.rounds.new import RoundOrder, new_round
from tipboard.rounds.source import RegionFolders
from tipdata.release import Release

OPENS, CLOSES = datetime(2026, 6, 1, 12, tzinfo=UTC), "2026-06-30"
TASK = task_of("case_linkage")


def ordered(place: Path) -> RoundOrder:
    return RoundOrder("cases", "tiny", CLOSES, place / "secret", place / "public", tasks=("case_linkage",))


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> RoundOrder:
    """A round of two regions."""
    order = ordered(tmp_path_factory.mktemp("cases"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(new, "sizes", lambda: {"tiny": 2})
        new_round(order, OPENS, engine="sequential", quiet=True)
    return order


def test_lists_can_be_checked_without_the_secret_and_scored_with_it(cases: RoundOrder, tiny: Release) -> None:
    sealed = sealed_fold("case_linkage", cases.public, tiny)
    true = read_answers(cases.secret, "case_linkage")
    assert sealed.units["advert"].to_list() == true.frame["advert"].to_list()
    gallery, blank = true.gallery, sealed.blank.gallery
    assert gallery is not None
    assert blank is not None
    assert (
        blank.select("region", "view", "candidate")
        .sort("view", "candidate")
        .equals(gallery.select("region", "view", "candidate").sort("view", "candidate"))
    )
    assert blank["cluster"].null_count() == blank.height
    links = true.scored_rows().join(gallery, on=["region", "cluster"]).group_by("advert", "view").head(10)
    lists = links.select("view", "candidate", query="advert", score=pl.lit(1.0))
    check_predictions(sealed.blank, lists)
    scores = evaluate(TASK, true, lists, replicates=0).scores
    assert 0.9 < (scores["r_precision"].value or 0) <= 1


def test_what_is_published_holds_no_truth_and_no_key_of_the_generator(cases: RoundOrder) -> None:
    described, _ = open_secret(cases.secret)
    inputs = RegionFolders("inputs", "0.4.0", cases.public / "inputs", described.region_numbers, False)
    for view, key in TASK.views.items():
        frame = inputs.scan(view).collect()
        assert "operation" not in frame.columns
        assert frame[key].is_unique().all()
        assert frame[key].is_between(1 << 52, 1 << 53).all()


def test_a_story_of_a_round_is_refused(cases: RoundOrder, tipbench) -> None:
    code, out, said = tipbench("data", "story", "12", f"release={cases.public}")
    assert (code, out) == (2, "")
    assert "is a sealed round, whose truth nobody is shown" in said
