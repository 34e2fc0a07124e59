"""The hidden state of a contact, what a person needs and how soon, what is recorded of it, and the exact posterior.

A need's log-odds are a sum of the kind of case, the time since leaving, danger and circumstances. Coded facts and a
note are recorded. A note is put together from listed sentences (:file:`text/notes/`), so that everything it can say
can be listed and audited; ``helpline.apart`` of the world file rules out sentences that contradict what is known of
the contact. The posterior adds up over every hidden state: kind, phase and danger (75 cells) and, within a cell, the
circumstances that a need depends on. All in integers.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, Ints, exp, log, log_add, normalise, probability, sigmoid
from tipdata.core.tables import as_lists, decode, read_tables, with_nulls
from tipdata.core.world import Region
from tipdata.stages.people import probability_of_withheld_earnings
from tipdata.text.documents import read_document

TABLES = read_tables("helpline")
KINDS = TABLES["contacts"].values("kind")
"""Whose contact it is: exploited in labour, services or another form, a lawful worker in trouble, any other."""
EXPLOITED_KINDS = 3
WORKER, ENQUIRY = 3, 4
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
class Cases:
    """Contacts by position: int64 or bool arrays of equal length.

    ``local`` and ``person``: local numbers of the contact and of the person (draws are keyed by them).
    ``since``: days since leaving, -1 where not left. ``spoken``: an interpreter for the language is at hand, or
    none is needed. ``earnings``, ``documents``: withheld; ``authorities``: they ended it. ``trade``: level of the fact
    ``sector`` that their operation is of, -1 for none.
    """

    local: np.ndarray
    person: np.ndarray
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

    ``need`` (contacts, needs, 2: absent, present), ``kind`` (contacts, 5), ``phase`` (contacts, 5), ``danger``
    (contacts, 3), ``cell`` (contacts, 5, 5, 3) of the three together, ``circumstance`` (contacts, circumstances, 2: no,
    yes).
    """

    need: np.ndarray
    kind: np.ndarray
    phase: np.ndarray
    danger: np.ndarray
    cell: np.ndarray
    circumstance: np.ndarray

    @classmethod
    def none(cls, contacts: int) -> "HelplineEvidence":
        cells = len(KINDS), len(PHASES), LEVELS
        shapes = (len(NEEDS), 2), *((size,) for size in cells), cells, (len(CIRCUMSTANCES), 2)
        return cls(*(np.zeros((contacts, *shape), dtype=np.int64) for shape in shapes))

    def of(self, state: str) -> np.ndarray:
        """Return the (contacts, levels) slice of a need, a circumstance, ``kind``, ``phase`` or ``danger``."""
        if state in CIRCUMSTANCES:
            return self.circumstance[:, CIRCUMSTANCES.index(state)]
        return self.need[:, NEEDS.index(state)] if state in NEEDS else getattr(self, state)


BLOCKS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("wages", "legal"), ("earnings", "authorities")),
    (("papers",), ("documents",)),
    *(((name,), ()) for name in ("shelter", "safety", "medical", "counselling", "interpreting")),
)
"""Needs that share hidden circumstances, with these circumstances. Blocks are independent given the cell."""
LOG_128 = 4852
"""Logarithm of 128, milli-nats, used by :func:`log_total`."""


def log_total(values: np.ndarray) -> np.ndarray:
    """Return log of the sum of exponentials over the last axis (at most 128 terms), milli-nats, in integers."""
    top = values.max(axis=-1)
    return top + log(exp(values - top[..., None]).sum(axis=-1) >> 11) + LOG_128


