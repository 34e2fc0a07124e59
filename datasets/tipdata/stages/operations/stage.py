"""Operations: the hidden units of the story. Each draws a kind, then habits given the kind; the rest follows.

Habits (*traits*) are categorical with integer weights by kind, so an operation's log-odds of being a trafficking
operation, given its true habits, is a sum of tabulated integers. That sum is the oracle.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core import partition
from tipdata.core.draw import ONE, exp, log, log_sum, logit, normalised, probability, sigmoid
from tipdata.core.tables import Column, InWorld, Sealed, Table
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage
from tipdata.stages.places.stage import Places

KINDS = ("trafficking", "business", "independent", "spam")
TRAFFICKING, BUSINESS, INDEPENDENT, SPAM = range(4)
FAMILIES = ("services", "jobs", "intermediary")
CATEGORIES = {
    "companionship": 0,
    "massage": 0,
    "domestic": 1,
    "agricultural": 1,
    "construction": 1,
    "hospitality": 1,
    "office-abroad": 1,
    "modelling": 1,
    "marriage introduction": 2,
    "travel package": 2,
    "medical broker": 2,
}
"""Advert categories and the family whose sentences they use (index into :data:`FAMILIES`)."""
STRATEGIES = ("hunting", "fishing")
HUNTING, FISHING = STRATEGIES
FORMS = InWorld(("operations.form",))
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
MAX_TEMPLATES = 4

OPERATIONS = Table(
    "operations",
    ("operation",),
    (
        Column("region", pl.Int32(), "truth"),
        Column("operation", pl.Int64(), "truth", id_of="operations"),
        Column("kind", pl.String(), "truth", values=KINDS),
        Column("posts", pl.Boolean(), "truth", note="whether it ever posts an advert"),
        Column(
            "form",
            pl.String(),
            "truth",
            note="form of exploitation; null for lawful operations and spam",
            values=FORMS,
        ),
        Column("strategy", pl.String(), "truth", note="null where there is no form", values=STRATEGIES),
        Column("organisation", pl.String(), "truth", values=InWorld(("operations.organisation",))),
        Column("category", pl.String(), "truth", note="what its adverts offer", values=tuple(CATEGORIES)),
        Column("language", pl.String(), "truth", note="language of its adverts", values=LANGUAGES),
        Column("migrant", pl.Boolean(), "truth", note="writes in a language outside the region's majority"),
        Column(
            "writer",
            pl.Int64(),
            "truth",
            note="who writes its adverts; some write for two operations",
            sealed=Sealed("label", "writer"),
        ),
        Column("churn", pl.Int32(), "truth", "level 0-2", note="how often its contacts change"),
        Column(
            "obfuscation", pl.Int32(), "truth", "permille", note="contacts an extractor misses, once adopted"
        ),
        Column("circuit", pl.Boolean(), "truth", note="tours between towns"),
        Column("cross_border", pl.Boolean(), "truth", note="works in more than one jurisdiction"),
        Column("first_day", pl.Int32(), "truth", "day"),
        Column("last_day", pl.Int32(), "truth", "day"),
        Column("adopts_messaging", pl.Int32(), "truth", "day", note="null where it never does"),
        Column("adopts_obfuscation", pl.Int32(), "truth", "day", note="null where it never does"),
        Column("investigated_day", pl.Int32(), "truth", "day", note="null where it never is"),
        Column(
            "log_odds",
            pl.Int32(),
            "truth",
            "milli-nats",
            note="of being trafficking, given its true habits and parameters",
        ),
    ),
    "Hidden operations, 300 a region, of which 210 post adverts.",
)


@dataclass(frozen=True)
class Operations:
    """Operations by local number (row i is operation i); int64 arrays of equal length unless said."""

    id: np.ndarray
    kind: np.ndarray
    posts: np.ndarray
    part: np.ndarray
    """Part of the keyed assignment (train, valid, test)."""
    form: np.ndarray
    """Index into :attr:`forms`; -1 where there is none."""
    forms: tuple[str, ...]
    category: np.ndarray
    family: np.ndarray
    traits: dict[str, np.ndarray]
    """Level of each trait."""
    language: np.ndarray
    majority: int
    writer: np.ndarray
    """Local number of the operation whose writer writes here too (its own where it has its own)."""
    first_day: np.ndarray
    last_day: np.ndarray
    town: np.ndarray
    """Rank of the home town."""
    cross_border: np.ndarray
    adopts_messaging: np.ndarray
    adopts_obfuscation: np.ndarray
    """Day of adoption; past the end of time where it never happens."""
    obfuscation: np.ndarray
    habits: np.ndarray
    """(operations, cues) bool: cue habits, columns as in :attr:`cues`."""
    cues: tuple[str, ...]
    shown: tuple[int, int]
    """Probability out of 65,536 that a template shows a cue, with and without the habit."""
    kind_log: np.ndarray
    """(3 families, 4 kinds) log prior of a kind among posting operations, milli-nats."""
    category_log: np.ndarray
    """(11 categories, 4 kinds) log probability, milli-nats."""
    habit_log: np.ndarray
    """(3 families, cues, 4 kinds, 2) log probability of habit absent and present; 0 where a family lacks the cue."""
    log_odds: np.ndarray


def generate(region: Region, past: Past) -> tuple[Operations, dict[str, pl.DataFrame]]:
    """Draw the operations of one region."""
    places: Places = past["places"]
    count = region["operations.count"]
    local = np.arange(count)
    ids = region.ids("operations", local)
    posts = np.argsort(region.stream("operations/posts").shuffled(local)) < region["operations.posting"]
    prior = np.array([probability(region[f"operations.kind.{k}"]) for k in KINDS])
    hidden = np.array([region["operations.hidden_kind"][k] for k in KINDS])
    kind = np.where(
        posts,
        region.stream("operations/kind").choose(local, prior),
        region.stream("operations/hidden_kind").choose(local, hidden),
    )
    forms = tuple(region["operations.form"])
    form = region.stream("operations/form").choose(local, np.array(list(region["operations.form"].values())))
    form = np.where(kind == TRAFFICKING, form, -1)
    category, category_log = _categories(region, local, kind, form, forms)
    family = np.array(list(CATEGORIES.values()))[category]
    traits, trait_log = drawn_levels(
        region, local, kind, KINDS, region.group("operations.traits"), ("parameter/trait", "operations")
    )
    language, majority = _languages(region, local, traits["migrant"])
    cues, habits, habit_log, shown = _habits(region, local, kind, family, traits["migrant"])
    kind_log = log(normalised(prior))
    picked = np.where(habits[:, :, None], habit_log[family, :, :, 1], habit_log[family, :, :, 0]).sum(axis=1)
    total = kind_log + category_log[category] + trait_log + picked
    first, last = _spell(region, local)
    adopts = {name: _adoption(region, local, name, kind) for name in ("messaging", "obfuscation")}
    rates = np.array(region["tactics.obfuscation_rate"])
    investigated = _investigated(region, local, kind, first)
    operations = Operations(
        id=ids,
        kind=kind,
        posts=posts,
        part=partition.assign(ids),
        form=form,
        forms=forms,
        category=category,
        family=family,
        traits=traits,
        language=language,
        majority=majority,
        writer=_writers(region, local, language, partition.assign(ids)),
        first_day=first,
        last_day=last,
        town=region.stream("operations/town").choose(local, places.weight),
        cross_border=region.stream("operations/cross_border").chance(
            local, np.array([probability(region["operations.cross_border"][k]) for k in KINDS])[kind]
        ),
        adopts_messaging=adopts["messaging"],
        adopts_obfuscation=adopts["obfuscation"],
        obfuscation=rates[traits["obfuscation"]],
        habits=habits,
        cues=cues,
        shown=shown,
        kind_log=kind_log,
        category_log=category_log,
        habit_log=habit_log,
        log_odds=total[:, TRAFFICKING] - log_sum(total[:, TRAFFICKING + 1 :]),
    )
    return operations, {"operations": _frame(region, operations, investigated)}


def _categories(
    region: Region, local: np.ndarray, kind: np.ndarray, form: np.ndarray, forms: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """A category for each operation, and (categories, kinds) log probabilities."""
    names = tuple(CATEGORIES)

    def weights(source: str) -> np.ndarray:
        listed = region[f"operations.category.{source}"]
        return normalised(np.array([listed.get(c, 0) for c in names], dtype=np.int64) * ONE)

    by_form = np.stack([weights(f) for f in forms])
    lawful = np.stack([weights(k) for k in KINDS[1:]])
    share = normalised(np.array(list(region["operations.form"].values()), dtype=np.int64) * ONE)
    trafficking = np.maximum((share[:, None] * by_form).sum(axis=0) // ONE, 1)
    table = np.where((form >= 0)[:, None], by_form[np.maximum(form, 0)], lawful[np.maximum(kind, 1) - 1])
    category = region.stream("operations/category").choose(local, table)
    return category, log(np.vstack([trafficking, lawful])).T


def drawn_levels(
    region: Region,
    ids: np.ndarray,
    group: np.ndarray,
    groups: tuple[str, ...],
    listed: dict[str, dict],
    streams: tuple[str, str],
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Levels of categorical habits, and the sum over habits of log P(level | group), (ids, groups) milli-nats.

    Args:
        ids, group: of whoever has the habits, and its group (index into ``groups``).
        listed: habit -> group -> weights of its levels, which the region jitters.
        streams: where the jitter and the levels are drawn; the habit's name follows.
    """
    jitter = probability(region["operations.jitter"])
    levels: dict[str, np.ndarray] = {}
    total = np.zeros((len(ids), len(groups)), dtype=np.int64)
    for name, by_group in listed.items():
        weights = np.array([by_group[g] for g in groups], dtype=np.int64) * ONE
        cells = np.arange(weights.size).reshape(weights.shape)
        noise = region.stream(f"{streams[0]}/{name}").quantile(cells, "normal") // 1000 * jitter // ONE
        p = normalised(weights * exp(noise) // ONE)
        levels[name] = region.stream(f"{streams[1]}/{name}").choose(ids, p[group])
        total += log(p)[:, levels[name]].T
    return levels, total


def _languages(region: Region, local: np.ndarray, migrant: np.ndarray) -> tuple[np.ndarray, int]:
    """Language of each operation, and the region's majority language (indices into LANGUAGES)."""
    weights = np.array([region["operations.languages"][code] for code in LANGUAGES])
    majority = int(region.stream("operations/majority").choose(np.array([0]), weights)[0])
    others = weights.copy()
    others[majority] = 0
    other = region.stream("operations/language").choose(local, others)
    return np.where(migrant == 1, other, majority), majority


def _habits(
    region: Region, local: np.ndarray, kind: np.ndarray, family: np.ndarray, migrant: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, tuple[int, int]]:
    """Which cues each operation habitually shows, with the log probabilities behind it.

    Indicator cues depend on the kind; decoys on migration alone, so they say nothing more about the kind once
    the language is known and get no weight.
    """
    by_family = {f: region.group(f"cues.{f}") for f in FAMILIES}
    decoys = region.group("cues.decoys")
    cues = tuple(dict.fromkeys([*(c for f in FAMILIES for c in by_family[f]), *decoys]))
    p = np.zeros((len(FAMILIES), len(cues), len(KINDS)), dtype=np.int64)
    jitter = probability(region["operations.jitter"])
    for f, family_name in enumerate(FAMILIES):
        for name, listed in by_family[family_name].items():
            noise = (
                region.stream(f"parameter/cue/{family_name}/{name}").quantile(np.arange(4), "normal") // 1000
            )
            ratio = np.array([log_ratio(listed[k]) for k in KINDS])
            base = logit(probability(listed["habit"]))
            p[f, cues.index(name)] = sigmoid(base + ratio + noise * jitter // ONE)
    present = p > 0
    habit_log = np.zeros((*p.shape, 2), dtype=np.int64)
    habit_log[present] = np.stack([log(ONE - p), log(p)], axis=-1)[present]
    chance = p[family, :, kind]
    for name, listed in decoys.items():
        shares = np.array([probability(listed["resident"]), probability(listed["migrant"])])
        chance[:, cues.index(name)] = shares[migrant]
    stream = region.stream("operations/habits")
    habits = stream.chance(local[:, None], chance, np.arange(len(cues))[None, :])
    shown = probability(region["cues.shown_by_users"]), probability(region["cues.shown_by_others"])
    return cues, habits, habit_log, shown


def log_ratio(ratio: float) -> int:
    """Natural logarithm of a parameter in milli-nats, by the shipped table (exact on every processor)."""
    return int(log(probability(ratio / 4)) - log(probability(0.25)))


def _spell(region: Region, local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of posting; spells reach beyond both ends of time and are cut there."""
    mean = region["operations.duration_days"]
    length = 7 + mean * region.stream("operations/spell").quantile(local, "gamma_2.0") // 2_000_000
    start = region.stream("operations/start").below(local, DAYS + 60) - 60
    first = np.clip(start, 0, DAYS - 4)
    return first, np.clip(start + length, first + 3, DAYS - 1)


def _adoption(region: Region, local: np.ndarray, name: str, kind: np.ndarray) -> np.ndarray:
    """Day on which each operation adopts a technology: an S-curve in time, sooner for those who fear moderation."""
    middle = region.world.stream(f"tactics/{name}").below(np.array([0]), 160)[0] + region["tactics.midpoint"]
    fear = np.array([region["tactics.fear_days"][k] for k in KINDS])[kind]
    spread = region["tactics.spread_days"]
    day = (
        middle
        - fear
        + spread * region.stream(f"operations/adopts_{name}").quantile(local, "logistic") // 1_000_000
    )
    never = region.stream(f"operations/never_{name}").chance(local, probability(region["tactics.never"]))
    return np.where(never, DAYS * 2, np.maximum(day, 0))


def _investigated(region: Region, local: np.ndarray, kind: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Day on which an investigation settles what an operation is; past the end of time where none does."""
    p = np.array([probability(region["operations.investigated"][k]) for k in KINDS])[kind]
    delay = (
        region["operations.investigation_days"]
        * region.stream("operations/delay").quantile(local, "gamma_2.0")
        // 2_000_000
    )
    happens = region.stream("operations/investigated").chance(local, p)
    return np.where(happens, first + delay, DAYS * 2)


def _writers(region: Region, local: np.ndarray, language: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Who writes for whom: mostly one writer an operation, sometimes one for two of one language and part."""
    shares = region.stream("operations/shares_writer").chance(
        local, probability(region["operations.shared_writer"])
    )
    partner = within(region, "operations/partner", local, language * 3 + part, ~shares)
    return np.where(shares & (partner >= 0), partner, local)


def within(
    region: Region, stream: str, local: np.ndarray, group: np.ndarray, offered: np.ndarray
) -> np.ndarray:
    """For each row a keyed random *offered* row of the same group, or -1. Arrays of equal length."""
    order = np.flatnonzero(offered)
    order = order[np.argsort(group[order], kind="stable")]
    if not len(order):
        return np.full(len(local), -1)
    low = np.searchsorted(group[order], group, side="left")
    size = np.searchsorted(group[order], group, side="right") - low
    at = low + region.stream(stream).below(local, np.maximum(size, 1))
    return np.where(size > 0, order[np.minimum(at, len(order) - 1)], -1)


def hunts(region: Region, local: np.ndarray) -> np.ndarray:
    """bool: whether an operation hunts rather than fishes, should it recruit."""
    return region.stream("operations/strategy").chance(local, probability(region["operations.hunting"]))


def _frame(region: Region, o: Operations, investigated: np.ndarray) -> pl.DataFrame:
    local = np.arange(len(o.id))
    strategy = np.where(hunts(region, local), HUNTING, FISHING)
    organisations = tuple(region["operations.organisation"])
    weights = np.array(
        [
            [region[f"operations.{source}"][name] for name in organisations]
            for source in ("organisation", "lawful_organisation")
        ]
    )
    organisation = region.stream("operations/organisation").choose(
        local, weights[(o.kind != TRAFFICKING).astype(int)]
    )

    def day_or_null(days: np.ndarray) -> pl.Series:
        return pl.Series(np.where(days < DAYS, days, -1), dtype=pl.Int32).replace(-1, None)

    return pl.DataFrame(
        {
            "region": np.full(len(local), region.index, dtype=np.int32),
            "operation": o.id,
            "kind": np.array(KINDS)[o.kind],
            "posts": o.posts,
            "form": [o.forms[f] if f >= 0 else None for f in o.form],
            "strategy": [s if f >= 0 else None for s, f in zip(strategy.tolist(), o.form, strict=True)],
            "organisation": np.array(organisations)[organisation],
            "category": np.array(tuple(CATEGORIES))[o.category],
            "language": np.array(LANGUAGES)[o.language],
            "migrant": o.traits["migrant"] == 1,
            "writer": region.ids("writers", o.writer),
            "churn": o.traits["churn"].astype(np.int32),
            "obfuscation": o.obfuscation.astype(np.int32),
            "circuit": o.traits["circuit"] == 1,
            "cross_border": o.cross_border,
            "first_day": o.first_day.astype(np.int32),
            "last_day": o.last_day.astype(np.int32),
            "adopts_messaging": day_or_null(o.adopts_messaging),
            "adopts_obfuscation": day_or_null(o.adopts_obfuscation),
            "investigated_day": day_or_null(investigated),
            "log_odds": o.log_odds.astype(np.int32),
        }
    )


STAGE = Stage("operations", ("places",), (OPERATIONS,), generate)
