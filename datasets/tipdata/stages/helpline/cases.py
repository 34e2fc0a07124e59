"""The hidden state of a contact, what a person needs and how soon, what is recorded of it, and the exact posterior.

A need's log-odds are a sum of the kind of case, the time since leaving, danger and circumstances. Coded facts and a
note are recorded. The posterior adds up over every hidden state: form of exploitation (or lawful worker, or other),
phase and danger (135 cells) and, within a cell, the circumstances that a need depends on. All in integers.

A coded fact may follow the life of the operation (``helpline.follows``): the bits that decided a fact of the life then
decide the coded fact as well. They are uniform whatever the hidden state of the case is, so each coded fact keeps its
law, and no two of one contact follow the same fact, so that they stay independent given the hidden state.
"""

from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np
import polars as pl

from tipdata.core.draw import (
    ONE,
    Ints,
    Words,
    choose_from_bits,
    exp,
    log,
    log_add,
    normalise,
    probability,
    sigmoid,
)
from tipdata.core.kinds import FAMILIES
from tipdata.core.tables import decode, read_tables, with_nulls
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.people import probability_of_withheld_earnings
from tipdata.text.facts import fact_number

TABLES = read_tables("helpline")
KINDS = TABLES["contacts"].values("kind")
"""Whose contact it is: exploited in labour, services or another form, a lawful worker in trouble, any other."""
KINDS_OF_FORMS = {
    "labour": "labour",
    "domestic_servitude": "labour",
    "sexual": "services",
    "sex_tourism": "services",
}
"""Kinds of cases of some forms of exploitation; of all others ``other_form``."""
WORKER, ENQUIRY = KINDS[-2:]
PHASES = TABLES["contacts"].values("phase")
"""Time since leaving: not yet, up to two weeks, three months, a year; none where there is nothing to leave."""
INSIDE, FRESH, WEEKS, MONTHS, NONE = range(5)
LEVELS = 3
"""Levels of danger and of urgency."""
CIRCUMSTANCES = ("earnings", "documents", "authorities")
"""Hidden facts of a case on which needs depend."""
ANY = 1 << 20
"""Weeks of work of people whose stay is in no table."""
NEEDS = TABLES["contacts"].values("needs")


@dataclass(frozen=True)
class CaseKinds:
    """Kinds of cases that a region tells apart: forms of exploitation and the last two of :data:`KINDS`.

    ``names``: of each, those exploited before worker and enquiry. ``coarse``: index into :data:`KINDS` of each.
    """

    names: tuple[str, ...]
    coarse: np.ndarray

    @classmethod
    def of(cls, region: Region) -> "CaseKinds":
        """Return the kinds of a region."""
        names = (*region["operations.form"], WORKER, ENQUIRY)
        coarse = [KINDS.index(name if name in KINDS[-2:] else coarse_kind(name)) for name in names]
        return cls(names, np.array(coarse))

    @property
    def exploited(self) -> int:
        """How many are kinds of exploitation; the number of a lawful worker, which comes after these."""
        return len(self.names) - 2

    @property
    def enquiry(self) -> int:
        """The number of any other contact."""
        return len(self.names) - 1

    def widen(self, table: np.ndarray) -> np.ndarray:
        """Return a table with a row for each of these kinds; one with a row for each of :data:`KINDS` is repeated."""
        return table if len(table) == len(self.names) else table[self.coarse]


def coarse_kind(form: str) -> str:
    """Return the kind of case, by name, of a form of exploitation."""
    return KINDS_OF_FORMS.get(form, "other_form")