@dataclass(frozen=True)
class NeedModel:
    """The region's parameters of needs and of the hidden cells (kind, phase, danger), milli-nats.

    ``logit`` (75 cells, needs); ``foreign`` (needs,); ``effect``: circumstance -> (needs,); ``prior``
    (2: language of the region or another, 75); ``circumstance``: name -> (75,) probabilities out of 65,536;
    ``urgency`` (75, 3) log probabilities.
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
        kinds: (5,) integer weights of the kinds among its first contacts.
        circumstances: by name (kinds, phases) probabilities out of 65,536.
    """
    given = [region[f"helpline.need.{name}"] for name in NEEDS]
    kind, phase, danger = (np.array([n[name] for n in given]).T for name in ("kind", "phase", "danger"))
    cells, sd = np.arange(kind.size).reshape(kind.shape), int(region["helpline.jitter"] * 1000)
    kind = kind + region.spread("helpline/jitter", cells, "normal", sd)
    logit = kind[:, None, None] + phase[None, :, None] + danger[None, None]
    foreign = region.chances("helpline.foreign", KINDS)
    dangers = log(danger_table(region))
    base = log(normalise(kinds * ONE))[:, None] + log(phase_table(region))
    cell = base[:, :, None] + dangers
    prior = np.stack([cell + log(p)[:, None, None] for p in (ONE - foreign, foreign)])
    urgency = log(urgency_table(region))
    return NeedModel(
        logit=logit.reshape(-1, len(NEEDS)),
        foreign=np.array([n["foreign"] for n in given]),
        effect={name: np.array([n[name] for n in given]) for name in CIRCUMSTANCES},
        prior=prior.reshape(2, -1),
        circumstance={n: np.repeat(p.reshape(-1), LEVELS) for n, p in circumstances.items()},
        urgency=np.broadcast_to(urgency, (len(KINDS), *urgency.shape)).reshape(-1, LEVELS),
    )


def phase_table(region: Region) -> np.ndarray:
    """Return (kinds, phases) probabilities out of 65,536."""
    exploited, worker = ([region[f"helpline.{k}_phase"][p] for p in PHASES] for k in ("exploited", "worker"))
    enquiry = [int(p == NONE) for p in range(len(PHASES))]
    return normalise(np.array([exploited] * EXPLOITED_KINDS + [worker, enquiry]) * ONE)


def danger_table(region: Region) -> np.ndarray:
    """Return (kinds, phases, levels) probabilities out of 65,536."""
    groups = ["exploited"] * EXPLOITED_KINDS + ["worker", "enquiry"]
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
    control = [region["people.control.labour"], *[region["people.control.other"]] * (EXPLOITED_KINDS - 1)]
    earnings = [probability_of_withheld_earnings(region, c) for c in control]
    documents, restricted, threatened = (
        [probability(c[name]) for c in control]
        for name in ("withholds_documents", "restricts_movement", "threats")
    )
    for name, listed in (("earnings", earnings), ("documents", documents)):
        listed += [probability(region[f"helpline.{name}"][k]) for k in KINDS[EXPLOITED_KINDS:]]
    exits = region["people.exit"]
    ended = exits["authorities"] * ONE // sum(exits.values())
    authorities = np.zeros((len(KINDS), len(PHASES)), dtype=np.int64)
    authorities[:EXPLOITED_KINDS, 1:NONE] = ended
    lawful = [0] * (len(KINDS) - EXPLOITED_KINDS)
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
    """Return the cell (kind, phase, danger) of each contact, 0-74."""
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
                log(ONE - p)[at] + seen.need[:, k, 0, None],
                log(p)[at] + seen.need[:, k, 1, None],
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
) -> tuple[dict[str, pl.Series], np.ndarray]:
    """Draw all facts of the contacts, and add what they say to ``seen``, for one who knows how long each stayed.

    Return a column for each fact, null where missing, and the level of caller_relation, 0 for the person themself.

    Args:
        needs: (contacts, needs) bool.
        trades: (kinds, sectors) probabilities of the fact ``sector``, where those exploited have that of their
            operation.
        restricted: (kinds, phases) probabilities out of 65,536 that movement is.
    """
    n = len(c.local)
    gaps = (probability(region[f"helpline.{name}"]) for name in ("missing", "missing_unspoken"))
    gap = np.where(c.spoken, *gaps)
    columns: dict[str, pl.Series] = {}
    relation = np.zeros(n, dtype=np.int64)
    for k, (name, state) in enumerate(DEPENDS_ON.items()):
        levels = region[f"helpline.fact.{name}"]
        listed = region.values(f"helpline.fact.{name}").T
        table, state_of = normalise(listed * ONE), _state_level(c, needs, state)
        possible = (listed > 0)[state_of]
        if name == "weeks_owed":
            possible &= np.array([int(low) for low in levels]) <= c.weeks[:, None]
        level = region.stream("helpline/fact").choose(c.local, np.where(possible, table[state_of], 0), k)
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
            seen.of(state)[...] += np.where(missing[:, None], 0, log_likelihood)
        elif state:
            seen.of(state)[...] += np.where(missing[:, None], 0, log(table)[:, level].T)
        if name == "caller_relation":
            relation = level
        columns[name] = _values(region, name, tuple(levels), level, missing, c)
    columns["interpreter_used"] = _interpreter(region, c, needs, seen)
    columns["days_since_leaving"] = _days_since_leaving(region, c, gap, seen)
    return columns, relation


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
    seen.of("interpreting")[...] += np.where(missing[:, None], 0, log_likelihood)
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


