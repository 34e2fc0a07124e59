"""Operations: the hidden units of the story. Each draws a kind, then habits given the kind; the rest follows.

Habits (*traits*) are categorical with integer weights by kind, so an operation's log-odds of being a trafficking
operation, given its true habits, is a sum of tabulated integers. That sum is the oracle.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from tipcore.units import PARTS

from tipdata.core import draw
from tipdata.core.draw import ONE, Ints, log, log_sum, normalise
from tipdata.core.kinds import CATEGORIES, FAMILIES, KINDS, LANGUAGES, STRATEGIES, TRAFFICKING
from tipdata.core.tables import decode, read_tables, with_nulls
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.operations import habits
from tipdata.stages.operations.habits import Disturbances
from tipdata.stages.operations.policy import Life, draw_life
from tipdata.stages.operations.state import speaker_of
from tipdata.stages.places import Places
from tipdata.text.book import ALL_SETS, HOST_SET, SETS
from tipdata.text.facts import InFacts, list_levels


@dataclass(frozen=True)
class Operations:
    """Operations by local number (row i is operation i); int64 arrays of equal length unless stated."""

    id: np.ndarray
    kind: np.ndarray
    posts: np.ndarray
    part: np.ndarray
    """Part of the keyed assignment (train, valid, test)."""
    form: np.ndarray
    """Index into :attr:`forms`; -1 if there is none."""
    forms: tuple[str, ...]
    organisation: np.ndarray
    """Index into the names of ``operations.organisation``."""
    category: np.ndarray
    family: np.ndarray
    traits: dict[str, np.ndarray]
    """Level of each trait."""
    language: np.ndarray
    majority: int
    writer: np.ndarray
    """Local number of the operation whose writer also writes here (its own number if it has its own writer)."""
    first_day: np.ndarray
    last_day: np.ndarray
    """Spell of posting, or the busiest time of those that never post."""
    begins: np.ndarray
    ends: np.ndarray
    """Life, around that spell; may lie beyond both ends of time."""
    disturbed: Disturbances
    """What investigations do to them."""
    town: np.ndarray
    """Rank of the home town."""
    cross_border: np.ndarray
    adopts_messaging: np.ndarray
    adopts_obfuscation: np.ndarray
    """Day of adoption; past the end of time if it never happens."""
    obfuscation: np.ndarray
    kind_log: np.ndarray
    """(3 families, 4 kinds) log prior of a kind among posting operations, milli-nats."""
    category_log: np.ndarray
    """(11 categories, 4 kinds) log probability in the world's shares of forms, milli-nats."""
    log_odds: np.ndarray
    life: Life
    """What the life of each is like, and what it usually says of it."""
    drawn_set: np.ndarray
    """Set of frames that each uses, before a host's own file is considered."""
    has_file: bool
    """Whether the world has such a file, which words the test part."""

    @property
    def wordbook(self) -> np.ndarray:
        """Index into :data:`tipdata.text.book.ALL_SETS` of the set of frames that each uses."""
        by_host = (self.part == PARTS.index("test")) & self.has_file
        return np.where(by_host, ALL_SETS.index(HOST_SET), self.drawn_set)


def generate(region: Region, past: Past) -> tuple[Operations, Tables]:
    """Draw the operations of one region."""
    places: Places = past["places"]
    local = np.arange(region["operations.count"])
    ids = region.ids("operations", local)
    posts = np.argsort(region.stream("operations/posts").shuffle(local)) < region["operations.posting"]
    kind = _kinds(region, local, posts)
    forms = tuple(region["operations.form"])
    form = np.where(kind == TRAFFICKING, region.choose("operations/form", local, "operations.form"), -1)
    category, category_log = _categories(region, local, kind, form, forms)
    organisation = habits.draw_organisation(region, local, kind, form, forms)
    family = np.array(list(CATEGORIES.values()))[category]
    listed = {
        k: v for k, v in region.group("operations.traits").items() if k != habits.TOURING
    }  # that is by form
    streams = ("parameter/trait", "operations")
    traits, trait_log = habits.draw_levels(region, local, kind, KINDS, listed, streams)
    language, majority = _languages(region, local, traits["migrant"])
    kind_log = log(normalise(habits.posting_kinds(region.natural)))
    tours = habits.tour_shares(region)
    traits[habits.TOURING] = habits.draw_touring(region, local, tours[speaker_of(len(forms), kind, form)])
    life = draw_life(region, local, kind, form, category, traits, tours, habits.form_logs(region.natural))
    total = kind_log + category_log[category] + trait_log + life.log
    days, investigated = _days(region, local, kind, posts)
    p = region.chances("operations.cross_border", KINDS)
    # Armed groups keep to borders.
    armed = organisation == list(region["operations.organisation"]).index(habits.ARMED)
    towns = np.where(armed[:, None] & ~places.border, 0, places.weight)
    operations = Operations(
        id=ids,
        kind=kind,
        posts=posts,
        part=draw.assign_parts(ids),
        form=form,
        forms=forms,
        organisation=organisation,
        category=category,
        family=family,
        traits=traits,
        language=language,
        majority=majority,
        writer=habits.draw_writers(region, local, language, draw.assign_parts(ids)),
        **days,
        town=region.stream("operations/town").choose(local, towns),
        cross_border=region.stream("operations/cross_border").chance(local, p[kind]),
        obfuscation=region.values("tactics.obfuscation_rate")[traits["obfuscation"]],
        kind_log=kind_log,
        category_log=category_log,
        log_odds=total[:, TRAFFICKING] - log_sum(total[:, TRAFFICKING + 1 :]),
        life=life,
        has_file=bool(region.world.set_c),
        drawn_set=region.stream("operations/wordbook").below(local, len(SETS)),
    )
    return operations, {"operations": _frame(region, operations, investigated)}


