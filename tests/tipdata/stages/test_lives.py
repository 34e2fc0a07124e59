"""Data 0.5.0: what operations live and what they say of it, and the exact law of both."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tipdata.core import world as world_module
from tipdata.core.draw import ONE, log_sum
from tipdata.core.kinds import FAMILIES, KINDS, TRAFFICKING
from tipdata.core.world import World
from tipdata.stages import Past, draw_tables
from tipdata.stages.adverts.claims import Claims, rule_out
from tipdata.stages.operations import habits, policy, state
from tipdata.stages.operations.facts import BY_ADOPTION, SILENT
from tipdata.stages.operations.policy import ALWAYS, Life, SayingLaw
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import array_shape, level_place, number_of
from tipdata.text.genre import genre

WORLD = World.of("0.5.0", 1)
Draw = tuple[Past, dict[str, pl.DataFrame]]


@pytest.fixture(scope="module")
def drawn() -> Draw:
    return draw_tables(WORLD.region(0), ("places", "operations", "accounts", "adverts"))


@pytest.fixture(scope="module")
def operations(drawn: Draw) -> Operations:
    return drawn[0]["operations"]


@pytest.fixture(scope="module")
def life(operations: Operations) -> Life:
    assert isinstance(operations.facts, Life)
    return operations.facts


@pytest.fixture(scope="module")
def said(drawn: Draw) -> Claims:
    return drawn[0]["adverts"].statements


def test_shares_of_all_that_may_be_seen_of_a_fact_add_up_to_one(life: Life) -> None:
    law = life.law
    category, fact, code = np.ogrid[: len(law.says), : law.says.shape[1], : law.levels + 1]
    seen = np.exp(law.code_logs(category, fact, code) / 1000).sum(axis=2)
    sayable = life.law.state.share.sum(axis=-1)[..., None] > 0
    # A level that cannot be said counts as one part in 65,536; logarithms are rounded to a thousandth.
    off = np.abs(np.where(sayable, seen, 1) - 1).max(axis=(0, 2, 3, 4))
    assert np.delete(off, number_of(BY_ADOPTION)).max() < 0.004


def test_the_posterior_of_an_advert_is_the_sum_over_all_lives_it_may_tell_of(
    operations: Operations, life: Life, said: Claims, drawn: Draw
) -> None:
    law, forms = life.law, len(operations.forms)
    adverts = drawn[0]["adverts"]
    for row in range(0, len(said.code), 400):
        owner = adverts.operation[row]
        c, migrant = operations.category[owner], operations.traits["migrant"][owner]
        fact = np.arange(said.code.shape[1])
        logs = law.code_logs(c, fact, said.code[row], said.brief[row]).sum(axis=0) / 1000
        profile = np.exp(law.profile[operations.family[owner]] / 1000)[:, :, None]
        by_speaker = (np.exp(logs) * profile * np.exp(law.verbosity[migrant] / 1000)).sum(axis=(1, 2))
        by_kind = np.r_[(by_speaker[:forms] * np.exp(law.form_log[c] / 1000)).sum(), by_speaker[forms:]]
        by_kind *= np.exp((operations.kind_log + operations.category_log[c]) / 1000)
        odds = np.log(by_kind[TRAFFICKING] / by_kind[TRAFFICKING + 1 :].sum())
        assert adverts.log_odds[row] / 1000 == pytest.approx(odds, abs=0.03)


def test_forms_differ_in_how_often_they_tour_and_their_kind_tours_as_often_as_ever() -> None:
    region = WORLD.region(0)
    share = dict(zip(region["operations.form"], habits.tour_shares(region).tolist(), strict=False))
    assert share["sexual"] > share["labour"] > 2 * share["domestic_servitude"]
    traits = region.group("operations.traits")[habits.TOURING]
    of_kind = habits.habit_shares(region, KINDS, traits, "parameter/trait/circuit")[:, 1]
    together = habits.form_shares(region) @ np.array(list(share.values())) / ONE
    assert together == pytest.approx(of_kind[TRAFFICKING], rel=0.01)
    assert (habits.tour_shares(region)[len(share) :] == of_kind[TRAFFICKING + 1 :]).all()


def test_what_is_said_by_those_who_tour_and_who_stay_adds_up_to_what_is_said(
    operations: Operations, life: Life
) -> None:
    code = np.where(life.said == SILENT, life.law.levels, life.said)
    category, migrant = operations.category, operations.traits["migrant"]
    total = life.law.log_of(code, category)
    either = [
        life.law.by_kind(
            total + policy.add_touring(life.law, code[:, number_of("stay")], category, tours),
            category,
            migrant,
        )
        for tours in (np.zeros_like(category), np.ones_like(category))
    ]
    both = log_sum(np.stack(either, axis=-1))
    assert both == pytest.approx(life.law.by_kind(total, category, migrant), abs=12)
    own = np.choose(operations.traits["circuit"][:, None], either)
    assert (own == life.log).all()


def test_the_number_of_facts_tells_nothing_of_the_kind_or_the_profile(life: Life) -> None:
    law = life.law
    category, fact = np.ogrid[: len(law.says), : law.says.shape[1]]
    p = 1 - np.exp(law.code_logs(category, fact, law.levels) / 1000)
    p[:, number_of(ALWAYS)] = 0
    weights = law.verbosity_weights.mean(axis=0) / ONE
    expected = (p.sum(axis=1) * weights).sum(axis=-1)
    centre = expected.mean(axis=(1, 2), keepdims=True)
    assert np.abs(expected / centre - 1).max() < 0.08


def test_the_law_makes_as_many_terse_writers_of_every_kind_and_more_among_migrants(life: Life) -> None:
    """Numbers of facts are distributed as sums of independent ones, given category, speaker, profile and verbosity."""
    law, forms = life.law, life.law.form_log.shape[1]
    category, fact = np.ogrid[: len(law.says), : law.says.shape[1]]
    p = 1 - np.exp(law.code_logs(category, fact, law.levels) / 1000)
    p[:, number_of(BY_ADOPTION)] = law.says[:, number_of(BY_ADOPTION)] / ONE
    p[:, number_of(ALWAYS)] = 1
    shares = np.zeros((p.shape[1] + 1, *p[:, 0].shape))
    shares[0] = 1
    for one in p.swapaxes(0, 1):
        shares[1:], shares[0] = shares[1:] * (1 - one) + shares[:-1] * one, shares[0] * (1 - one)
    most = WORLD.region(0).values("policy.terse", FAMILIES)[state.FAMILY]
    few = shares.cumsum(axis=0)[most, np.arange(len(most))]
    profile = np.exp(law.profile[state.FAMILY] / 1000)
    made = np.einsum("cspv,csp,mv->csm", few, profile, law.verbosity_weights / ONE)
    lawful = made[:, forms:-1].mean(axis=1)
    trafficking = np.einsum("cfm,cf->cm", made[:, :forms], np.exp(law.form_log / 1000))
    assert np.abs(trafficking - lawful).max() < 0.005
    for family in range(len(FAMILIES)):
        resident, migrant = lawful[family == state.FAMILY].mean(axis=0)
        assert 0.17 < resident < migrant - 0.04 < 0.3


def test_operations_that_post_and_usually_say_few_facts_are_marked_as_terse(
    life: Life, operations: Operations, drawn: Draw
) -> None:
    most = WORLD.region(0).values("policy.terse", FAMILIES)[operations.family]
    few = (life.said != SILENT).sum(axis=1) <= most
    assert (few & ~operations.posts).any()
    assert (drawn[1]["operations"]["terse"].to_numpy() == (few & operations.posts)).all()


def test_offenders_say_less_of_what_gives_them_away_and_claim_more(
    life: Life, operations: Operations
) -> None:
    told = {
        who: np.average(life.says[here] & (life.claim == life.state.level)[here])
        for who, here in (
            ("trafficking", operations.kind == TRAFFICKING),
            ("others", operations.kind != TRAFFICKING),
        )
    }
    false = life.says & (life.claim != life.state.level) & (life.claim != SILENT)
    assert told["trafficking"] < told["others"]
    assert false[operations.kind == TRAFFICKING].mean() > 5 * false[operations.kind != TRAFFICKING].mean()


def test_no_advert_says_what_does_not_go_together(said: Claims, operations: Operations, drawn: Draw) -> None:
    family = operations.family[drawn[0]["adverts"].operation]
    apart, level = genre().apart, said.level
    for first, second in np.argwhere(np.triu(apart.any(axis=(0, 2, 4)))):
        both = (level[:, first] != SILENT) & (level[:, second] != SILENT)
        clash = apart[family, first, np.maximum(level[:, first], 0), second, np.maximum(level[:, second], 0)]
        assert not (both & clash).any(), (first, second)


def test_the_code_of_an_unsaid_fact_names_what_others_ruled_out() -> None:
    level = np.full((1, array_shape()[0]), SILENT)
    (heads, one), (voice, we) = level_place("services", "heads=one"), level_place("services", "voice=we")
    level[0, [voice, heads]] = we, one
    made, code = rule_out(np.array([0]), level, np.array([False]))
    assert (made[0, voice], made[0, heads]) == (we, SILENT)
    assert (code[0, heads] - array_shape()[1]) >> one & 1


def test_a_template_departs_from_its_policy_in_few_facts(said: Claims, life: Life) -> None:
    usual = life.said[said.life]
    unlike = (said.level != usual) & (said.code < life.law.levels + 1) & ~said.brief[:, None]
    stated = (usual != SILENT).sum(axis=1).clip(1)
    assert np.median(unlike.sum(axis=1) / stated) <= 0.15


def test_brief_adverts_are_re_posts_of_a_line_or_two(drawn: Draw, said: Claims) -> None:
    adverts, brief = drawn[1]["adverts"], pl.Series(said.brief)
    words = adverts["body"].str.count_matches(r"\p{L}{2,}")
    assert not adverts.filter(brief)["parent"].is_null().any()
    assert 2 * np.median(words.filter(brief).to_numpy()) < np.median(words.filter(~brief).to_numpy())
    assert (said.level[said.brief, number_of(ALWAYS)] != SILENT).all()


def test_each_operation_words_with_one_set(drawn: Draw, said: Claims, operations: Operations) -> None:
    from tipdata.core.kinds import LANGUAGES
    from tipdata.text.cache import phrases

    words, owner = phrases(LANGUAGES, "wordbooks"), drawn[0]["adverts"].operation
    row, fact = np.nonzero(said.level != SILENT)
    language, family = operations.language[owner[row]], operations.family[owner[row]]
    frame = words.levels[language, family, fact, said.level[row, fact], said.frame[row, fact]]
    assert (words.sets[frame] == operations.wordbook[owner[row]]).all()


def test_two_statements_are_joined_in_small_letters_and_never_three(drawn: Draw) -> None:
    bodies = drawn[1]["adverts"].filter(pl.col("language") == "en")["body"].to_list()
    joined = [text for text in bodies if re.search(r"(, and|;) ", text)]
    assert len(joined) > len(bodies) / 10
    for text in joined:
        for one in re.split(r"[.!?|\n]", text):
            joins = re.findall(r"(?:, and|;) (I\b|.)", one)
            assert len(joins) <= 1, one
            assert all(after == "I" or not after.isupper() for after in joins), one


def test_a_coupled_draw_keeps_its_share_and_goes_with_the_state(life: Life) -> None:
    fact = number_of("fees")
    owner = np.repeat(np.arange(len(life.claim)), 200)
    g = np.random.default_rng(0)
    own = g.integers(0, 2**63, len(owner), dtype=np.uint64) * np.uint64(2)
    words = life.state.couple(fact, owner, own, g.random(len(owner)) < 0.7)
    happens = words > np.uint64(int(0.8 * 2**64))
    share = level_place("services", "fees=share")[1]
    here = life.state.level[owner, fact] == share
    assert happens.mean() == pytest.approx(0.2, abs=0.04)
    assert happens[here].mean() > 0.5


BROKEN: dict[str, tuple[str, Callable[[dict[str, Any]], Any], str]] = {
    "a level without a weight": ("state.law.all.voice", lambda v: {"i": v["i"]}, "its levels are i, we, agent"),
    "a profile of what is not there": ("state.profile.services.solo", lambda v: {"voice=us": 2}, "services has no voice=us"),
    "a policy of what is not there": ("policy.tells.all.voice", lambda v: {"me": v["agent"]}, "voice has no level me"),
    "claims of more than all": ("policy.claims.jobs.papers", lambda v: {"own": [0.9], "handled": [0.9]}, "add up to more than 1"),
    "a fact that nobody says": ("policy.readiness.jobs", lambda v: {k: x for k, x in v.items() if k != "papers"}, "how readily is papers said"),
    "a neutral fact that is none": ("policy.neutral.jobs", lambda v: ["pay"], "jobs has no fact pay"),
}  # fmt: skip
# ruff: noqa: E501 # one case a line


@pytest.mark.parametrize("case", BROKEN)
def test_an_unsound_state_or_policy_is_refused(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, change, said = BROKEN[case]
    listed = dict(WORLD.parameters)
    listed[path] = {**listed[path], "value": change(listed[path]["value"])}
    monkeypatch.setattr(world_module, "parameters", lambda version: listed)
    for kept in (state._world_law, policy._world_claims, policy._world_readiness):
        kept.cache_clear()
    other = replace(WORLD, seed=WORLD.seed + 1)
    with pytest.raises(ValueError, match=said):
        draw_tables(other.region(0), ("places", "operations"))


def test_every_kind_and_family_is_drawn(operations: Operations) -> None:
    assert set(operations.kind.tolist()) == set(range(len(KINDS)))
    assert set(operations.family.tolist()) == set(range(len(FAMILIES)))


def test_the_law_is_of_integers(life: Life) -> None:
    made: SayingLaw = life.law
    assert all(array.dtype.kind == "i" for array in (made.claims, made.says, made.chances))