APART = "helpline.apart"


@dataclass(frozen=True)
class KnownFacts:
    """What is known of contacts: coded ``facts`` (a list each, None where missing), and by pool which of its sentences
    came up, -1 for none: (contacts,) int64, filled in as a note is written."""

    facts: Mapping[str, list[Any]]
    contacts: int
    sentences: dict[str, np.ndarray]

    def ruled_out(self, region: Region, pool: str, sentences: int) -> np.ndarray:
        """Return (contacts, sentences) bool: which sentences of a pool cannot be true of each contact.

        Raises ValueError where nothing of the pool is left for someone, and for a sentence or a name that is none.
        """
        made = np.zeros((self.contacts, sentences), dtype=bool)
        for rule in region[APART].get(pool, []):
            holds = np.zeros(self.contacts, dtype=bool)
            for name, wanted in rule["where"].items():
                said = self.sentences.get(name)
                holds |= self._holds(name, wanted) if said is None else np.isin(said, wanted)
            if max(rule["said"]) >= sentences:
                raise ValueError(
                    f"{APART}.{pool}: {rule['said']} names a sentence that the pool does not have"
                )
            made[:, rule["said"]] |= holds[:, None]
        if made.all(axis=1).any():
            raise ValueError(f"{APART}.{pool} leaves some contact no sentence")
        return made

    def _holds(self, name: str, wanted: list[str] | Mapping[str, int]) -> np.ndarray:
        if name not in self.facts:
            raise ValueError(f"{APART}: {name} is neither a fact nor a pool that comes earlier")
        values = self.facts[name]
        if isinstance(wanted, Mapping):
            low, high = wanted.get("from", -math.inf), wanted.get("to", math.inf)
            return np.array([value is not None and low <= value <= high for value in values], dtype=bool)
        coded = any(isinstance(value, bool) for value in values)
        fits = {value == "yes" for value in wanted} if coded else set(wanted)
        return np.array([value is not None and value in fits for value in values], dtype=bool)


OTHER_POOLS = ("danger", "time", "work")
"""Pools of sentences besides those of needs."""
POOL_STATES = {"danger": "danger", "time": "phase", "work": "kind"}
"""The hidden state that each of these pools reflects."""
MOST_SENTENCES = 3
"""Most sentences of a note besides its opener."""


@dataclass(frozen=True)
class NoteSentences:
    """One language.

    Attributes:
        strings: all sentences.
        pools: indices of a need's own sentences and those that it shares, and of danger, time and work.
        filler: indices of neutral sentences.
        opener: (2, n) indices: the person themself, someone for them.
        space: what stands between two sentences.
    """

    strings: tuple[str, ...]
    pools: dict[str, np.ndarray]
    filler: np.ndarray
    opener: np.ndarray
    space: str


@cache
def read_notes(language: str) -> NoteSentences:
    """Return the compiled notes of a language."""
    document = read_document(f"notes/{language}")
    strings: list[str] = []

    def add(sentences: list[str]) -> np.ndarray:
        strings.extend(sentences)
        return np.arange(len(strings) - len(sentences), len(strings))

    shared: dict[str, np.ndarray] = {}
    for pair, sentences in document["shared"].items():
        shared |= dict.fromkeys(pair.split("_"), add(sentences))
    pools = {n: np.concatenate([add(document["needs"][n]), shared[n]]) for n in NEEDS}
    pools |= {name: add(document[name]) for name in OTHER_POOLS}
    opener = np.stack([add(document["opener"][who]) for who in ("self", "other")])
    filler = add(document["filler"])
    return NoteSentences(tuple(strings), pools, filler, opener, document["space"])


