"""Case workers' notes agree with the coded facts and with themselves, and the posterior knows it."""

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from shared_regions import WORLD, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.draw import sigmoid
from tipdata.core.kinds import FAMILIES, KINDS, LANGUAGES, TRAFFICKING
from tipdata.core.world import World, parameters
from tipdata.stages.annotations import impressions
from tipdata.stages.helpline.cases import NEEDS
from tipdata.stages.helpline.notes import APART, KnownFacts, read_notes
from tipdata.stages.operations.facts import BY_MIGRATION, SILENT
from tipdata.stages.operations.habits import draw_levels
from tipdata.text.facts import facts_of, rules

RULES = parameters("0.5.0")[APART]["value"]


@pytest.fixture(scope="module")
def contacts(regions: list[Drawn]) -> list[tuple[str, pl.DataFrame]]:
    """The language of each region, and its contacts."""
    return [(LANGUAGES[one.past["operations"].majority], one.tables["contacts"]) for one in regions]


def contradictions(tables: list[tuple[str, pl.DataFrame]]) -> int:
    """Return how many notes say what the facts of their row exclude, counted from text and table alone."""
    count = 0
    for language, frame in tables:
        book = read_notes(language)
        frame = frame.with_columns(foreign=pl.col("language") != language)
        strings = book.strings
        for row in frame.to_dicts():
            count += any(
                strings[(book.opener[1] if pool == "opener_other" else book.pools[pool])[sentence]]
                in row["narrative"]
                and any(clashes(row, name, wanted) for name, wanted in rule["where"].items() if name in row)
                for pool, rules in RULES.items()
                for rule in rules
                for sentence in rule["said"]
            )
    return count


def clashes(row: dict, name: str, wanted: list | dict) -> bool:
    value = row[name]
    if value is None:
        return False
    if isinstance(wanted, dict):
        return wanted.get("from", value) <= value <= wanted.get("to", value)
    return {True: "yes", False: "no"}.get(value, value) in wanted