@dataclass(frozen=True)
class Cases:
    """Contacts by position: int64 or bool arrays of equal length.

    ``local`` and ``person``: local numbers of the contact and of the person (draws are keyed by them). ``kind``: of the
    region's :class:`CaseKinds`. ``operation``: local number of the one that exploited them, -1 for none.
    ``since``: days since leaving, -1 where not left. ``spoken``: an interpreter for the language is at hand, or
    none is needed. ``earnings``, ``documents``: withheld; ``authorities``: they ended it. ``trade``: level of the fact
    ``sector`` that their operation is of, -1 for none.
    """

    local: np.ndarray
    person: np.ndarray
    operation: np.ndarray
    kind: np.ndarray
    phase: np.ndarray
    since: np.ndarray
    danger: np.ndarray
    language: np.ndarray
    foreign: np.ndarray
    spoken: np.ndarray
    earnings: np.ndarray
    documents: np.ndarray
    authorities: np.ndarray
    restricted: np.ndarray
    threatened: np.ndarray
    trade: np.ndarray
    weeks: np.ndarray


@dataclass(frozen=True)
class HelplineEvidence:
    """Log-likelihoods of all observations, milli-nats, by the state they depend on; added up in place.

    ``need`` (contacts, needs, 2: absent, present, kinds), ``kind`` (contacts, kinds), ``phase`` (contacts, 5),
    ``danger`` (contacts, 3), ``cell`` (contacts, kinds, 5, 3) of the three together, ``circumstance`` (contacts,
    circumstances, 2: no, yes).
    """

    need: np.ndarray
    kind: np.ndarray
    phase: np.ndarray
    danger: np.ndarray
    cell: np.ndarray
    circumstance: np.ndarray

    @classmethod
    def none(cls, contacts: int, kinds: int = len(KINDS)) -> "HelplineEvidence":
        cells = kinds, len(PHASES), LEVELS
        shapes = (len(NEEDS), 2, kinds), *((size,) for size in cells), cells, (len(CIRCUMSTANCES), 2)
        return cls(*(np.zeros((contacts, *shape), dtype=np.int64) for shape in shapes))

    def of(self, state: str) -> np.ndarray:
        """Return the (contacts, levels) slice of a circumstance, ``kind``, ``phase`` or ``danger``; of a need
        (contacts, 2, kinds)."""
        if state in CIRCUMSTANCES:
            return self.circumstance[:, CIRCUMSTANCES.index(state)]
        return self.need[:, NEEDS.index(state)] if state in NEEDS else getattr(self, state)

    def add(self, state: str, log_likelihood: np.ndarray) -> None:
        """Add (contacts, levels) log-likelihoods given a state that :meth:`of` names, whatever the kind."""
        self.of(state)[...] += log_likelihood[..., None] if state in NEEDS else log_likelihood


CELLS_A_KIND = len(PHASES) * LEVELS
BLOCKS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("wages", "legal"), ("earnings", "authorities")),
    (("papers",), ("documents",)),
    *(((name,), ()) for name in ("shelter", "safety", "medical", "counselling", "interpreting")),
)
"""Needs that share hidden circumstances, with these circumstances. Blocks are independent given the cell."""
LOG_128, LOG_256 = 4852, 5545
"""Logarithms of 128 and 256, milli-nats, used by :func:`log_total`."""


def log_total(values: np.ndarray) -> np.ndarray:
    """Return log of the sum of exponentials over the last axis (at most 256 terms), milli-nats, in integers."""
    top = values.max(axis=-1)
    shift, most = (11, LOG_128) if values.shape[-1] <= 128 else (12, LOG_256)
    return top + log(exp(values - top[..., None]).sum(axis=-1) >> shift) + most


@dataclass(frozen=True)
class NeedModel:
    """The region's parameters of needs and of the hidden cells (kind, phase, danger: 15 a kind), milli-nats.

    ``logit`` (cells, needs); ``foreign`` (needs,); ``effect``: circumstance -> (needs,); ``prior`` (2: language of the
    region or another, cells); ``circumstance``: name -> (cells,) probabilities out of 65,536; ``urgency`` (cells, 3)
    log probabilities.
    """

    logit: np.ndarray
    foreign: np.ndarray
    effect: dict[str, np.ndarray]
    prior: np.ndarray
    circumstance: dict[str, np.ndarray]
    urgency: np.ndarray


