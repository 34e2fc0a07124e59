"""Operations: the law of their lives and of what they say of them, what investigations do, and weights of sizes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from likelihoods import log_by_kind  # pyright: ignore[reportMissingImports]
from shared_regions import WORLD, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core import world as world_module
from tipdata.core.draw import ONE, log_sum
from tipdata.core.kinds import BUSINESS, CATEGORIES, FAMILIES, KINDS, TRAFFICKING
from tipdata.core.world import DAYS, MINUTES_A_DAY, World
from tipdata.stages import Past, draw_tables
from tipdata.stages.accounts import operation_site_weights, site_weights
from tipdata.stages.adverts.stage import STAGE as ADVERTS
from tipdata.stages.messages.stage import draw_owners
from tipdata.stages.operations import policy, state
from tipdata.stages.operations.habits import (
    ARMED,
    BY_FORM,
    UNDISTURBED,
    disturb,
    draw_investigated,
    draw_levels,
)
from tipdata.stages.operations.policy import ALWAYS, LAWFUL, SayingLaw
from tipdata.stages.operations.stage import Operations, prior_weights
from tipdata.stages.operations.state import BY_ADOPTION, BY_MIGRATION, BY_TOURING, SILENT
from tipdata.text.facts import facts_of, level_place, level_places, number_of, rules

FORMS = list(WORLD.parameters["operations.form"]["value"])
OF_FORMS = World.of("0.5.0", 2, size="forms")
OVERT = ("papers=kept", "advance=repaid", "privacy=silent")
"""What says openly that people are controlled."""
PUBLISHED = ("stay=days", "stay=leaving")
"""Movement: its ratio is that of a published study, .30."""


@pytest.fixture(scope="module")
def first(regions: list[Drawn]) -> Operations:
    return regions[0].past["operations"]


@pytest.fixture(scope="module")
def law(first: Operations) -> SayingLaw:
    return first.life.law


@cache
def operations(world: World, index: int) -> Operations:
    return draw_tables(world.region(index), ("places", "operations"))[0]["operations"]


def test_the_law_has_a_share_for_every_level_that_a_category_has_whatever_the_speaker(law: SayingLaw) -> None:
    share = law.state.share
    assert share.shape[2] == len(FORMS) + len(KINDS) - 1
    for k, (category, f) in enumerate(CATEGORIES.items()):
        for c, fact in enumerate(facts_of(FAMILIES[f])):
            there = rules().has[k, c, : len(fact.levels)] | (fact.name == BY_TOURING)
            assert ((share[k, c, ..., : len(fact.levels)] > 0) == there).all(), (category, fact.name)
            assert (share[k, c, ..., len(fact.levels) :] == 0).all()
    assert all(array.dtype.kind == "i" for array in (share, law.claims, law.says, law.chances))


def test_a_form_leans_by_its_own_ratios_and_a_category_alike_for_all_speakers() -> None:
    weights, price = state._world_law(WORLD).weights, number_of("price")
    listed, own = (
        WORLD.parameters[f"state.{path}.price"]["value"] for path in ("law.all", "form.forced_criminality")
    )
    building = weights[list(CATEGORIES).index("construction"), price]
    for level, (name, one) in enumerate(listed.items()):
        lean = building[FORMS.index("forced_criminality"), level] / building[len(FORMS), level]
        ratio = one["ratio"][TRAFFICKING] * own.get(name, 1) / one["ratio"][BUSINESS]
        assert lean == pytest.approx(ratio, rel=0.01)
    domestic, farms = (list(CATEGORIES).index(name) for name in ("domestic", "agricultural"))
    for c, fact in enumerate(facts_of("jobs")):
        there = (weights[[domestic, farms], c] > 0).all(axis=(0, 1))
        lean = weights[domestic, c][:, there] / weights[farms, c][:, there]
        assert np.allclose(lean, lean[:1], rtol=5e-3), fact.name


def test_screening_and_migration_mean_nothing_in_any_form(law: SayingLaw) -> None:
    for name in ("screening", *BY_MIGRATION):
        number = number_of(name)
        weights = state._world_law(WORLD).weights[:, number]
        assert (weights == weights[:, :1]).all()
        assert (law.claims[:, number, TRAFFICKING] == law.claims[:, number, LAWFUL]).all()
    of_region = law.state.share[:, [number_of(name) for name in BY_MIGRATION]]
    assert (of_region == of_region[:, :, :1]).all()


def test_migration_is_as_frequent_in_every_kind() -> None:
    """In the law exactly, in every region."""
    listed = {"migrant": WORLD.parameters["operations.traits.migrant"]["value"]}
    ids, kind = np.arange(4000), np.arange(4000) % len(KINDS)
    for index in range(3):
        streams = ("parameter/trait", "operations")
        levels, log = draw_levels(WORLD.region(index), ids, kind, KINDS, listed, streams)
        assert (log == log[:, :1]).all()
        assert 0.2 < levels["migrant"].mean() < 0.4


def test_what_is_said_of_migration_and_movement(regions: list[Drawn]) -> None:
    """Of migration all kinds say the same. Words of movement are rarer in trafficking: 70% less likely (NIJ 2024)."""
    made = [one.past["operations"] for one in regions]
    said = np.concatenate([o.life.said for o in made])
    ours = np.concatenate([o.kind for o in made]) == TRAFFICKING
    migrant = np.concatenate([o.traits["migrant"] for o in made])
    for number in map(number_of, BY_MIGRATION):
        for moved in (0, 1):
            here = (migrant == moved) & (said[:, number] != SILENT)
            for level in range(3):
                share = [(said[here & (ours == who), number] == level).mean() for who in (False, True)]
                error = np.sqrt(share[0] * (1 - share[0]) / (here & ours).sum())
                assert abs(share[1] - share[0]) < 4 * error + 0.01, (number, moved, level, share)
    moves = np.isin(said[:, number_of(BY_TOURING)], [1, 2])
    assert 0.2 < moves[ours].mean() / moves[~ours].mean() < 0.6


def test_shares_of_all_that_may_be_seen_of_a_fact_add_up_to_one(law: SayingLaw) -> None:
    category, migrant, fact, code = np.ogrid[: len(law.says), :2, : law.says.shape[1], : law.levels + 1]
    seen = np.exp(law.code_logs(category, migrant, fact, code) / 1000).sum(axis=3)
    # A level that cannot be said counts as one part in 65,536; logarithms are rounded to a thousandth.
    off = np.abs(seen - 1).max(axis=(0, 1, 3, 4, 5))
    assert np.delete(off, number_of(BY_ADOPTION)).max() < 0.001


def test_the_likelihood_of_what_is_said_is_the_sum_over_all_lives_behind_it(first: Operations) -> None:
    code = np.where(first.life.said == SILENT, first.life.law.levels, first.life.said)
    for one in range(0, len(first.id), 5):
        expected = log_by_kind(first, one, code[one], tours=True)
        assert first.life.log[one] / 1000 == pytest.approx(expected, abs=0.01), one


def test_what_is_said_by_those_who_tour_and_who_stay_adds_up_to_what_is_said(first: Operations) -> None:
    life = first.life
    code = np.where(life.said == SILENT, life.law.levels, life.said)
    category, migrant = first.category, first.traits["migrant"]
    total = life.law.log_of(code, category, migrant)
    stay = code[:, number_of(BY_TOURING)]
    either = [
        life.law.by_kind(total + policy.add_touring(life.law, stay, category, tours), category, migrant)
        for tours in (np.zeros_like(category), np.ones_like(category))
    ]
    both = log_sum(np.stack(either, axis=-1))
    assert both == pytest.approx(life.law.by_kind(total, category, migrant), abs=12)


def test_the_number_of_facts_tells_nothing_of_the_kind_or_the_profile(law: SayingLaw) -> None:
    category, migrant, fact = np.ogrid[: len(law.says), :2, : law.says.shape[1]]
    p = 1 - np.exp(law.code_logs(category, migrant, fact, law.levels) / 1000)
    p[:, :, number_of(ALWAYS)] = 0
    expected = (p.sum(axis=2) * law.verbosity_weights[:, None, None] / ONE).sum(axis=-1)
    centre = expected.mean(axis=(2, 3), keepdims=True)
    assert np.abs(expected / centre - 1).max() < 0.02


def test_what_is_said_tells_little_of_trafficking_and_some_of_it_nothing_or_the_reverse(
    regions: list[Drawn],
) -> None:
    """Of levels that a fiftieth of the adverts of a family state, overt control exempt."""
    laws = [one.past["operations"].life.law for one in regions]
    said = np.mean([np.exp(law.level_logs() / 1000) for law in laws], axis=0)
    form = np.mean([np.exp(law.form_log / 1000) for law in laws], axis=0)
    ours = (said[..., : len(FORMS)] * form[:, None, None]).sum(axis=-1)
    lawful, ratios = said[..., len(FORMS) : -1].mean(axis=-1), {}
    for f, family in enumerate(FAMILIES):
        here = np.array(list(CATEGORIES.values())) == f
        for level, at in level_places(family).items():
            one, other = ours[here].mean(axis=0)[at], lawful[here].mean(axis=0)[at]
            if 0.05 * one + 0.95 * other > 0.02 and level not in OVERT:
                ratios[family, level] = one / other
    found = np.array(list(ratios.values()))
    assert (np.abs(found - 1) < 0.05).mean() > 0.1
    assert (found < 0.95).mean() > 0.2
    odd = {level: ratio for level, ratio in ratios.items() if not 0.4 <= ratio <= 2.5}
    assert {level for _, level in odd} <= set(PUBLISHED), odd


def test_offenders_say_less_of_what_gives_them_away_and_claim_more(regions: list[Drawn]) -> None:
    made = [one.past["operations"] for one in regions]
    ours = np.concatenate([o.kind for o in made]) == TRAFFICKING
    says, claim, level = (
        np.concatenate([of(o.life) for o in made])
        for of in (lambda life: life.says, lambda life: life.claim, lambda life: life.state.level)
    )
    true, false = says & (claim == level), says & (claim != level) & (claim != SILENT)
    assert true[ours].mean() < true[~ours].mean()
    assert false[ours].mean() > 5 * false[~ours].mean()


def test_a_coupled_draw_keeps_its_share_and_goes_with_the_state(first: Operations) -> None:
    life, fact = first.life, number_of("fees")
    owner = np.repeat(np.arange(len(life.claim)), 200)
    g = np.random.default_rng(0)
    own = g.integers(0, 2**63, len(owner), dtype=np.uint64) * np.uint64(2)
    words = life.state.couple(fact, owner, own, g.random(len(owner)) < 0.7)
    happens = words > np.uint64(int(0.8 * 2**64))
    share = level_place("services", "fees=share")[1]
    here = life.state.level[owner, fact] == share
    assert happens.mean() == pytest.approx(0.2, abs=0.04)
    assert happens[here].mean() > 0.5


NO_RATIO = "there is no such"
BROKEN: dict[str, tuple[str, Callable[[dict[str, Any]], Any], str]] = {
    "a level without a weight": ("state.law.all.voice", lambda v: {"i": v["i"]}, "its levels are i, we, agent"),
    "a profile of what is not there": ("state.profile.services.solo", lambda v: {"voice=us": 2}, "services has no voice=us"),
    "a policy of what is not there": ("policy.tells.all.voice", lambda v: {"me": v["agent"]}, "voice has no level me"),
    "claims of more than all": ("policy.claims.jobs.papers", lambda v: {"own": [0.9], "handled": [0.9]}, "add up to more than 1"),
    "a fact that nobody says": ("policy.readiness.jobs", lambda v: {k: x for k, x in v.items() if k != "papers"}, "how readily is papers said"),
    "a form's ratio of a level that is not there": ("state.form.labour.price", lambda v: {"free": 1.5}, NO_RATIO),
    "a form that is not there": ("state.form.piracy.price", lambda v: {"low": 1.5}, NO_RATIO),
    "a category that is a form": ("state.category.labour.price", lambda v: {"low": 1.5}, NO_RATIO),
    "a category's ratio of another family's fact": ("state.category.massage.lodging", lambda v: {"shared": 1.5}, NO_RATIO),
    "a form's ratio of what depends on migration": ("state.form.labour.origin", lambda v: {"abroad": 1.5}, NO_RATIO),
    "a neutral fact that is none": ("policy.neutral.jobs", lambda v: ["pay"], "jobs has no fact pay"),
}  # fmt: skip
# ruff: noqa: E501 # one case a line


@pytest.mark.parametrize("case", BROKEN)
def test_an_unsound_state_or_policy_is_refused(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, change, said = BROKEN[case]
    listed = dict(WORLD.parameters)
    entry = listed.get(path, {"value": None})
    listed[path] = {**entry, "value": change(entry["value"])}
    monkeypatch.setattr(world_module, "parameters", lambda version: listed)
    for kept in (state._world_law, policy._world_claims, policy._world_readiness):
        kept.cache_clear()
    other = replace(WORLD, seed=WORLD.seed + 1)
    with pytest.raises(ValueError, match=said):
        draw_tables(other.region(0), ("places", "operations"))


def test_armed_groups_act_through_few_forms_at_borders_and_post_no_more_jobs(regions: list[Drawn]) -> None:
    count = {"armed": 0, "all": 0}
    jobs: dict[bool, list[bool]] = {True: [], False: []}
    for one in regions:
        region, past, tables = one.region, one.past, one.tables
        o, border = past["operations"], past["places"].border
        armed = o.organisation == list(region["operations.organisation"]).index(ARMED)
        unlawful = o.kind == TRAFFICKING
        assert not (armed & ~unlawful).any()
        assert {o.forms[form] for form in o.form[armed]} <= set(region[BY_FORM])
        assert border[o.town[armed]].all()
        listed = tables["operations"].filter(pl.col("operation").is_in(o.id[armed].tolist()))
        assert listed["organisation"].to_list() == [ARMED] * armed.sum()
        count["armed"] += int(armed.sum())
        count["all"] += int(unlawful.sum())
        posts_jobs = o.posts & (o.family == FAMILIES.index("jobs"))
        for group in (True, False):
            jobs[group] += posts_jobs[unlawful & (armed == group)].tolist()
    share = count["armed"] / count["all"]
    assert abs(share - 0.02) < 3 * math.sqrt(0.02 / count["all"])
    assert np.mean(jobs[True]) < np.mean(jobs[False]) + 0.05


def test_weights_of_a_size_restore_the_shares_of_the_world(world: Tables) -> None:
    assert (world["operations"]["weight"] == 1_000_000).all()
    kind, form, weight = [], [], []
    for index in range(24):
        past, tables = draw_tables(OF_FORMS.region(index), ("places", "operations"))
        o = past["operations"]
        kind.append(o.kind[o.posts])
        form.append(o.form[o.posts])
        weight.append(tables["operations"]["weight"].to_numpy()[o.posts])
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


def test_more_trafficking_weighs_what_it_does_in_the_world() -> None:
    here, there = World.of("0.5.0", 2, size="small"), World.of("0.5.0", 2)
    drawn = [draw_tables(here.region(i), ("places", "operations"))[1]["operations"] for i in range(12)]
    rows = pl.concat([one.filter("posts") for one in drawn])
    ours = pl.col("kind") == KINDS[TRAFFICKING]
    assert 0.09 < rows.select(ours.mean()).item() < 0.13
    weights = rows.group_by(ours.alias("ours")).agg(pl.col("weight").sum()).sort("ours")["weight"]
    assert 0.042 < weights[1] / weights.sum() < 0.058
    assert abs(rows["weight"].to_numpy().mean() / 1e6 - 1) < 0.03
    assert all((one.filter(~pl.col("posts"))["weight"] == 1_000_000).all() for one in drawn)
    larger = World.of("0.5.0", 2, size="full").region(1)
    assert draw_tables(larger, ("places", "operations"))[1]["operations"].equals(drawn[1])
    natural, made = (operations(world, 1) for world in (there, here))
    assert (natural.kind_log == made.kind_log).all()
    assert (prior_weights(here.region(1), made)[made.posts & (made.kind == TRAFFICKING)] < 500).all()


def test_more_trafficking_talks_and_is_queued_as_much_as_in_the_world() -> None:
    needed = ("places", "operations", "accounts", "adverts", "reviews")
    found = []
    for size in ("", "small"):
        silent, posting, harmful, others = 0, 0, 0, 0
        for index in range(4):
            region = World.of("0.5.0", 2, size=size).region(index)
            past, tables = draw_tables(region, needed)
            o, owner = past["operations"], draw_owners(region, past["operations"])
            weight = prior_weights(region, o)
            ours = owner[(owner >= 0) & (o.kind[owner] == TRAFFICKING)]
            silent += len(ours[~o.posts[ours]])
            posting += int(weight[ours[o.posts[ours]]].sum()) // 1000
            of = dict(zip(tables["adverts"]["advert"], past["adverts"].operation, strict=True))
            queued = weight[[of[advert] for advert in tables["queue"]["advert"]]] / 1000
            harmful += queued[tables["queue"]["harmful"]].sum()
            others += queued[~np.asarray(tables["queue"]["harmful"])].sum()
        found.append((silent, posting, harmful, others))
    natural, made = np.array(found)
    assert abs(made / natural - 1)[:2].max() < 0.15
    assert all(0.2 <= harmful / (harmful + others) <= 0.36 for _, _, harmful, others in found)


def test_odds_are_those_of_the_world_whatever_the_size() -> None:
    natural, of_forms = operations(WORLD, 1), operations(OF_FORMS, 1)
    assert (natural.kind_log == of_forms.kind_log).all()
    assert (natural.category_log == of_forms.category_log).all()
    laws = natural.life.law, of_forms.life.law
    assert all(
        (getattr(laws[0], name) == getattr(laws[1], name)).all() for name in ("form_log", "chances", "says")
    )


def test_investigations_stop_or_pause() -> None:
    local = np.arange(4000)
    first, last, ends = local % 700, local % 700 + 30, local % 700 + 100
    day = first + local % 200
    left = disturb(WORLD.region(0), local, day, first, last, ends)
    inside = (day <= ends) & (day < DAYS)
    pauses = left.quiet < UNDISTURBED
    assert (left.stopped | pauses).tolist() == inside.tolist()
    assert not (left.stopped & pauses).any()
    assert 0.66 < left.stopped[inside].mean() < 0.74
    assert (left.ends[left.stopped] >= np.minimum(day, ends)[left.stopped]).all()
    assert np.median((left.ends - day)[left.stopped]) < 14
    assert (left.last <= left.ends).all()
    assert (left.last >= first + 3).all()
    untouched = ~left.stopped
    assert (left.ends[untouched] == ends[untouched]).all()
    assert (left.last[untouched] == last[untouched]).all()
    assert (left.quiet[pauses] == day[pauses]).all()
    assert (left.again[pauses] > day[pauses]).all()


def test_a_lawful_group_that_is_investigated_fares_as_others_do(regions: list[Drawn]) -> None:
    """The rule sees no kind: what befalls an operation stays, whatever it is said to be."""
    for one in regions[:4]:
        o, region = one.past["operations"], one.region
        local = np.arange(len(o.id))
        day = draw_investigated(region, local, np.full(len(local), TRAFFICKING), o.first_day)
        every = disturb(region, local, day, o.first_day, o.last_day, o.ends)
        happened = o.disturbed.stopped & (o.kind == TRAFFICKING)
        assert every.stopped[happened].all()
        assert every.stopped[o.kind != TRAFFICKING].sum() > 2


def test_nothing_is_posted_after_a_stop(regions: list[Drawn]) -> None:
    for past, tables in ((one.past, one.tables) for one in regions[:4]):
        o = past["operations"]
        posted = tables["adverts"].join(pl.DataFrame({"operation": o.id, "ends": o.ends}), on="operation")
        assert posted.filter(pl.col("minute") // MINUTES_A_DAY > pl.col("ends")).is_empty()


def test_a_pause_takes_the_adverts_of_its_days_and_no_others(regions: list[Drawn]) -> None:
    """Everybody is made to pause for ten days."""
    past, tables = regions[0].past, regions[0].tables
    o = past["operations"]
    quiet = o.first_day + 5
    paused = replace(o, disturbed=replace(o.disturbed, quiet=quiet, again=quiet + 10))
    _, made = ADVERTS.generate(WORLD.region(0), Past({**past, "operations": paused}))
    days = pl.DataFrame({"operation": o.id, "quiet": quiet})
    known = tables["adverts"].join(days, on="operation")
    inside = (pl.col("minute") // MINUTES_A_DAY).is_between("quiet", pl.col("quiet") + 9)
    # Who does pause by itself is silent on other days as well.
    itself = o.id[o.disturbed.quiet < UNDISTURBED].tolist()
    others = ~pl.col("operation").is_in(itself)
    found = pl.DataFrame(made["adverts"]).filter(others)["advert"]
    assert sorted(found) == sorted(known.filter(~inside, others)["advert"])
    assert known.filter(inside).height > 100


def test_the_authorities_find_those_who_are_there_when_it_is_stopped(regions: list[Drawn]) -> None:
    found = []
    for past, tables in ((one.past, one.tables) for one in regions[:4]):
        o = past["operations"]
        stopped = pl.DataFrame({"operation": o.id[o.disturbed.stopped], "ends": o.ends[o.disturbed.stopped]})
        people = tables["people"].filter(role="exploited").join(stopped, on="operation").drop_nulls("to_day")
        assert (people["to_day"] <= people["ends"]).all()
        found.append(people.select(last=pl.col("to_day") == pl.col("ends"), by="exit"))
    every = pl.concat(found)
    assert (every.filter("last")["by"] == "authorities").all()
    assert every["last"].mean() > 0.2  # type: ignore[operator]


def test_armed_groups_use_hidden_sites(regions: list[Drawn]) -> None:
    past = regions[0].past
    o, places, region = past["operations"], past["places"], WORLD.region(0)
    usual = site_weights(region, places)[o.family]
    number = list(region["operations.organisation"]).index(ARMED)
    armed = replace(o, organisation=np.full(len(o.id), number))
    moved = operation_site_weights(region, places, armed)
    hidden = np.isin(np.array(places.kinds)[places.platform_kind], ["darknet", "messaging"])
    some = usual[:, hidden].max(axis=1) > 1
    assert some.any()
    assert (moved[:, hidden].sum(axis=1) > 2 * usual[:, hidden].sum(axis=1))[some].all()
    assert ((usual <= 1) == (moved <= 1))[:, hidden].all()