def test_no_note_contradicts_the_facts_of_its_contact(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    """With the coded facts of another contact beside each note, many would."""
    assert contradictions(contacts) == 0
    facts = ("holds_papers", "sector", "days_since_leaving", "free_to_leave", "lives_at_work")
    dealt = [
        (language, frame.with_columns(pl.col(name).shift(1) for name in facts))
        for language, frame in contacts
    ]
    assert contradictions(dealt) > sum(frame.height for _, frame in contacts) / 20


def test_papers_kept_by_others_are_not_held(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    """The readers' example, in their words."""
    english = pl.concat(frame for language, frame in contacts if language == "en")
    told = english.filter(
        pl.col("narrative").str.contains("The passport is kept by someone else", literal=True)
    )
    assert told.height > 5
    assert not told["holds_papers"].any()


def test_every_sentence_is_still_said(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    english = "\n".join(
        text for language, frame in contacts if language == "en" for text in frame["narrative"]
    )
    book = read_notes("en")
    old = np.delete(np.array(book.strings), book.topics)
    assert [one for one in old if one not in english] == []


def test_the_posterior_knows_what_is_ruled_out(contacts: list[tuple[str, pl.DataFrame]]) -> None:
    frame = pl.concat(frame for _, frame in contacts)
    for need in NEEDS:
        p = sigmoid(frame[f"log_odds_{need}"].to_numpy().astype(np.int64)) / 65536
        y = frame["needs"].list.contains(need).to_numpy()
        assert abs(p.mean() - y.mean()) < 4 * np.sqrt((p * (1 - p)).sum()) / len(y), need
        high = p > np.quantile(p, 0.8)
        assert abs(p[high].mean() - y[high].mean()) < 4 * np.sqrt((p * (1 - p))[high].sum()) / high.sum(), (
            need
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_tell_nobodys_sex(language: str) -> None:
    gendered = {
        "fr": r"\b(elle|partie|venue|conduite|comprise|(remarqu|accompagn|écout|pay|contact|retrouv|épuis)ée)\b",
        "es": r"\b(la encuentren|escuchada|la dejan|la llevaban)\b",
        "ru": r"\b(Вынужден|ушёл|ушла|Звонящий)\b",
        "ar": r"(^|\s)(يسأل|يطلب|يريد|يود|يخشى|يقول|غادر|خرج|لديه|وصلته|هاتفه|سفره|أجره)(\s|\.|$)",
    }
    planted = {"fr": "Est partie hier.", "es": "No la dejan salir.", "ru": "Давно ушёл.", "ar": "غادر أمس."}
    said = list(read_notes(language).strings)
    assert len(set(said)) == len(said)
    if language in gendered:
        assert re.search(gendered[language], planted[language])
        assert [one for one in said if re.search(gendered[language], one)] == []


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"said": [9], "where": {"sector": ["office"]}}, "a sentence that the pool does not have"),
        ({"said": [0], "where": {"weather": ["fine"]}}, "neither a fact nor a pool that comes earlier"),
        ({"said": [0, 1], "where": {"sector": ["office"]}}, "leaves some contact no sentence"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: dict, message: str) -> None:
    region = World.of("0.5.0").region(0)
    region._drawn[APART] = {"work": [rule]}
    known = KnownFacts({"sector": ["office", None]}, 2, {})
    with pytest.raises(ValueError, match=message):
        known.ruled_out(region, "work", 2)


NAMES = [fact.name for fact in facts_of(FAMILIES[0])]


@pytest.fixture(scope="module")
def priced(world: Tables) -> pl.DataFrame:
    """The first advert of each template that has a price: in whole, and as a share of the usual."""
    usual = WORLD.parameters["prices.base"]["value"]
    first = world["adverts"].unique("template", keep="first", maintain_order=True)
    return first.filter(pl.col("price").is_not_null()).with_columns(
        whole=pl.col("price") // 100, rate=pl.col("price") / 100 / pl.col("category").replace_strict(usual)
    )


@pytest.fixture(scope="module")
def adverts(priced: pl.DataFrame) -> pl.DataFrame:
    return priced.filter(pl.col("price_basis") != "half_hour")


@pytest.fixture(scope="module")
def services(priced: pl.DataFrame) -> pl.DataFrame:
    return priced.filter(pl.col("category").is_in(("companionship", "massage")))


def test_prices_are_what_adverts_say_of_them(adverts: pl.DataFrame) -> None:
    """Before, 26% of those said to be low were 5% above the usual or more."""
    crowded = np.exp(WORLD.parameters["prices.crowded"]["value"])
    said = {
        level: adverts.filter(pl.col("facts").list.contains(f"price={level}"))["rate"]
        for level in ("usual", "low", "high")
    }
    assert min(map(len, said.values())) > 60
    assert (said["low"] < 1).all()
    assert (said["high"] > 1 / crowded).all()
    assert said["usual"].is_between(0.8, 1.2).mean() > 0.99  # type: ignore[operator]


def test_a_price_is_for_half_an_hour_only_where_the_text_says_so_and_is_less(services: pl.DataFrame) -> None:
    half = services.filter(pl.col("price_basis") == "half_hour")
    assert 0.02 < half.height / services.height < 0.2
    long = pl.col("facts").list.eval(pl.element().str.starts_with("length=")).list.any()
    short, told = pl.col("facts").list.contains("length=short"), pl.col("body").str.contains("XTS")
    assert half.filter(~(short | ~long & told)).is_empty()
    rates = services.group_by("price_basis").agg(pl.col("rate").median())
    median = dict(rates.iter_rows())
    assert 0.55 < median["half_hour"] / median["hour"] < 0.7


def test_prices_heap_on_50_and_100(adverts: pl.DataFrame) -> None:
    """Among multiples of ten, chance is 20% and 10%."""
    tens = adverts.filter(pl.col("whole") % 10 == 0)["whole"]
    assert len(tens) > 0.85 * adverts.height
    assert 0.4 < (tens % 50 == 0).mean() < 0.75  # type: ignore[operator]
    assert 0.2 < (tens % 100 == 0).mean() < 0.55  # type: ignore[operator]


def test_prices_spread_as_widely_as_before(adverts: pl.DataFrame) -> None:
    assert np.log(adverts["rate"].to_numpy()).std() == pytest.approx(0.32, abs=0.06)


def test_migration_is_as_frequent_in_every_kind() -> None:
    """In the law exactly, in every region; before, each region tilted each kind by a draw of its own."""
    listed = {"migrant": WORLD.parameters["operations.traits.migrant"]["value"]}
    ids, kind = np.arange(4000), np.arange(4000) % len(KINDS)
    for index in range(3):
        streams = ("parameter/trait", "operations")
        levels, log = draw_levels(WORLD.region(index), ids, kind, KINDS, listed, streams)
        assert (log == log[:, :1]).all()
        assert 0.2 < levels["migrant"].mean() < 0.4


def test_decoys_depend_on_migration_alone() -> None:
    """No other fact bounds them or makes them likelier, and what they are never said with gives way to them."""
    held = rules()
    for name in BY_MIGRATION:
        number = NAMES.index(name)
        assert not held.excluded[:, number].any()
        assert not held.excluded[:, :, :, number].any()
        assert (held.together[:, number] == 1000).all()
        assert (held.together[:, :, :, number] == 1000).all()
        assert not held.apart[:, number, :, :number].any()


def test_decoys_are_as_frequent_in_every_kind(regions: list[Drawn]) -> None:
    level, kind, migrant = held_levels(regions)
    for name in BY_MIGRATION:
        for moved in (0, 1):
            here = (migrant == moved) & (level[:, NAMES.index(name)] != SILENT)
            at, of = level[here, NAMES.index(name)], kind[here] == TRAFFICKING
            for number in range(3):
                share = [(at[of == way] == number).mean() for way in (False, True)]
                error = np.sqrt(share[0] * (1 - share[0]) / of.sum())
                assert abs(share[1] - share[0]) < 4 * error + 0.01, (name, moved, number, share)


def held_levels(regions: list[Drawn]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    made = [one.past["operations"] for one in regions]
    level = np.concatenate([o.facts.level for o in made])
    return level, np.concatenate([o.kind for o in made]), np.concatenate([o.traits["migrant"] for o in made])


def test_words_of_movement_are_rarer_in_trafficking(regions: list[Drawn]) -> None:
    """NIJ (2024): 70% less likely. Bounds of two to four fifths less likely, in what operations hold."""
    level, kind, _ = held_levels(regions)
    stay = level[:, NAMES.index("stay")]
    moving = np.isin(stay, [1, 2])
    share = {way: moving[(kind == TRAFFICKING) == way].mean() for way in (True, False)}
    assert 0.2 < share[True] / share[False] < 0.6, share


def test_raters_see_what_is_said_and_nothing_of_the_operation(regions: list[Drawn]) -> None:
    """With every hidden thing of the operations changed, they score as before; with other words said, they do not."""
    past, region = regions[0].past, regions[0].region
    o, adverts = past["operations"], past["adverts"]
    rater = np.arange(len(adverts.id))[None, :] % 14
    before = impressions(region, o, adverts, rater)
    other = replace(
        o,
        kind=(o.kind + 1) % len(KINDS),
        form=np.full_like(o.form, 2),
        log_odds=-o.log_odds,
        facts=replace(o.facts, level=np.zeros_like(o.facts.level), log=-o.facts.log),
    )
    blind = replace(adverts, log_odds=-adverts.log_odds)
    assert (impressions(region, other, blind, rater) == before).all()
    statements = replace(adverts.statements, level=adverts.statements.level[::-1])
    assert (impressions(region, o, replace(adverts, statements=statements), rater) != before).mean() > 0.5


def test_folk_beliefs_are_not_the_law() -> None:
    """Movement is suspected and is rarer in trafficking; what is said of migration means nothing."""
    beliefs = WORLD.parameters["annotations.beliefs"]["value"]
    for level in ("stay=days", "stay=leaving"):
        ratio = WORLD.parameters["facts.law.all.stay"]["value"][level.split("=")[1]]["ratio"]
        assert beliefs[level] > 0
        assert ratio[TRAFFICKING] < 0.5
    assert any(one.startswith(BY_MIGRATION) and worth > 0 for one, worth in beliefs.items())


def test_an_image_that_comes_back_recoded_is_recognised_and_others_are_far_off(regions: list[Drawn]) -> None:
    """A re-encoded image differs in one bit; two images, of one operation or of two, in about half of them."""
    shown = regions[0].tables["adverts"].select("operation", "images").explode("images")
    distinct = shown.drop_nulls().unique()
    words = distinct["images"].to_numpy().view(np.uint64)
    apart = np.bitwise_count(words[:, None] ^ words[None, :]).astype(int)
    np.fill_diagonal(apart, 64)
    one = apart.min(axis=1) == 1
    assert 0.1 < one.mean() < 0.95
    assert not ((apart > 2) & (apart < 10)).any()
    owner = distinct["operation"].to_numpy()
    far, same = (apart >= 10) & ~np.eye(len(apart), dtype=bool), owner[:, None] == owner[None, :]
    assert abs(apart[far & same].mean() - apart[far & ~same].mean()) < 1
