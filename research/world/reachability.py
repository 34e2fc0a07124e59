"""What can be learnt from adverts at `small`'s own counts? python research/world/reachability.py [--draws 3]

A sketch of the law of the text alone, without the generator: operations say facts at levels that lean by kind, and a
level is said in one of ten frames of a few words, chosen without the kind. Over it the table that shows why the law is
what it is: facts *shared* by the three families or each family's own, with *stems* (words that stand in most frames of
a level) or none, *strength* (sd of a level's log ratio of trafficking to the rest, nats), against AUROC by operation of

- *TF-IDF*: the shipped method (words and pairs of words, logistic regression), trained on operations apart;
- *facts*: the same regression on the facts themselves, which is what a reader of every language who knows each level by
  its meaning would learn from: the most that an encoder could;
- *advert*, *oracle*: the posterior of one advert's facts, and of all of the operation's.

Counts are those of `small`: 64 regions of 210 operations that post, 5% of trafficking; languages, families, templates
and facts an advert as the world has them; the last third of operations is the test.
*within* is the share of levels whose ratio is in .8 to 1.25, where most were wanted (calibration notes, section 1).
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg

REGIONS, A_REGION, POSITIVE = 64, 210, 0.05
LANGUAGES = np.array([40, 22, 12, 10, 8, 8]) / 100
FAMILIES = np.array([37, 55, 8]) / 100
LEVELS, FRAMES, WORDS_A_FRAME = 3, 10, 5
MEAN_SAID = 16.6
KEEPS = 0.8
"""Probability that a template says what its operation habitually says, and that a frame is the writer's own."""
IN_FRAMES = 0.6
"""Share of a level's frames in which each of its stems stands."""
TEST = 1 / 3


@dataclass(frozen=True)
class Law:
    """One row of the table: shared facts, own facts of each family, stems a level, strength in nats."""

    shared: int
    own: int
    stems: int
    strength: float

    @property
    def facts(self) -> int:
        return self.shared + self.own


@dataclass(frozen=True)
class Market:
    """Operations and one advert a template. ``level``: (operations, facts); ``said``: (adverts, facts) level or -1."""

    law: Law
    trafficking: np.ndarray
    language: np.ndarray
    family: np.ndarray
    ratio: np.ndarray
    level: np.ndarray
    owner: np.ndarray
    said: np.ndarray


def market(law: Law, seed: int) -> Market:
    """Draw what operations have to say, and what their templates say of it."""
    g = np.random.default_rng(seed)
    count = REGIONS * A_REGION
    trafficking = g.random(count) < POSITIVE
    language, family = g.choice(6, count, p=LANGUAGES), g.choice(3, count, p=FAMILIES)
    ratio = np.repeat(g.normal(0, law.strength, (1, law.facts, LEVELS)), 3, axis=0)
    ratio[:, law.shared :] = g.normal(0, law.strength, (3, law.own, LEVELS))
    base = g.dirichlet(np.full(LEVELS, 6.0), law.facts)
    p = base * np.exp(np.where(trafficking[:, None, None], ratio[family], 0.0))
    level = drawn(p, g)
    owner = np.repeat(np.arange(count), g.choice([1, 2, 3, 4], count, p=[0.25, 0.37, 0.24, 0.14]))
    own = g.random((count, law.facts))[owner]
    race = np.where(g.random(own.shape) < KEEPS, own, g.random(own.shape))
    many = np.clip(g.normal(MEAN_SAID * law.facts / 32, 3.5, len(owner)).round(), 3, law.facts)
    said = race.argsort(axis=1).argsort(axis=1) < many[:, None]
    return Market(law, trafficking, language, family, ratio, level, owner, np.where(said, level[owner], -1))


def drawn(p: np.ndarray, g: np.random.Generator) -> np.ndarray:
    """Return a number each by weights over the last axis."""
    total = p.cumsum(axis=-1)
    return (g.random((*p.shape[:-1], 1)) * total[..., -1:] > total).sum(axis=-1)


