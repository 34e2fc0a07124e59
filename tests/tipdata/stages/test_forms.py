"""Forms of trafficking in data 0.4.0: what they say, the exact likelihood of it, who acts, and weights of a size."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from tipdata.core import world as world_module
from tipdata.core.kinds import CATEGORIES, FAMILIES, INDEPENDENT, KINDS, TRAFFICKING
from tipdata.core.world import Region, World
from tipdata.stages import draw_tables
from tipdata.stages.operations.facts import BY_ADOPTION, SILENT, Law, law
from tipdata.stages.operations.organisations import ARMED, BY_FORM
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import facts_of, number_of, place_of, rules

WORLD = World.of("0.4.0", 1)
OF_FORMS = World.of("0.4.0", 1, size="forms")
REGIONS = 24


@cache
def operations(world: World, index: int) -> Operations:
    return draw_tables(world.region(index), ("places", "operations"))[0]["operations"]


@cache
def usual() -> Law:
    """The law without the deviations of a region."""
    region = WORLD.region(0)
    region._drawn["facts.jitter"] = 0.0
    return law(region)


def said(category: str, told: str) -> tuple[int, int]:
    return place_of(FAMILIES[CATEGORIES[category]], told)


def ratio(made: Law, category: str, told: str, speaker: int) -> float:
    """Return how much likelier one speaker says a level than an independent does."""
    fact, level = said(category, told)
    p = np.exp(made.logs[list(CATEGORIES).index(category), fact, :, level] / 1000)
    return float(p[speaker] / p[made.speaker(np.array(INDEPENDENT), np.array(-1))])


def test_a_form_says_what_its_ratios_say_and_lawful_twins_do_not() -> None:
    made, forms = usual(), list(WORLD.parameters["operations.form"]["value"])
    labour, scams = forms.index("labour"), forms.index("forced_criminality")
    assert ratio(made, "construction", "price=high", scams) > 1.5 * ratio(
        made, "construction", "price=high", labour
    )
    names = list(CATEGORIES)
    for told, more, less in (
        ("experience=years", "construction", "agricultural"),
        ("heads=one", "domestic", "construction"),
    ):
        fact, level = said(more, told)
        lawful = made.weights[:, fact, len(forms) :, level]
        assert (lawful[names.index(more)] > lawful[names.index(less)]).all()


def test_a_category_leans_alike_for_all() -> None:
    made = usual()
    domestic, farms = (list(CATEGORIES).index(name) for name in ("domestic", "agricultural"))
    for c, fact in enumerate(facts_of("jobs")):
        there = (made.weights[[domestic, farms], c] > 0).all(axis=(0, 1)) & ~made.by_migration[c]
        lean = made.weights[domestic, c][:, there] / made.weights[farms, c][:, there]
        assert np.allclose(lean, lean[:1], rtol=5e-3), fact.name


def test_screening_is_null_movement_reversed_and_migration_means_nothing_in_every_form() -> None:
    made = usual()
    forms = made.form_log.shape[1]
    screening = made.logs[:, number_of("screening")]
    assert (
        np.abs(screening[:, :forms] - screening[:, forms : forms + 2].mean(axis=1, keepdims=True)).max() < 30
    )
    for category in CATEGORIES:
        for form in range(forms):
            assert ratio(made, category, "stay=days", form) < 0.5
            assert ratio(made, category, "stay=leaving", form) < 0.5
    for name in ("languages", "origin"):
        assert made.by_migration[number_of(name)]
        assert (made.logs[:, number_of(name)] == 0).all()


def test_the_likelihood_of_trafficking_is_that_of_its_forms_added() -> None:
    """Walked once more in floats, fact by fact, for each form; the forms' shares from the parameters themselves."""
    o = operations(WORLD, 0)
    assert o.facts is not None
    made, held = o.facts.law, rules()
    shares = WORLD.parameters["operations.form"]["value"]
    for one in range(0, len(o.id), 25):
        category, family, levels = int(o.category[one]), int(o.family[one]), o.facts.level[one]
        told = np.zeros(made.weights.shape[2])
        for fact, level in enumerate(levels):
            if level == SILENT or made.by_migration[fact] or fact == number_of(BY_ADOPTION):
                continue
            weights = made.weights[category, fact].astype(float)
            for earlier in range(fact):
                if levels[earlier] != SILENT:
                    at = (family, earlier, levels[earlier], fact)
                    weights = weights * np.where(held.excluded[at], 0, held.together[at] / 1000)
            told += np.log(weights[:, level] / weights.sum(axis=1))
        name = list(CATEGORIES)[category]
        prior = np.array(
            [share * listed.get(name, 0) / sum(listed.values()) for share, listed in (
                (share, WORLD.parameters[f"operations.category.{form}"]["value"]) for form, share in shares.items()
            )]
        )  # fmt: skip
        if prior.sum() == 0:
            continue
        log = math.log(float((prior / prior.sum()) @ np.exp(told[: len(shares)])))
        assert abs(o.facts.log[one, TRAFFICKING] / 1000 - log) < 0.15, one
        assert np.abs(o.facts.log[one, 1:] / 1000 - told[len(shares) :]).max() < 0.15


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("facts.form.labour.price", "free"),
        ("facts.form.piracy.price", "low"),
        ("facts.category.labour.price", "low"),
        ("facts.category.massage.lodging", "shared"),
        ("facts.form.labour.origin", "abroad"),
    ],
)
def test_a_ratio_of_what_does_not_lean_is_refused(
    path: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"value": {level: 1.5}, "unit": "likelihood ratio by level"}
    listed = {**WORLD.parameters, path: entry}
    monkeypatch.setattr(world_module, "_parameters", lambda file: listed)
    with pytest.raises(ValueError, match=path.replace(".", r"\.")):
        law(Region(World("0.4.0", hash(path + level) % 1000), 0))