def build_need_model(region: Region, kinds: np.ndarray, circumstances: dict[str, np.ndarray]) -> NeedModel:
    """Return the region's model.

    Args:
        kinds: (kinds, phases or 1) integer weights of the kinds among its first contacts, in each phase.
        circumstances: by name (kinds, phases) probabilities out of 65,536.
    """
    apart = CaseKinds.of(region)
    given = [region[f"helpline.need.{name}"] for name in NEEDS]
    kind, phase, danger = (np.array([n[name] for n in given]).T for name in ("kind", "phase", "danger"))
    cells, sd = np.arange(kind.size).reshape(kind.shape), int(region["helpline.jitter"] * 1000)
    kind = apart.widen(kind + region.spread("helpline/jitter", cells, "normal", sd))
    logit = kind[:, None, None] + phase[None, :, None] + danger[None, None]
    foreign = apart.widen(region.chances("helpline.foreign", KINDS))
    dangers = log(danger_table(region))
    base = log(normalise(kinds.T * ONE)).T + log(phase_table(region))
    cell = base[:, :, None] + dangers
    prior = np.stack([cell + log(p)[:, None, None] for p in (ONE - foreign, foreign)])
    urgency = log(urgency_table(region))
    wide = len(apart.names), *urgency.shape
    return NeedModel(
        logit=logit.reshape(-1, len(NEEDS)),
        foreign=np.array([n["foreign"] for n in given]),
        effect={name: np.array([n[name] for n in given]) for name in CIRCUMSTANCES},
        prior=prior.reshape(2, -1),
        circumstance={n: np.repeat(p.reshape(-1), LEVELS) for n, p in circumstances.items()},
        urgency=np.broadcast_to(urgency, wide).reshape(-1, LEVELS),
    )


def phase_table(region: Region) -> np.ndarray:
    """Return (kinds, phases) probabilities out of 65,536."""
    exploited, worker = ([region[f"helpline.{k}_phase"][p] for p in PHASES] for k in ("exploited", "worker"))
    enquiry = [int(p == NONE) for p in range(len(PHASES))]
    return normalise(np.array([exploited] * CaseKinds.of(region).exploited + [worker, enquiry]) * ONE)


def danger_table(region: Region) -> np.ndarray:
    """Return (kinds, phases, levels) probabilities out of 65,536."""
    groups = ["exploited"] * CaseKinds.of(region).exploited + ["worker", "enquiry"]
    return normalise(
        np.array([[region[f"helpline.danger.{g}"][p] for p in PHASES] for g in groups], dtype=np.int64) * ONE
    )


