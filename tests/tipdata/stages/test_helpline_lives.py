"""Data 0.5.0: contacts follow the life of the operation, notes tell of forms, and some callers name a contact."""

from itertools import chain

import numpy as np
import polars as pl
import pytest
from tipdata.core.kinds import FAMILIES, LANGUAGES, TRAFFICKING
from tipdata.core.world import World
from tipdata.stages import Past, draw_tables
from tipdata.stages.helpline.cases import NEEDS, CaseKinds, Cases, HelplineEvidence, draw_fact_bits
from tipdata.stages.helpline.notes import OTHER_POOLS, TOPICS, UNFIT, KnownFacts, draw_topics, read_notes
from tipdata.stages.operations.policy import Life
from tipdata.text.facts import facts_of

WORLD = World.of("0.5.0", 1)
STAGES = ("places", "operations", "accounts", "adverts", "messages", "suppliers", "people", "helpline")
Draw = tuple[Past, dict[str, pl.DataFrame]]


@pytest.fixture(scope="module")
def drawn() -> list[Draw]:
    return [draw_tables(WORLD.region(index), STAGES) for index in range(6)]


@pytest.fixture(scope="module")
def contacts(drawn: list[Draw]) -> pl.DataFrame:
    """Contacts of all regions with the form of the operation, and what lawful callers are in its place."""
    forms = pl.concat(t["operations"].select("operation", "form") for _, t in drawn)
    made = pl.concat(
        t["contacts"].with_columns(spoken_of=pl.lit(LANGUAGES[past["operations"].majority]))
        for past, t in drawn
    )
    return made.join(forms, on="operation", how="left").with_columns(group=pl.coalesce("form", "kind"))


def _cases(past: Past, people: int) -> Cases:
    """As many people of every trafficking operation, each with one contact."""
    owners = np.flatnonzero(past["operations"].kind == TRAFFICKING)
    zeros = np.zeros(len(owners) * people, dtype=np.int64)
    made = dict.fromkeys(Cases.__dataclass_fields__, zeros)
    return Cases(
        **{
            **made,
            "local": np.arange(len(zeros)),
            "person": np.arange(len(zeros)),
            "operation": np.repeat(owners, people),
        }
    )


@pytest.mark.parametrize("fact", ["lives_at_work", "weeks_owed", "employer_aware"])
def test_a_share_of_people_have_a_fact_by_what_decided_the_life(fact: str, drawn: list[Draw]) -> None:
    region, past = WORLD.region(0), drawn[0][0]
    o, c = past["operations"], _cases(past, 200)
    assert isinstance(o.facts, Life)
    bits = draw_fact_bits(region, c, o, fact, 3)
    for f, family in enumerate(FAMILIES):
        here = o.family[c.operation] == f
        followed = region["helpline.follows"][fact].get(family)
        if followed:
            number = [one.name for one in facts_of(family)].index(followed)
            same = bits[here] == o.facts.state.words[number, c.operation[here]]
            assert abs(same.mean() - region["helpline.coupled"]) < 0.03
        else:
            assert len(np.unique(bits[here])) == here.sum()


def test_no_two_facts_follow_the_same_and_none_what_a_need_hangs_on() -> None:
    """Else the posterior, which multiplies what facts say given kind, phase, danger and needs, would be none."""
    region = WORLD.region(0)
    follows = region["helpline.follows"]
    for family in FAMILIES:
        taken = [by[family] for by in follows.values() if family in by]
        if "people.control_by" in region.world.parameters:
            free = ("excessive_hours", "psychological_abuse", "false_promises")
            taken += {
                fact for means, fact in region["people.control_by"][family].items() if means not in free
            }
        assert len(set(taken)) == len(taken), family


