"""Claims about contacts with the helpline: who, when, what is needed, what notes tell, and the posterior."""

from itertools import chain, product

import numpy as np
import polars as pl
import pytest
from shared_regions import WORLD, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.draw import log, sigmoid
from tipdata.core.kinds import FAMILIES, LANGUAGES, TRAFFICKING
from tipdata.core.world import MINUTES_A_DAY
from tipdata.stages import Past
from tipdata.stages.helpline.cases import (
    BLOCKS,
    KINDS,
    NEEDS,
    PHASES,
    CaseKinds,
    Cases,
    HelplineEvidence,
    NeedModel,
    cells_of,
    draw_fact_bits,
    log_total,
    need_posterior,
)
from tipdata.stages.helpline.notes import OTHER_POOLS, TOPICS, UNFIT, KnownFacts, draw_topics, read_notes
from tipdata.text.documents import read_document
from tipdata.text.facts import fact_number


@pytest.fixture(scope="module")
def contacts(world: Tables) -> pl.DataFrame:
    return world["contacts"]


def test_a_region_has_about_150_contacts_in_ten_documented_weeks(contacts: pl.DataFrame) -> None:
    by_region = contacts.group_by("region").agg(pl.len(), weeks=(pl.col("minute") // (7 * 1440)).n_unique())
    assert by_region["len"].is_between(110, 200).all()
    assert by_region["len"].mean() == pytest.approx(150, abs=15)
    assert (by_region["weeks"] == 10).all()


def test_exploited_people_are_adults_of_the_people_table_and_nobody_else_is(regions: list[Drawn]) -> None:
    for t in (one.tables for one in regions[:4]):
        exploited = t["contacts"].filter(pl.col("operation").is_not_null())
        found = exploited.join(t["people"], on="person", how="left", suffix="_of_person")
        assert (found["operation"] == found["operation_of_person"]).all()
        assert (found["role"] == "exploited").all()
        assert not found["age_band"].is_in(["0-8", "9-17"]).any()
        others = t["contacts"].filter(pl.col("operation").is_null())
        assert others.join(t["people"], on="person", how="semi").is_empty()
        assert set(others["kind"]) == {"worker", "enquiry"}


def test_the_phase_of_those_exploited_is_the_time_since_their_exit(regions: list[Drawn]) -> None:
    for t in (one.tables for one in regions[:4]):
        joined = t["contacts"].join(t["people"].select("person", "to_day"), on="person")
        since = joined["minute"] // 1440 - joined["to_day"]
        inside = (since < 0).fill_null(True)
        assert (inside == (joined["phase"] == "inside")).all()
        told = joined["days_since_leaving"].is_not_null()
        assert (joined["days_since_leaving"].filter(told) == since.filter(told)).all()
        assert (since.filter(joined["phase"] == "fresh") <= 14).all()
        assert (since.filter(joined["phase"] == "months") > 90).all()


def test_people_call_again_and_mostly_need_the_same(contacts: pl.DataFrame) -> None:
    again = contacts.filter(pl.len().over("person") > 1).sort("person", "minute")
    assert 0.2 < again.height / contacts.height < 0.6
    first, later = (
        again.group_by("person", maintain_order=True).agg(pl.col("needs").get(i))["needs"] for i in (0, 1)
    )
    same = [set(a) == set(b) for a, b in zip(first, later, strict=True)]
    assert 0.5 < np.mean(same) < 1.0
    known = again.filter("repeat_contact")
    assert not contacts.filter(pl.len().over("person") == 1)["repeat_contact"].any()
    assert 0.5 < known.height / (again.height - again["person"].n_unique()) < 0.9


def _rate(frame: pl.DataFrame, need: str) -> float:
    return frame["needs"].list.contains(need).to_numpy().mean()


@pytest.mark.parametrize(
    ("one", "other"), [("shelter", "safety"), ("wages", "legal"), ("papers", "interpreting")]
)
def test_needs_go_together(one: str, other: str, contacts: pl.DataFrame) -> None:
    has = pl.col("needs").list.contains(one)
    assert _rate(contacts.filter(has), other) > 1.1 * _rate(contacts.filter(~has), other)


def test_lawful_workers_share_every_need_and_every_mark(contacts: pl.DataFrame) -> None:
    workers = contacts.filter(pl.col("kind") == "worker")
    assert all(_rate(workers, need) > 0.05 for need in NEEDS)
    for mark in ("threat_reported", "lives_at_work", "employer_aware", "health_concern"):
        assert workers[mark].mean() > 0.1  # type: ignore[operator]
    assert (workers["urgency"] == 2).any()


def test_urgency_rises_with_danger_and_falls_with_time_since_leaving(contacts: pl.DataFrame) -> None:
    urgent = pl.col("urgency") == 2
    by_danger = contacts.group_by("danger").agg(urgent.mean()).sort("danger")["urgency"].to_list()
    assert by_danger == sorted(by_danger)
    exploited = contacts.filter(pl.col("operation").is_not_null())
    by_phase = dict(exploited.group_by("phase").agg(urgent.mean()).iter_rows())
    assert by_phase["fresh"] > by_phase["weeks"] > by_phase["months"]


def test_facts_are_missing_more_often_where_no_interpreter_was_at_hand(contacts: pl.DataFrame) -> None:
    gaps = pl.col("holds_papers").is_null().mean()
    own = contacts.filter(
        pl.col("interpreter_used") | (pl.col("language") == pl.col("language").mode().first().over("region"))
    )
    rest = contacts.join(own, on="contact", how="anti")
    assert rest.select(gaps).item() > own.select(gaps).item() + 0.05


def test_dependants_are_a_null_cue(contacts: pl.DataFrame) -> None:
    known = contacts.drop_nulls("dependants")
    for need in NEEDS:
        rates = [_rate(known.filter(pl.col("dependants") == value), need) for value in (True, False)]
        assert abs(rates[0] - rates[1]) < 0.09, need


def test_notes_are_two_to_four_listed_sentences_of_the_regions_language(contacts: pl.DataFrame) -> None:
    for region, frame in contacts.group_by("region"):
        codes = [
            c
            for c in LANGUAGES
            if set(_split(frame["narrative"][0], c) or [""]) <= set(read_notes(c).strings)
        ]
        assert len(codes) == 1, region
        for text in frame["narrative"]:
            parts = _split(text, codes[0])
            assert 2 <= len(parts) <= 4, text
            assert len(set(parts)) == len(parts), text
            assert set(parts) <= set(read_notes(codes[0]).strings), text


def _split(text: str, code: str) -> list[str]:
    end = "。" if code == "zh" else "."
    return [f"{part.strip()}{end}" for part in text.split(end) if part.strip()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_pools_of_the_same_length(language: str) -> None:
    def shape(node: object) -> object:
        if isinstance(node, dict):
            return {k: shape(v) for k, v in node.items()}
        return len(set(node)) if isinstance(node, list) else None

    assert shape(read_document(f"notes/{language}")) == shape(read_document("notes/en"))
    assert set(read_document(f"notes/{language}")["needs"]) == set(NEEDS)


def test_sentences_overlap_between_needs() -> None:
    for language in LANGUAGES:
        pools = read_notes(language).pools
        shared = [set(pools[a]) & set(pools[b]) for a, b in product(NEEDS, NEEDS) if a < b]
        assert sum(len(s) == 2 for s in shared) == 4


def test_log_total_is_the_log_of_the_sum_of_exponentials() -> None:
    values = np.random.default_rng(0).integers(-9000, 0, (200, 75))
    exact = 1000 * np.log(np.exp(values / 1000).sum(axis=1))
    assert np.abs(log_total(values) - exact).max() < 6


def test_the_posterior_is_what_adding_up_every_hidden_state_gives() -> None:
    """A model of two circumstances by brute force over all needs, in floats (Bayes' theorem, term by term)."""
    generator = np.random.default_rng(1)
    cells, n = 75, 20
    m = NeedModel(
        logit=generator.integers(-2000, 1000, (cells, len(NEEDS))),
        foreign=generator.integers(0, 1000, len(NEEDS)),
        effect={h: generator.integers(0, 1500, len(NEEDS)) for h in ("earnings", "documents", "authorities")},
        prior=generator.integers(-6000, -3000, (2, cells)),
        circumstance={
            h: generator.integers(5000, 40000, cells) for h in ("earnings", "documents", "authorities")
        },
        urgency=log(generator.integers(5000, 30000, (cells, 3))),
    )
    foreign = generator.random(n) < 0.5
    seen = HelplineEvidence.none(n)
    for array in (seen.need, seen.kind, seen.phase, seen.danger):
        array += generator.integers(-3000, 0, array.shape)
    odds, urgent = need_posterior(m, foreign, seen)
    expected, expected_urgent = _brute_force(m, foreign, seen)
    assert np.abs(odds - expected).max() < 40
    assert np.abs(urgent - expected_urgent).max() < 40


def _brute_force(m: NeedModel, foreign: np.ndarray, seen: HelplineEvidence) -> tuple[np.ndarray, np.ndarray]:
    hidden_of = {need: hidden for needs, hidden in BLOCKS for need in needs}
    hidden = ("earnings", "documents", "authorities")
    cell = np.array(list(product(range(len(KINDS)), range(len(PHASES)), range(3))))
    mass = np.zeros((len(foreign), len(NEEDS), 2))
    urgency = np.zeros((len(foreign), 3))
    for i, other in enumerate(foreign):
        at = (
            m.prior[int(other)]
            + seen.kind[i, cell[:, 0]]
            + seen.phase[i, cell[:, 1]]
            + seen.danger[i, cell[:, 2]]
        )
        for state in product((0, 1), repeat=3):
            p = np.exp(at / 1000)
            for h, s in zip(hidden, state, strict=True):
                share = m.circumstance[h] / 65536
                p = p * (share if s else 1 - share)
            terms = np.zeros((len(cell), len(NEEDS), 2))
            for k, need in enumerate(NEEDS):
                effects = sum(
                    m.effect[h][k] * s for h, s in zip(hidden, state, strict=True) if h in hidden_of[need]
                )
                present = sigmoid(m.logit[:, k] + effects + m.foreign[k] * int(other)) / 65536
                terms[:, k] = np.stack([1 - present, present], axis=1) * np.exp(
                    seen.need[i, k][:, cell[:, 0]].T / 1000
                )
            whole = terms.sum(axis=2)
            total = p * whole.prod(axis=1)
            for k in range(len(NEEDS)):
                mass[i, k] += ((total / whole[:, k])[:, None] * terms[:, k]).sum(axis=0)
            urgency[i] += total @ np.exp(m.urgency / 1000)
    rest = urgency[:, 0] + urgency[:, 1]
    return 1000 * np.log(mass[..., 1] / mass[..., 0]), 1000 * np.log(urgency[:, 2] / rest)


def test_a_cell_is_numbered_by_kind_phase_and_danger() -> None:
    ones = np.ones(1, dtype=np.int64)
    fields = dict.fromkeys(Cases.__dataclass_fields__, ones)
    assert cells_of(
        Cases(**{**fields, "kind": ones * 4, "phase": ones * 4, "danger": ones * 2})
    ).tolist() == [74]


def test_settled_days_lie_after_the_contact_and_some_cases_never_settle(contacts: pl.DataFrame) -> None:
    settled = contacts.drop_nulls("settled_day")
    assert (settled["settled_day"] > settled["minute"] // 1440).all()
    assert 0.5 < settled.height / contacts.height < 0.8


DAY = pl.col("minute") // MINUTES_A_DAY


def test_who_was_exploited_calls_after_getting_out_or_in_the_last_days_before(callers: pl.DataFrame) -> None:
    since = DAY - pl.col("to_day")
    first = callers.filter(pl.col("minute") == pl.col("minute").min().over("person"))
    out = first.filter((since >= 0).fill_null(False))
    assert out.height > 0.8 * first.height
    assert out.select((since <= 365).mean()).item() > 0.95
    assert (callers["from_day"] <= callers.select(DAY).to_series()).all()
    inside = first.join(out, on="contact", how="anti")
    soon = inside.filter(pl.col("to_day").is_not_null())
    assert soon.height > 5
    assert soon.select(((pl.col("to_day") - DAY) <= 21).mean()).item() > 0.9
    assert inside["danger"].mean() > out["danger"].mean() + 0.4  # type: ignore[operator]


def test_nobody_calls_who_was_handed_on_to_others(callers: pl.DataFrame) -> None:
    assert not (callers["exit"] == "moved_on").any()


def test_calls_of_a_person_cluster(contacts: pl.DataFrame) -> None:
    ordered = contacts.sort("person", "minute")
    apart = ordered.select(DAY.diff().over("person")).to_series().drop_nulls()
    assert (apart >= 1).mean() > 0.95  # type: ignore[operator]
    week = apart.filter(apart < 7)
    assert 0.3 < len(week) / len(apart) < 0.8
    assert (week <= 2).mean() > 0.6  # type: ignore[operator]


def test_fewer_call_at_the_weekend_and_more_in_summer(contacts: pl.DataFrame) -> None:
    weekend = contacts.select((DAY % 7).is_in([5, 6]).mean()).item()
    assert 0.14 < weekend < 0.26
    by_week = (
        contacts.group_by("region", week=DAY // 7).len().with_columns(month=pl.col("week") * 7 % 365 // 30)
    )
    summer = by_week.filter(pl.col("month").is_between(4, 8))["len"].mean()
    winter = by_week.filter(pl.col("month").is_in([0, 1, 10, 11]))["len"].mean()
    assert summer > 1.05 * winter  # type: ignore[operator]


def test_as_many_signals_become_cases_as_published(contacts: pl.DataFrame, world: Tables) -> None:
    """Published: 18 of 100. The table held a third of all signals, and repeats were forgotten: 10 of 100 did."""
    weeks = contacts.select("region", week=DAY.cast(pl.Int32) // 7).unique()
    market = world["market"].with_columns(week=pl.col("day") // 7)
    signals = market.join(weeks, on=["region", "week"], how="semi")["contacts"].sum()
    assert 0.4 < contacts.height / signals < 0.7
    cases = contacts.drop_nulls("operation")["person"].n_unique()
    assert 0.14 < cases / signals < 0.23


def test_whose_papers_are_withheld_never_holds_them(contacts: pl.DataFrame) -> None:
    told = contacts.drop_nulls("holds_papers")
    assert told["documents_withheld"].sum() > 80
    holds = dict(told.group_by("documents_withheld").agg(pl.col("holds_papers").mean()).iter_rows())
    assert holds[True] == 0
    assert holds[False] > 0.7


def test_what_was_withheld_is_what_the_people_table_says(callers: pl.DataFrame) -> None:
    used = callers["means_of_control"].list
    assert (callers["documents_withheld"] == used.contains("withholds_documents")).all()
    assert (
        callers["earnings_withheld"] == (used.contains("takes_earnings") | used.contains("debt_bondage"))
    ).all()


@pytest.mark.parametrize(
    ("category", "sector"),
    [
        ("agricultural", "agriculture"),
        ("construction", "construction"),
        ("companionship", "personal_services"),
    ],
)
def test_sector_is_mostly_the_operations(category: str, sector: str, callers: pl.DataFrame) -> None:
    here = callers.filter(pl.col("category") == category).drop_nulls("sector")
    assert here.height > 8
    assert (here["sector"] == sector).mean() > 0.6  # type: ignore[operator]


def test_domestic_servitude_is_a_kind_of_labour(callers: pl.DataFrame, world: Tables) -> None:
    form = callers.join(world["operations"].select("operation", "form"), on="operation")
    kinds = {f: set(part["kind"]) for (f,), part in form.group_by("form")}
    assert kinds["domestic_servitude"] == kinds["labour"] == {"labour"}
    assert kinds["sexual"] == {"services"}


@pytest.mark.parametrize("need", [*NEEDS, "urgent"])
def test_log_odds_are_calibrated(need: str, contacts: pl.DataFrame) -> None:
    p = 1 / (1 + np.exp(-contacts[f"log_odds_{need}"].to_numpy() / 1000))
    truth = contacts["urgency"] == 2 if need == "urgent" else contacts["needs"].list.contains(need)
    truth = truth.to_numpy()
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 1.0)):
        inside = (p >= low) & (p < high)
        spread = np.sqrt((p[inside] * (1 - p[inside])).sum())
        # Who calls again counts twice, and regions' own mixes of people differ a little from their weights.
        assert abs(truth[inside].sum() - p[inside].sum()) < 5 * spread + 0.02 * inside.sum(), (low, high)


@pytest.fixture(scope="module")
def by_form(regions: list[Drawn], contacts: pl.DataFrame, world: Tables) -> pl.DataFrame:
    """Contacts with ``group``, the form of the operation or what lawful callers are; and the language of the notes."""
    forms = world["operations"].select("operation", "form")
    spoken = pl.DataFrame(
        {
            "region": [one.region.index for one in regions],
            "spoken_of": [LANGUAGES[one.past["operations"].majority] for one in regions],
        },
        schema_overrides={"region": contacts.schema["region"]},
    )
    made = contacts.join(forms, on="operation", how="left").join(spoken, on="region")
    return made.with_columns(group=pl.coalesce("form", "kind"))


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
def test_a_share_of_people_have_a_fact_by_what_decided_the_life(fact: str, regions: list[Drawn]) -> None:
    region, past = WORLD.region(0), regions[0].past
    o, c = past["operations"], _cases(past, 200)
    bits = draw_fact_bits(region, c, o, fact, 3)
    for f, family in enumerate(FAMILIES):
        here = o.family[c.operation] == f
        followed = region["helpline.follows"][fact].get(family)
        if followed:
            same = bits[here] == o.life.state.words[fact_number(family, followed), c.operation[here]]
            assert abs(same.mean() - region["helpline.coupled"]) < 0.03
        else:
            assert len(np.unique(bits[here])) == here.sum()


def test_no_two_facts_follow_the_same_and_none_what_a_need_hangs_on() -> None:
    """Else the posterior, which multiplies what facts say given kind, phase, danger and needs, would be none."""
    region = WORLD.region(0)
    follows = region["helpline.follows"]
    for family in FAMILIES:
        taken = [by[family] for by in follows.values() if family in by]
        free = ("excessive_hours", "psychological_abuse", "false_promises")
        taken += {fact for means, fact in region["people.control_by"][family].items() if means not in free}
        assert len(set(taken)) == len(taken), family


def test_what_a_topic_says_of_kinds_adds_up_to_one(regions: list[Drawn]) -> None:
    region, past = WORLD.region(0), regions[0].past
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


def test_whose_form_a_sentence_does_not_fit_has_it_in_no_note(by_form: pl.DataFrame) -> None:
    unfit, checked = WORLD.region(0)[UNFIT], 0
    for (form, language), frame in by_form.group_by("group", "spoken_of"):
        book = read_notes(str(language))
        said = "\n".join(frame["narrative"])
        for pool, listed in unfit.items():
            for sentence in listed.get(form, []):
                checked += 1
                own = any(
                    number == book.pools[pool][sentence]
                    for other in chain(NEEDS, OTHER_POOLS)
                    if other != pool
                    for number in np.delete(book.pools[other], unfit.get(other, {}).get(form, []))
                )
                assert own or book.strings[book.pools[pool][sentence]] not in said
    assert checked > 20


def test_topics_go_with_forms_and_lawful_callers_have_all(by_form: pl.DataFrame) -> None:
    rates = dict(by_form.group_by("group").agg(pl.col("topic").is_not_null().mean()).iter_rows())
    assert rates["forced_criminality"] > 0.3
    assert 0.1 < rates["worker"] < 0.3
    lawful = by_form.filter(pl.col("operation").is_null()).drop_nulls("topic")
    assert set(lawful["topic"]) == set(TOPICS)
    compounds = by_form.filter(pl.col("group") == "forced_criminality").drop_nulls("topic")
    assert (compounds["topic"] == "quota").mean() > 0.6  # type: ignore[operator]


@pytest.mark.parametrize("column", ["topic", "lives_at_work", "known_contact"])
def test_needs_are_as_likely_as_the_posterior_says(column: str, by_form: pl.DataFrame) -> None:
    part = by_form.drop_nulls(column)
    for need in NEEDS:
        p = 1 / (1 + np.exp(-part[f"log_odds_{need}"].to_numpy() / 1000))
        y = part["needs"].list.contains(need).to_numpy()
        # People who call again count twice.
        assert abs(y.sum() - p.sum()) < 4 * np.sqrt(2 * (p * (1 - p)).sum()), need


def test_a_known_contact_is_one_that_adverts_of_the_operation_or_of_a_lawful_one_showed(
    regions: list[Drawn], by_form: pl.DataFrame
) -> None:
    for t in (one.tables for one in regions):
        shown = t["adverts"].select("operation", "contacts").explode("contacts").unique()
        lawful = t["operations"].filter(pl.col("kind").is_in(["business", "independent"])).select("operation")
        named = t["contacts"].drop_nulls("known_contact").select("operation", contacts="known_contact")
        own = named.drop_nulls("operation")
        assert own.join(shown, on=["operation", "contacts"], how="anti").is_empty()
        others = named.filter(pl.col("operation").is_null())
        assert others.join(shown.join(lawful, on="operation"), on="contacts", how="anti").is_empty()
    exploited = by_form["operation"].is_not_null()
    rates = [by_form.filter(who)["known_contact"].is_not_null().mean() for who in (exploited, ~exploited)]
    assert all(0.02 < rate < 0.2 for rate in rates)  # type: ignore[operator]
    assert abs(rates[0] - rates[1]) < 0.06  # type: ignore[operator]