def danger_by_threats(region: Region, threatened: np.ndarray) -> np.ndarray:
    """Return (2, kinds, phases, levels) weights of danger without and with threats, which on average are those of
    :func:`danger_table`.

    Args:
        threatened: (kinds, phases) probabilities out of 65,536.
    """
    usual = danger_table(region)
    leaning = normalise(usual * region.values("helpline.danger_threats"))
    return np.stack([np.maximum(usual * ONE - leaning * threatened[..., None], 0) // ONE, leaning])


def urgency_table(region: Region) -> np.ndarray:
    """Return (phases, danger, levels) probabilities out of 65,536."""
    return normalise(np.array([region["helpline.urgency"][p] for p in PHASES]) * ONE)


def circumstance_tables(region: Region) -> dict[str, np.ndarray]:
    """Return (kinds, phases) probabilities out of 65,536 of each circumstance."""
    kinds = CaseKinds.of(region)
    many, few = len(kinds.names), kinds.exploited
    control = [region[f"people.control.{'other' if k else 'labour'}"] for k in kinds.coarse[:few]]
    earnings = [probability_of_withheld_earnings(region, c) for c in control]
    documents, restricted, threatened = (
        [probability(c[name]) for c in control]
        for name in ("withholds_documents", "restricts_movement", "threats")
    )
    for name, listed in (("earnings", earnings), ("documents", documents)):
        listed += [probability(region[f"helpline.{name}"][k]) for k in KINDS[-2:]]
    exits = region["people.exit"]
    ended = exits["authorities"] * ONE // sum(exits.values())
    authorities = np.zeros((many, len(PHASES)), dtype=np.int64)
    authorities[:few, 1:NONE] = ended
    lawful = [0] * (many - few)
    by_kind = {"earnings": earnings, "documents": documents}
    by_kind |= {"restricted": restricted + lawful, "threatened": threatened + lawful}
    wide = {n: np.repeat(np.array(p)[:, None], len(PHASES), axis=1) for n, p in by_kind.items()}
    wide["restricted"][:, INSIDE + 1 :] = 0
    return wide | {"authorities": authorities}


def draw_needs(region: Region, m: NeedModel, c: Cases) -> np.ndarray:
    """Return (contacts, needs) bool. Keyed by person: a repeated call has the same needs unless something changed."""
    total = m.logit[cells_of(c)] + m.foreign * c.foreign[:, None]
    for name, effect in m.effect.items():
        total = total + effect * getattr(c, name)[:, None]
    return region.stream("helpline/need").chance(c.person[:, None], sigmoid(total), np.arange(len(NEEDS)))


def cells_of(c: Cases) -> np.ndarray:
    """Return the number of the cell (kind, phase, danger) of each contact."""
    return (c.kind * len(PHASES) + c.phase) * LEVELS + c.danger


def need_posterior(m: NeedModel, foreign: np.ndarray, seen: HelplineEvidence) -> tuple[Ints, Ints]:
    """Return log-odds, milli-nats: (contacts, needs) of each need, and (contacts,) of the highest urgency."""
    at = foreign.astype(np.int64)
    cells = (
        seen.cell + seen.kind[:, :, None, None] + seen.phase[:, None, :, None] + seen.danger[:, None, None]
    )
    blocks = [_block(m, at, seen, needs, hidden) for needs, hidden in BLOCKS]
    total = m.prior[at] + cells.reshape(len(at), -1) + sum(whole for whole, _ in blocks)
    found: dict[str, np.ndarray] = {}
    for whole, parts in blocks:
        for name, (absent, present) in parts.items():
            rest = total - whole
            found[name] = log_total(rest + present) - log_total(rest + absent)
    urgency = log_total(total[:, None, :] + m.urgency.T[None])
    urgent = urgency[:, 2] - log_add(urgency[:, 0], urgency[:, 1])
    return np.stack([found[name] for name in NEEDS], axis=1), urgent


def _block(
    m: NeedModel, at: np.ndarray, seen: HelplineEvidence, needs: tuple[str, ...], hidden: tuple[str, ...]
) -> tuple[np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Return log-likelihood of a block's observations in each cell, and the same with each need absent and present."""
    wholes, parts = [], []
    for state in product((0, 1), repeat=len(hidden)):
        prior = sum(
            (
                log(np.clip(m.circumstance[h] if s else ONE - m.circumstance[h], 1, ONE))
                + seen.of(h)[:, s, None]
                for h, s in zip(hidden, state, strict=True)
            ),
            start=np.zeros(len(m.logit), dtype=np.int64),
        )
        single: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for name in needs:
            k = NEEDS.index(name)
            logit = m.logit[:, k] + sum(m.effect[h][k] * s for h, s in zip(hidden, state, strict=True))
            p = np.clip(sigmoid(np.stack([logit, logit + m.foreign[k]])), 1, ONE - 1)
            single[name] = (
                log(ONE - p)[at] + np.repeat(seen.need[:, k, 0], CELLS_A_KIND, axis=1),
                log(p)[at] + np.repeat(seen.need[:, k, 1], CELLS_A_KIND, axis=1),
            )
        both = {name: log_add(*pair) for name, pair in single.items()}
        whole = prior + sum(both.values())
        wholes.append(whole)
        parts.append({n: tuple(whole - both[n] + x for x in single[n]) for n in needs})
    joined = {n: tuple(reduce(log_add, (p[n][i] for p in parts)) for i in (0, 1)) for n in needs}
    return reduce(log_add, wholes), {n: (pair[0], pair[1]) for n, pair in joined.items()}


DEPENDS_ON = {
    "safe_place_tonight": "shelter",
    "threat_reported": "safety",
    "health_concern": "medical",
    "strain": "counselling",
    "asks_authorities": "legal",
    "holds_papers": "documents",
    "weeks_owed": "wages",
    "employer_aware": "danger",
    "free_to_leave": "movement",
    "lives_at_work": "kind",
    "sector": "kind",
    "dependants": "",
    "caller_relation": "kind",
    "channel": "phase",
}
"""Fact -> the hidden state that its levels depend on: a need, a circumstance, danger, kind or phase, or nothing; and
movement: danger, where it is not restricted and where it is."""
ALWAYS_KNOWN = ("caller_relation", "channel")
IMPOSSIBLE = -20_000
"""Log-likelihood of the impossible, milli-nats."""


def draw_coded_facts(
    region: Region,
    c: Cases,
    needs: np.ndarray,
    seen: HelplineEvidence,
    trades: np.ndarray,
    restricted: np.ndarray,
    o: Operations,
) -> tuple[dict[str, pl.Series], np.ndarray]:
    """Draw all facts of the contacts, and add what they say to ``seen``, for one who knows how long each stayed.

    Return a column for each fact, null where missing, and the level of caller_relation, 0 for the person themself.

    Args:
        needs: (contacts, needs) bool.
        trades: (kinds, sectors) probabilities of the fact ``sector``, where those exploited have that of their
            operation.
        restricted: (kinds, phases) probabilities out of 65,536 that movement is.
        o: whose lives coded facts follow.
    """
    n, kinds = len(c.local), CaseKinds.of(region)
    gaps = (probability(region[f"helpline.{name}"]) for name in ("missing", "missing_unspoken"))
    gap = np.where(c.spoken, *gaps)
    columns: dict[str, pl.Series] = {}
    relation = np.zeros(n, dtype=np.int64)
    for k, (name, state) in enumerate(DEPENDS_ON.items()):
        levels = region[f"helpline.fact.{name}"]
        listed = region.values(f"helpline.fact.{name}").T
        listed = kinds.widen(listed) if state == "kind" else listed
        table, state_of = normalise(listed * ONE), _state_level(c, needs, state)
        possible = (listed > 0)[state_of]
        if name == "weeks_owed":
            possible &= np.array([int(low) for low in levels]) <= c.weeks[:, None]
        bits = draw_fact_bits(region, c, o, name, k)
        level = choose_from_bits(bits, np.where(possible, table[state_of], 0))
        if name == "sector":
            own = region.chance("helpline/own_trade", c.person, "helpline.own_trade")
            level, table = np.where((c.trade >= 0) & own, c.trade, level), trades
        missing = region.stream("helpline/missing").chance(c.local, gap, k) & (name not in ALWAYS_KNOWN)
        if state == "movement":
            p = restricted[:, :, None, None]
            law = log(np.maximum((p * table[LEVELS:] + (ONE - p) * table[:LEVELS]) // ONE, 1))[..., level]
            seen.cell[...] += np.where(missing[:, None, None, None], 0, np.moveaxis(law, -1, 0))
        elif name == "weeks_owed":
            law = normalise(np.where(possible[:, None], table, 0) * ONE)
            log_likelihood = log(law[np.arange(n), :, level])
            seen.add(state, np.where(missing[:, None], 0, log_likelihood))
        elif state:
            seen.add(state, np.where(missing[:, None], 0, log(table)[:, level].T))
        if name == "caller_relation":
            relation = level
        columns[name] = _values(region, name, tuple(levels), level, missing, c)
    columns["interpreter_used"] = _interpreter(region, c, needs, seen)
    columns["days_since_leaving"] = _days_since_leaving(region, c, gap, seen)
    return columns, relation


def draw_fact_bits(region: Region, c: Cases, o: Operations, name: str, k: int) -> Words:
    """Return (contacts,) uniform bits that decide a fact, the ``k``-th, of each contact.

    Those of ``helpline.follows`` are, for a share of the people of operations, the bits that decided a
    fact of the operation's life.
    """
    bits = region.stream("helpline/fact").bits(c.local, k)
    if name not in region["helpline.follows"]:
        return bits
    coupled = (c.operation >= 0) & region.chance("helpline/coupled", c.person, "helpline.coupled", k)
    for family, fact in region["helpline.follows"][name].items():
        here = coupled & (o.family[c.operation] == FAMILIES.index(family))
        bits = o.life.state.couple(fact_number(family, fact), c.operation, bits, here)
    return bits


def _state_level(c: Cases, needs: np.ndarray, name: str) -> np.ndarray:
    if not name:
        return np.zeros(len(c.local), dtype=np.int64)
    if name == "movement":
        return c.danger + LEVELS * c.restricted
    state = needs[:, NEEDS.index(name)] if name in NEEDS else getattr(c, name)
    return state.astype(np.int64)


def _values(
    region: Region, name: str, levels: tuple[str, ...], level: np.ndarray, missing: np.ndarray, c: Cases
) -> pl.Series:
    """Return the column of a fact: Boolean for no and yes, Int16 for numbers, else String; null where missing."""
    if levels == ("no", "yes"):
        return with_nulls(level == 1, ~missing)
    if not levels[0].isdigit():
        return decode(levels, np.where(missing, -1, level))
    lows = np.array([int(x) for x in levels])
    if name != "weeks_owed":
        return with_nulls(lows[level].astype(np.int16), ~missing)
    highs = np.append(lows[1:], region["helpline.weeks_owed_most"] + 1)
    most = np.minimum(highs[level], c.weeks + 1) - lows[level]
    within = region.stream("helpline/weeks_owed").below(c.local, most)
    return with_nulls((lows[level] + within).astype(np.int16), ~missing)


def _interpreter(region: Region, c: Cases, needs: np.ndarray, seen: HelplineEvidence) -> pl.Series:
    p = {k: probability(v) for k, v in region["helpline.interpreter_used"].items()}
    offered = np.where(c.foreign, p["foreign"], p["resident"]) * c.spoken
    wanted = np.where(c.foreign, p["needed"], p["resident"]) * c.spoken
    needed = needs[:, NEEDS.index("interpreting")]
    used = region.stream("helpline/interpreter").chance(c.local, np.where(needed, wanted, offered))
    missing = region.chance("helpline/interpreter", c.local, "helpline.missing", 1)
    chance = np.stack([offered, wanted], axis=1)
    log_likelihood = log(np.clip(np.where(used[:, None], chance, ONE - chance), 1, ONE))
    seen.add("interpreting", np.where(missing[:, None], 0, log_likelihood))
    return with_nulls(used, ~missing)


def _days_since_leaving(region: Region, c: Cases, gap: np.ndarray, seen: HelplineEvidence) -> pl.Series:
    """Return days since leaving, null where not left or not known; a number settles the phase."""
    missing = region.stream("helpline/since").chance(c.local, gap)
    shown = ~missing & (c.since >= 0)
    phases = np.arange(len(PHASES))
    left = (phases > 0) & (phases < NONE)
    other = np.where(phases == c.phase[:, None], 0, IMPOSSIBLE)
    seen.phase[...] += np.where(shown[:, None], other, np.where(left, log(gap)[:, None], 0))
    return with_nulls(c.since.astype(np.int16), shown)