def prior_weights(region: Region, o: Operations) -> Ints:
    """Return the natural weight of each operation, in thousandths: a region's own composition is the prior of odds."""
    return habits.natural_weight(region, o.kind, o.form, o.posts) // 1000


def _kinds(region: Region, local: Ints, posts: np.ndarray) -> Ints:
    posting = region.stream("operations/kind").choose(local, habits.posting_kinds(region))
    hidden = region.values("operations.hidden_kind", KINDS)
    return np.where(posts, posting, region.stream("operations/hidden_kind").choose(local, hidden))


def _categories(
    region: Region, local: Ints, kind: Ints, form: Ints, forms: tuple[str, ...]
) -> tuple[Ints, Ints]:
    by_form = np.stack([habits.category_shares(region, f) for f in forms])
    lawful = np.stack([habits.category_shares(region, k) for k in KINDS[1:]])
    share = habits.form_shares(region.natural)
    trafficking = np.maximum((share[:, None] * by_form).sum(axis=0) // ONE, 1)
    table = np.where((form >= 0)[:, None], by_form[np.maximum(form, 0)], lawful[np.maximum(kind, 1) - 1])
    category = region.stream("operations/category").choose(local, table)
    return category, log(np.vstack([trafficking, lawful])).T


def _languages(region: Region, local: np.ndarray, migrant: np.ndarray) -> tuple[np.ndarray, int]:
    weights = region.values("operations.languages", LANGUAGES)
    majority = int(region.stream("operations/majority").choose(np.array([0]), weights)[0])
    others = weights.copy()
    others[majority] = 0
    other = region.stream("operations/language").choose(local, others)
    return np.where(migrant == 1, other, majority), majority


def _days(region: Region, local: Ints, kind: Ints, posts: np.ndarray) -> tuple[dict[str, Any], Ints]:
    """Return the fields that say when each lives, posts and adopts, and the days of investigations."""
    first, last = habits.draw_spell(region, local)
    begins, ends = habits.draw_life(region, local, posts, first, last)
    investigated = habits.draw_investigated(region, local, kind, first)
    left = habits.disturb(region, local, investigated, first, last, ends)
    days = {"first_day": first, "last_day": left.last, "begins": begins, "ends": left.ends, "disturbed": left}
    for name in ("messaging", "obfuscation"):
        days[f"adopts_{name}"] = habits.draw_adoption(region, local, name, kind)
    return days, investigated


def draw_hunts(region: Region, local: np.ndarray) -> np.ndarray:
    """Return bool: whether an operation hunts rather than fishes, should it recruit."""
    return region.chance("operations/strategy", local, "operations.hunting")


def _frame(region: Region, o: Operations, investigated: np.ndarray) -> Columns:
    local = np.arange(len(o.id))
    return {
        "operation": o.id,
        "kind": pl.Series(KINDS)[o.kind],
        "posts": o.posts,
        "form": decode(o.forms, o.form),
        "strategy": decode(STRATEGIES, np.where(o.form < 0, -1, ~draw_hunts(region, local))),
        "organisation": pl.Series(tuple(region["operations.organisation"]))[o.organisation],
        "category": pl.Series(tuple(CATEGORIES))[o.category],
        "language": pl.Series(LANGUAGES)[o.language],
        "migrant": o.traits["migrant"] == 1,
        "writer": region.ids("writers", o.writer),
        "churn": o.traits["churn"],
        "obfuscation": o.obfuscation,
        "circuit": o.traits["circuit"] == 1,
        "cross_border": o.cross_border,
        "first_day": o.first_day,
        "last_day": o.last_day,
        "begins": o.begins,
        "ends": o.ends,
        "adopts_messaging": with_nulls(o.adopts_messaging, o.adopts_messaging < DAYS),
        "adopts_obfuscation": with_nulls(o.adopts_obfuscation, o.adopts_obfuscation < DAYS),
        "investigated_day": with_nulls(investigated, investigated < DAYS),
        "log_odds": o.log_odds,
        "weight": habits.natural_weight(region, o.kind, o.form, o.posts),
        "wordbook": pl.Series(ALL_SETS)[o.wordbook],
        "terse": _find_terse(region, o),
        "life": list_levels(o.family, o.life.state.level),
    }


def _find_terse(region: Region, o: Operations) -> np.ndarray:
    """Return bool: whether an operation posts, and usually says at most as many facts as a terse writer."""
    most = region.values("policy.terse", FAMILIES)
    return o.posts & (o.life.says.sum(axis=1) <= most[o.family])


STAGE = Stage(
    "operations",
    ("places",),
    tuple(read_tables("operations", {"facts": InFacts()}).values()),
    generate,
    parameters=("state", "policy", "tactics"),
)
