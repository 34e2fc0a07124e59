"""The hidden state of a contact, what a person needs and how soon, and the exact posterior given what was observed.

A need's log-odds are a sum of the kind of case, the time since leaving, danger and circumstances. The posterior adds
up over every hidden state: kind, phase and danger (75 cells) and, within a cell, the circumstances that a need
depends on. All in integers.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from tipdata.core.draw import ONE, exp, log, log_add, normalise, probability, sigmoid
from tipdata.core.tables import read_tables
from tipdata.core.world import Region
from tipdata.stages.people import probability_of_withheld_earnings

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
    cells = np.arange(len(KINDS) * len(NEEDS)).reshape(len(KINDS), len(NEEDS))
    sd = int(region["helpline.jitter"] * 1000)
    jitter = region.spread("helpline/jitter", cells, "normal", sd)
    kind = np.array([n["kind"] for n in given]).T + jitter
    phase, danger = (np.array([n[name] for n in given]).T for name in ("phase", "danger"))
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


def draw_urgency(region: Region, c: Cases) -> np.ndarray:
    """Return levels 0-2 by danger now and time since leaving."""
    return region.stream("helpline/urgency").choose(c.local, urgency_table(region)[c.phase, c.danger])


def cells_of(c: Cases) -> np.ndarray:
    """Return the cell (kind, phase, danger) of each contact, 0-74."""
    return (c.kind * len(PHASES) + c.phase) * LEVELS + c.danger


def need_posterior(
    m: NeedModel, foreign: np.ndarray, seen: HelplineEvidence
) -> tuple[np.ndarray, np.ndarray]:
    """Return log-odds, milli-nats: (contacts, needs) of each need, and (contacts,) of the highest urgency."""
    at = foreign.astype(np.int64)
    n = len(at)
    total = m.prior[at].reshape(n, len(KINDS), len(PHASES), LEVELS)
    total = total + seen.kind[:, :, None, None] + seen.phase[:, None, :, None] + seen.danger[:, None, None]
    total = total + seen.cell
    total = total.reshape(n, -1)
    blocks = [_block(m, at, seen, needs, hidden) for needs, hidden in BLOCKS]
    total = total + sum(whole for whole, _ in blocks)
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
    joined = {n: tuple(_log_add_all([p[n][i] for p in parts]) for i in (0, 1)) for n in needs}
    return _log_add_all(wholes), {n: (pair[0], pair[1]) for n, pair in joined.items()}


def _log_add_all(values: list[np.ndarray]) -> np.ndarray:
    total = values[0]
    for value in values[1:]:
        total = log_add(total, value)
    return total