def test_armed_groups_act_through_few_forms_at_borders_and_post_no_more_jobs() -> None:
    count = {"armed": 0, "all": 0}
    jobs: dict[bool, list[bool]] = {True: [], False: []}
    for index in range(REGIONS):
        region = WORLD.region(index)
        past, tables = draw_tables(region, ("places", "operations"))
        o, border = past["operations"], past["places"].border
        armed = o.organisation == list(region["operations.organisation"]).index(ARMED)
        unlawful = o.kind == TRAFFICKING
        assert not (armed & ~unlawful).any()
        assert {o.forms[form] for form in o.form[armed]} <= set(region[BY_FORM])
        assert border[o.town[armed]].all()
        assert (tables["operations"]["organisation"].to_numpy()[armed] == ARMED).all()
        count["armed"] += int(armed.sum())
        count["all"] += int(unlawful.sum())
        posts_jobs = o.posts & (o.family == FAMILIES.index("jobs"))
        for group in (True, False):
            jobs[group] += posts_jobs[unlawful & (armed == group)].tolist()
    share = count["armed"] / count["all"]
    assert abs(share - 0.02) < 3 * math.sqrt(0.02 / count["all"])
    assert np.mean(jobs[True]) < np.mean(jobs[False]) + 0.05


def test_weights_of_a_size_restore_the_shares_of_the_world() -> None:
    assert all(draw_tables(WORLD.region(0), ("places", "operations"))[1]["operations"]["weight"] == 1_000_000)
    kind, form, weight = [], [], []
    for index in range(REGIONS):
        o = operations(OF_FORMS, index)
        posts = o.posts
        kind.append(o.kind[posts])
        form.append(o.form[posts])
        weight.append(
            draw_tables(OF_FORMS.region(index), ("places", "operations"))[1]["operations"][
                "weight"
            ].to_numpy()[posts]
        )
    kinds, forms, weights = (np.concatenate(part) for part in (kind, form, weight))
    assert 0.18 < (kinds == TRAFFICKING).mean() < 0.22
    counts = np.bincount(forms[forms >= 0])
    assert counts.min() > 0.75 * counts.mean()
    assert abs(weights.mean() / 1e6 - 1) < 0.03
    share = weights[kinds == TRAFFICKING].sum() / weights.sum()
    assert 0.042 < share < 0.058
    natural = WORLD.parameters["operations.form"]["value"]
    unlawful = weights[kinds == TRAFFICKING].sum()
    for number, (name, wanted) in enumerate(natural.items()):
        here = weights[forms == number].sum() / unlawful
        assert abs(here - wanted / 100) < 4 * math.sqrt(1 / counts[number]) * wanted / 100, name


def test_odds_are_those_of_the_world_whatever_the_size() -> None:
    natural, of_forms = operations(WORLD, 1), operations(OF_FORMS, 1)
    assert (natural.kind_log == of_forms.kind_log).all()
    assert (natural.category_log == of_forms.category_log).all()
    assert natural.facts is not None
    assert of_forms.facts is not None
    assert (natural.facts.law.form_log == of_forms.facts.law.form_log).all()
    assert (natural.facts.law.weights == of_forms.facts.law.weights).all()
    assert len(KINDS) == of_forms.kind_log.size