def texts(m: Market, seed: int) -> list[str]:
    """Return the text of each advert: a frame of each fact that is said, of the writer's own choice mostly."""
    g = np.random.default_rng(seed + 1)
    row, fact = np.nonzero(m.said >= 0)
    owner, level = m.owner[row], m.said[row, fact]
    liked = g.integers(0, FRAMES, (len(m.language), m.law.facts))[owner, fact]
    frame = np.where(g.random(len(row)) < KEEPS, liked, g.integers(0, FRAMES, len(row)))
    # A shared fact has the same frames in every family, an own fact others in each.
    place = np.where(fact < m.law.shared, fact, fact + (m.family[owner] + 1) * 100)
    cell = (m.language[owner] * 1000 + place) * LEVELS + level
    stems = g.random((cell.max() + 1, FRAMES, max(m.law.stems, 1))) < (IN_FRAMES if m.law.stems else 0.0)
    rest = g.integers(0, 700, (cell.max() + 1, FRAMES, WORDS_A_FRAME))
    parts: list[list[str]] = [[] for _ in range(len(m.owner))]
    for at, c, f, spoken in zip(
        row.tolist(), cell.tolist(), frame.tolist(), m.language[owner].tolist(), strict=True
    ):
        words = [f"w{spoken}x{word}" for word in rest[c, f]]
        parts[at] += [f"s{c}x{k}" for k in np.flatnonzero(stems[c, f])] + words
    return [" ".join(part) for part in parts]


def measured(m: Market, seed: int) -> dict[str, float]:
    """Return AUROC of each way to rank, and the share of levels near 1."""
    g = np.random.default_rng(seed + 2)
    label = m.trafficking[m.owner].astype(int)
    test = (g.random(len(m.language)) < TEST)[m.owner]
    documents = texts(m, seed)
    method = TfidfLogreg().new_model()
    method.fit([documents[i] for i in np.flatnonzero(~test)], label[~test])
    scores = {"TF-IDF": method.scores([documents[i] for i in np.flatnonzero(test)])}
    row, fact = np.nonzero(m.said >= 0)
    place = np.where(fact < m.law.shared, fact, fact + (m.family[m.owner[row]] + 1) * 100)
    column = place * LEVELS + m.said[row, fact]
    known = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(m.owner), column.max() + 1))
    model = LogisticRegression(C=0.1, max_iter=300).fit(known[~test], label[~test])
    scores["facts"] = model.predict_proba(known[test])[:, 1]
    told = np.take_along_axis(evidence(m), np.maximum(m.level, 0)[:, :, None], axis=2)[:, :, 0]
    scores["advert"] = np.where(m.said >= 0, told[m.owner], 0.0).sum(axis=1)[test]
    scores["oracle"] = told.sum(axis=1)[m.owner][test]
    found = {name: float(roc_auc_score(label[test], score)) for name, score in scores.items()}
    return {**found, "within": float(np.mean(np.abs(m.ratio) < np.log(1.25)))}


def evidence(m: Market) -> np.ndarray:
    """Return log ratios of each operation's levels as they would be counted: (operations, facts, levels)."""
    counts = np.zeros((2, 3, m.law.facts, LEVELS))
    for kind, f in itertools.product((0, 1), range(3)):
        there = m.level[(m.trafficking == kind) & (m.family == f)]
        for level in range(LEVELS):
            counts[kind, f, :, level] = (there == level).sum(axis=0) + 0.5
    share = counts / counts.sum(axis=-1, keepdims=True)
    # By the law that was drawn from, renormalised over the lawful shares.
    lawful = share[0]
    tilted = lawful * np.exp(m.ratio)
    return (np.log(tilted / tilted.sum(axis=-1, keepdims=True)) - np.log(lawful))[m.family]


LAWS = (
    *(Law(0, 24, stems, 0.5) for stems in (0, 1)),
    *(Law(24, 8, stems, strength) for strength in (0.15, 0.3, 0.5, 0.6, 0.8) for stems in (0, 1)),
    Law(24, 8, 2, 0.6),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=3, help="markets a row; means are shown")
    options = parser.parse_args()
    names = ("TF-IDF", "facts", "advert", "oracle", "within")
    print("| shared facts | own facts | stems | strength | " + " | ".join(names) + " |")
    print("|--:|--:|--:|--:|" + "--:|" * len(names))
    for law in LAWS:
        start = time.process_time()
        rows = [measured(market(law, seed), seed) for seed in range(options.draws)]
        means = " | ".join(f"{np.mean([row[name] for row in rows]):.2f}" for name in names)
        print(f"| {law.shared} | {law.own} | {law.stems} | {law.strength:g} | {means} |", flush=True)
        print(f"{time.process_time() - start:.0f} s of CPU", file=sys.stderr)


if __name__ == "__main__":
    main()