def write_notes(
    region: Region,
    language: str,
    c: Cases,
    needs: np.ndarray,
    facts: dict[str, pl.Series],
    relation: np.ndarray,
    seen: HelplineEvidence,
) -> tuple[pl.Series, pl.Series]:
    """Write the note of every contact, add to ``seen`` what came up, and return both: texts, and lists of pools.

    Each pool comes up or not, and in which of its sentences, as the state it stands for has it;
    none that the facts or an earlier pool rule out. A note has room for two or three of these (``seen`` counts them
    all), is filled up with neutral sentences, and may have an opener.
    """
    book = read_notes(language)
    coded = {name: values.to_list() for name, values in facts.items()}
    known = KnownFacts(coded | {"foreign": c.foreign.tolist()}, len(c.local), {})
    raised, sentence = _draw_raised(region, book, c, needs, known, seen)
    count = len(book.filler)
    begin = region.stream("helpline/filler").below(c.local[:, None], count)
    # Steps that are coprime to the number of sentences (a power of two) give different ones.
    step = 1 + 2 * region.stream("helpline/filler").below(c.local[:, None], count // 2, 1)
    filler = book.filler[(begin + step * np.arange(MOST_SENTENCES)) % count]
    pools = raised.shape[1]
    places = np.arange(pools + MOST_SENTENCES)
    order = region.stream("helpline/order").below(c.local[:, None], 1 << 20, places)
    same = (sentence[:, :, None] == sentence[:, None, :]) & raised[:, None, :]
    repeats = (same & np.tri(pools, k=-1, dtype=bool)).any(axis=2)
    order[:, :pools] += np.where(raised & ~repeats, 0, 1 << 22)
    order[:, pools:] += 1 << 21
    first = np.argsort(order, axis=1, kind="stable")[:, :MOST_SENTENCES]
    chosen = np.take_along_axis(np.concatenate([sentence, filler], axis=1), first, axis=1)
    room = 2 + region.choose("helpline/room", c.local, "helpline.sentence.room")
    opens = region.chance("helpline/opens", c.local, "helpline.sentence.opener")
    count = book.opener.shape[1]
    excluded = known.ruled_out(region, "opener_other", count) & (relation > 0)[:, None]
    which = region.stream("helpline/opener").below(c.local, count - excluded.sum(axis=1))
    possible = np.argsort(excluded, axis=1, kind="stable")
    opener = book.opener[np.minimum(relation, 1), possible[np.arange(len(which)), which]]
    is_shown = [opens, *(room > place for place in range(MOST_SENTENCES))]
    sentences = np.column_stack([opener, chosen]).tolist()
    text = [
        book.space.join(book.strings[one] for one, here in zip(numbers, visible, strict=True) if here)
        for numbers, visible in zip(sentences, np.column_stack(is_shown).tolist(), strict=True)
    ]
    return pl.Series(text, dtype=pl.String), as_lists(np.array((*NEEDS, *OTHER_POOLS)), raised)


def _draw_raised(
    region: Region,
    book: NoteSentences,
    c: Cases,
    needs: np.ndarray,
    known: KnownFacts,
    seen: HelplineEvidence,
) -> tuple[np.ndarray, np.ndarray]:
    """Return which pools come up, and the sentence of each: two (contacts, pools) arrays."""
    raised = np.zeros((len(c.local), len(book.pools)), dtype=bool)
    sentence = np.zeros_like(raised, dtype=np.int64)
    fond = region.values("helpline.sentence.dialect")
    for k, (pool, indices) in enumerate(book.pools.items()):
        kind = "need" if pool in NEEDS else pool
        level = needs[:, k].astype(np.int64) if pool in NEEDS else getattr(c, POOL_STATES[pool])
        chance = region.chances(f"helpline.said.{kind}")
        dialect = fond[region.stream("helpline/dialect").below(indices, len(fond))]
        listed = region.values(f"helpline.sentence.{kind}") * dialect * ONE
        excluded = known.ruled_out(region, pool, len(indices))[:, None, :]
        # By contact, level of the state and sentence: what is ruled out is ruled out at every level.
        weights = np.where(excluded, 0, normalise(np.where(excluded, 0, listed)))
        raised[:, k] = region.stream("helpline/said").chance(c.local, chance[level], k)
        at = np.arange(len(c.local))
        variant = region.stream("helpline/sentence").choose(c.local, weights[at, level], k)
        sentence[:, k] = indices[variant]
        known.sentences[pool] = np.where(raised[:, k], variant, -1)
        silent = log(ONE - chance)[None, :]
        spoken = log(chance)[None, :] + log(weights[at, :, variant])
        seen.of(POOL_STATES.get(pool, pool))[...] += np.where(raised[:, k, None], spoken, silent)
    return raised, sentence