def test_what_a_topic_says_of_kinds_adds_up_to_one(drawn: list[Draw]) -> None:
    region, past = WORLD.region(0), drawn[0][0]
    kinds, book = CaseKinds.of(region), read_notes("en")
    c = _cases(past, 400)
    known = KnownFacts(
        {
            "sector": ["office"] * len(c.local),
            "free_to_leave": [None] * len(c.local),
            "lives_at_work": [None] * len(c.local),
        },
        len(c.local),
        {"work": np.full(len(c.local), -1)},
    )
    seen = HelplineEvidence.none(len(c.local), len(kinds.names))
    topic = draw_topics(region, book, c, known, seen)
    law = {sentence: np.exp(seen.kind[topic == sentence][0] / 1000) for sentence in np.unique(topic)}
    household = np.arange(len(book.topics))[-6:]
    assert not np.isin(topic, household).any()  # beside work in an office none is said
    assert len(law) == 1 + len(book.topics) - len(household)
    assert np.abs(sum(law.values()) - 1).max() < 0.01


def test_whose_form_a_sentence_does_not_fit_has_it_in_no_note(contacts: pl.DataFrame) -> None:
    unfit, checked = WORLD.region(0)[UNFIT], 0
    for (form, language), frame in contacts.group_by("group", "spoken_of"):
        book = read_notes(str(language))
        said = "\n".join(frame["narrative"])
        for pool, by_form in unfit.items():
            for sentence in by_form.get(form, []):
                checked += 1
                own = any(
                    number == book.pools[pool][sentence]
                    for other in chain(NEEDS, OTHER_POOLS)
                    if other != pool
                    for number in np.delete(book.pools[other], unfit.get(other, {}).get(form, []))
                )
                assert own or book.strings[book.pools[pool][sentence]] not in said
    assert checked > 20


def test_topics_go_with_forms_and_lawful_callers_have_all(contacts: pl.DataFrame) -> None:
    rates = dict(contacts.group_by("group").agg(pl.col("topic").is_not_null().mean()).iter_rows())
    assert rates["forced_criminality"] > 0.3
    assert 0.1 < rates["worker"] < 0.3
    lawful = contacts.filter(pl.col("operation").is_null()).drop_nulls("topic")
    assert set(lawful["topic"]) == set(TOPICS)
    compounds = contacts.filter(pl.col("group") == "forced_criminality").drop_nulls("topic")
    assert (compounds["topic"] == "quota").mean() > 0.6  # type: ignore[operator]


@pytest.mark.parametrize("column", ["topic", "lives_at_work", "known_contact"])
def test_needs_are_as_likely_as_the_posterior_says(column: str, contacts: pl.DataFrame) -> None:
    part = contacts.drop_nulls(column)
    for need in NEEDS:
        p = 1 / (1 + np.exp(-part[f"log_odds_{need}"].to_numpy() / 1000))
        y = part["needs"].list.contains(need).to_numpy()
        # People who call again count twice.
        assert abs(y.sum() - p.sum()) < 4 * np.sqrt(2 * (p * (1 - p)).sum()), need


def test_a_known_contact_is_one_that_adverts_of_the_operation_or_of_a_lawful_one_showed(
    drawn: list[Draw], contacts: pl.DataFrame
) -> None:
    for _, t in drawn:
        shown = t["adverts"].select("operation", "contacts").explode("contacts").unique()
        lawful = t["operations"].filter(pl.col("kind").is_in(["business", "independent"])).select("operation")
        named = t["contacts"].drop_nulls("known_contact").select("operation", contacts="known_contact")
        own = named.drop_nulls("operation")
        assert own.join(shown, on=["operation", "contacts"], how="anti").is_empty()
        others = named.filter(pl.col("operation").is_null())
        assert others.join(shown.join(lawful, on="operation"), on="contacts", how="anti").is_empty()
    exploited = contacts["operation"].is_not_null()
    rates = [contacts.filter(who)["known_contact"].is_not_null().mean() for who in (exploited, ~exploited)]
    assert all(0.02 < rate < 0.2 for rate in rates)  # type: ignore[operator]
    assert abs(rates[0] - rates[1]) < 0.06  # type: ignore[operator]
