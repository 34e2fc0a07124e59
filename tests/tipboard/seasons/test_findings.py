import numpy as np
import pytest
from made_season import MadeSeason, made_season
from tipbench.tasks import task_of, tasks
from tipboard.seasons.findings import finding
from tipboard.seasons.standings import rank_entries

NOISE = np.random.default_rng(2).normal(0, 0.01, (8, 4))


def sentence(levels: dict[str, float], entry_class: str | None = None, **more) -> str:  # type: ignore[no-untyped-def]
    """Return the sentence of account_risk with scores about these levels."""
    scores = {
        name: (level + NOISE[:, at]).round(3).tolist() for at, (name, level) in enumerate(levels.items())
    }
    frame = rank_entries(*made_season({"account_risk": scores}, **more))
    return finding(frame, entry_class).sentence


def test_a_top_group_leads_and_one_method_leads() -> None:
    levels = {"tipbench--a": 0.3, "tipbench--b": 0.3, "x--c": 0.2}
    said = sentence(levels, references={"oracle": None})
    assert said.startswith("account_risk: 2 of 3 methods are in the top group (")
    assert "): the highest average precision is 0." in said
    assert sentence({**levels, "x--c": 0.5}).startswith(
        "account_risk: x / c leads 2 others with average precision 0.5"
    )
    assert sentence({name: 0.3 for name in levels}).startswith(
        "account_risk: all 3 methods are in the top group ("
    )


def test_chance_harm_best_known_and_assumptions_are_said() -> None:
    levels, changes = {"tipbench--a": 0.3, "x--c": 0.5}, {"x--c": {"entry_class": "worlds"}}
    said = sentence(levels, changes=changes, accused={"tipbench--a": [4.0] * 8})
    assert said.startswith("account_risk: a has average precision 0.")
    assert "better than chance (0.050)" in said
    assert (
        "by x / c, of class worlds; it accuses 4.0 lawful operations per trafficking operation found." in said
    )
    assert sentence(levels, "worlds", changes=changes).startswith(
        "account_risk (worlds): x / c has average precision 0."
    )
    by_chance = sentence({"tipbench--a": 0.05, "x--c": 0.04})
    assert by_chance.startswith(
        "account_risk: no method is better than chance (0.050) by more than noise: the highest"
    )
    assert sentence({"tipbench--a": 0.3}, "system") == "account_risk (system): no method has a score."


def test_an_order_that_assumptions_change_is_said() -> None:
    lead = np.where(np.arange(8) >= 4, -0.05, 0.06)
    scores = {"x--a": (0.3 + lead + NOISE[:, 0] / 3).tolist(), "x--b": (0.3 + NOISE[:, 1] / 3).tolist()}
    said = finding(rank_entries(*made_season({"account_risk": scores}))).sentence
    assert said.startswith("account_risk: both methods are in the top group (")
    assert said.endswith("the order depends on assumptions.")


@pytest.mark.skipif(task_of("advert_risk").labels[0] == "expert", reason="experts' labels are the default")
def test_experts_labels_stand_beside() -> None:
    scores = {"x--a": [0.3 + at / 1000 for at in range(8)], "x--b": [0.1] * 8}
    experts = {"x--a": [0.08 + at / 1000 for at in range(8)], "x--b": [0.02 + at / 100 for at in range(8)]}
    frame = rank_entries(*made_season({"advert_risk": scores}, experts=experts))
    assert frame["experts_mean"].to_list() == pytest.approx([0.0835, 0.055])
    assert finding(frame).sentence.endswith("learnt from experts' labels the best is 0.084.")
    low = {name: [one - 0.04 for one in values] for name, values in experts.items()}
    said = finding(rank_entries(*made_season({"advert_risk": scores}, experts=low))).sentence
    assert said.endswith("the best is 0.044, not better than chance by more than noise.")


def test_every_task_has_a_sentence_and_one_of_tiny_rests_on_intervals(season: MadeSeason) -> None:
    frame = rank_entries(*season)
    for task in tasks():
        found = finding(frame.filter(task=task))
        assert (found.ranked, found.worlds, found.entry_class) == (True, 8, "fold")
        assert found.sentence.startswith(f"{task}: ")
        assert found.methods[0].value == frame.filter(task=task, first_rank=1, entry_class="fold")["mean"][0]
    tiny = finding(
        rank_entries(*made_season({"account_risk": {"x--a": [0.3] * 8, "x--b": [0.1] * 8}}, size="tiny"))
    )
    assert not tiny.ranked
    assert tiny.sentence.startswith("account_risk: x / a is clear of 1 other")


def test_the_first_class_with_methods_is_compared() -> None:
    frame = rank_entries(*made_season({"account_risk": {"team-a--reader": [0.3] * 8}}))
    assert finding(frame).entry_class == "worlds"
