"""Is what adverts say worth reading? python research/world/lives.py [--worlds 1 2 3] [--regions 64]

The gates on what adverts say, on worlds that tuned nothing: each row is a figure, the bound it is held against, and its
value in each world. Operations of the parts train and valid teach, those of test are scored; an operation weighs one,
shared among the first adverts of its templates.

- *TF-IDF*: logistic regression on words and pairs of words; *facts*: the same on what adverts truly state, one-hot with
  category; *reference*: the exact posterior of one advert. AP at the natural prevalence of about 5%.
- *count of facts, sentences, words*: AUROC of the number alone within family and category, as far from .5 as it lies.
- *overt control*: share of adverts that say papers=kept, advance=repaid or privacy=silent.
- *frame and falsehood*: mutual information in millinats given fact and level, less its mean over permutations within
  fact and level, over the permutations' sd.
- *terse*: share of operations whose writer usually says little (the lowest quarter of a family). It must not tell the
  kind, and be no rarer among lawful migrants than among lawful residents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from drawn import NEEDED, asking
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from tipdata.core.kinds import CATEGORIES, FAMILIES, SPAM, TRAFFICKING
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.operations.stage import Operations
from tipdata.stages.operations.state import SILENT
from tipdata.text.facts import level_places

TEST = 2
OVERT = ("papers=kept", "advance=repaid", "privacy=silent")
PERMUTATIONS = 20


@dataclass(frozen=True)
class Market:
    """First adverts of templates, one row each. ``code``: (n, facts) level or -1; ``sentences``: how many."""

    operation: np.ndarray
    kind: np.ndarray
    category: np.ndarray
    test: np.ndarray
    weight: np.ndarray
    body: np.ndarray
    code: np.ndarray
    false: np.ndarray
    frame: np.ndarray
    log_odds: np.ndarray
    brief_words: np.ndarray
    language: np.ndarray
    migrant: np.ndarray
    terse: np.ndarray
    wordbook: np.ndarray

    @property
    def family(self) -> np.ndarray:
        """The number of each advert's family."""
        return np.array(list(CATEGORIES.values()))[self.category]

    def states(self, levels: Sequence[str]) -> np.ndarray:
        """Return (n,) bool: whether an advert states one of these levels, such as ``papers=kept``."""
        found, family = np.zeros(len(self.kind), dtype=bool), self.family
        for f, name in enumerate(FAMILIES):
            for fact, level in (level_places(name)[one] for one in levels if one in level_places(name)):
                found |= (family == f) & (self.code[:, fact] == level)
        return found


def draw_market(world: World, regions: int) -> Market:
    """Return the adverts of some regions of a world."""
    parts: list[list[np.ndarray]] = []
    for index in range(regions):
        past, tables = draw_tables(world.region(index), NEEDED)
        o: Operations = past["operations"]
        adverts: Adverts = past["adverts"]
        said, table = adverts.statements, tables["adverts"]
        body = np.array(table["body"].to_list(), dtype=object)
        words = np.array([count_words(text) for text in body])
        first = np.flatnonzero(table["parent"].is_null().to_numpy() & ~table["copied"].to_numpy())
        owner = adverts.operation[first]
        state = o.life.state.level[owner]
        level = said.level[first]
        parts.append(
            [
                index * 1000 + owner, o.kind[owner], o.category[owner], o.part[owner] == TEST,
                1 / np.bincount(owner, minlength=len(o.id))[owner], body[first], level,
                (level != SILENT) & (level != state), said.frame[first], adverts.log_odds[first],
                words, o.language[owner], o.traits["migrant"][owner] == 1,
                tables["operations"]["terse"].to_numpy()[owner], o.wordbook[owner],
            ]
        )  # fmt: skip
    columns = [np.concatenate(one) for one in zip(*parts, strict=True)]
    return Market(*columns)


def count_words(text: str) -> int:
    """Return how many words a text has; two Chinese characters count as one."""
    return len(re.findall(r"[^\W\u4e00-\u9fff]+", text)) + len(re.findall(r"[\u4e00-\u9fff]", text)) // 2


def count_terms(bodies: np.ndarray) -> sparse.csr_matrix:
    """Return TF-IDF weights of words and pairs of words, (texts, terms)."""
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"(?u)[^\W\d_]+")
    return sparse.csr_matrix(vectors.fit_transform(bodies))


def score_test(
    features: sparse.csr_matrix, test: np.ndarray, positive: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return scores of the test rows by a regression that is fitted on the others."""
    model = LogisticRegression(C=1.0, max_iter=300, class_weight="balanced")
    model.fit(features[~test], positive[~test], sample_weight=weight[~test])
    return model.decision_function(features[test])


def fit(features: sparse.csr_matrix, m: Market) -> tuple[float, float]:
    """Return AUROC and AP of :func:`score_test`."""
    test, y = m.test, m.kind == TRAFFICKING
    score = score_test(features, test, y, m.weight)
    return (
        roc_auc_score(y[test], score, sample_weight=m.weight[test]),
        average_precision_score(y[test], score, sample_weight=m.weight[test]),
    )


def one_hot(m: Market) -> sparse.csr_matrix:
    """Return category, and each fact's level by family, as columns."""
    row, fact = np.nonzero(m.code != SILENT)
    column = (fact * 4 + m.code[row, fact]) * len(FAMILIES) + m.family[row]
    shared = fact * 4 + m.code[row, fact]
    size = m.code.shape[1] * 4
    rows = np.r_[row, row, np.arange(len(m.code))]
    columns = np.r_[column, size * 3 + shared, size * 4 + m.category]
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(m.code), size * 4 + 11))


def count_auroc(m: Market, count: np.ndarray) -> float:
    """Return the AUROC of a count within category, averaged by how many positive operations a category has."""
    y, total, weight = m.kind == TRAFFICKING, 0.0, 0.0
    for c in range(len(CATEGORIES)):
        here = (m.category == c) & (m.kind != SPAM)
        if y[here].sum() >= 10:
            w = m.weight[here & y].sum()
            total += w * roc_auc_score(y[here], count[here], sample_weight=m.weight[here])
            weight += w
    return total / weight


def falsehood_in_frames(m: Market) -> float:
    """Return the z of the mutual information between frame and falsehood, given language, family, fact and level."""
    row, fact = np.nonzero((m.code != SILENT) & (m.kind == TRAFFICKING)[:, None])
    stratum = ((m.language[row] * 3 + m.family[row]) * 64 + fact) * 8 + m.code[row, fact]
    false, frame = m.false[row, fact], m.frame[row, fact]
    # One row an operation and stratum: its templates are worded alike.
    _, first = np.unique(m.operation[row] * 100_000 + stratum, return_index=True)
    stratum, false, frame = stratum[first], false[first], frame[first]
    g = np.random.default_rng(0)

    def information(f: np.ndarray) -> float:
        cell = np.unique(stratum * 64 + frame, return_inverse=True)[1]
        both, of = np.bincount(cell, f), np.bincount(cell)
        s = np.unique(stratum, return_inverse=True)[1]
        share = (np.bincount(s, f) / np.bincount(s))[s]
        p = (both / of)[cell]
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(f, np.log(p / share), np.log((1 - p) / (1 - share)))
        return float(np.nan_to_num(terms).mean())

    order = np.argsort(stratum, kind="stable")
    drawn = []
    for _ in range(PERMUTATIONS):
        shuffled = np.empty_like(false)
        shuffled[order] = false[np.lexsort((g.random(len(false)), stratum))]
        drawn.append(information(shuffled))
    return float((information(false) - np.mean(drawn)) / np.std(drawn))


def measure(world: World, regions: int) -> dict[str, float]:
    """Return every figure of a world."""
    m = draw_market(world, regions)
    rows = m.kind != SPAM
    y = m.kind == TRAFFICKING
    tfidf = fit(count_terms(m.body), m)
    facts = fit(one_hot(m), m)
    test = m.test
    found = {"TF-IDF AUROC": tfidf[0], "TF-IDF AP": tfidf[1], "facts AUROC": facts[0], "facts AP": facts[1]}
    found["reference AUROC"] = roc_auc_score(y[test], m.log_odds[test], sample_weight=m.weight[test])
    found["reference AP"] = average_precision_score(y[test], m.log_odds[test], sample_weight=m.weight[test])
    found["lift of facts over lift of TF-IDF"] = (facts[1] - 0.05) / (tfidf[1] - 0.05)
    many = (m.code != SILENT).sum(axis=1)
    found["count of facts"] = count_auroc(m, many)
    found["count of words"] = count_auroc(m, np.array([count_words(text) for text in m.body]))
    found["count of sentences"] = count_auroc(
        m, np.array([len(re.findall(r"[.!?。！？؟\n/|•]+", t)) for t in m.body])
    )
    overt = m.states(OVERT)
    found["overt control, lawful"] = np.average(overt[rows & ~y], weights=m.weight[rows & ~y])
    found["overt control, trafficking"] = np.average(overt[y], weights=m.weight[y])
    lawful = rows & ~y
    groups = {
        "residents": lawful & ~m.migrant,
        "migrants": lawful & m.migrant,
        "lawful": lawful,
        "trafficking": y,
    }
    for name, here in groups.items():
        found[f"terse, {name}"] = np.average(m.terse[here], weights=m.weight[here])
    for f, name in enumerate(FAMILIES):
        words = np.array([count_words(text) for text in m.body[m.family == f]])
        found[f"median facts, {name}"] = float(np.median(many[m.family == f]))
        found[f"median words, {name}"] = float(np.median(words))
    found["adverts under 15 words"] = float((m.brief_words < 15).mean())
    found["false share of what offenders say"] = m.false[y].sum() / (m.code[y] != SILENT).sum()
    found["false share of what others say"] = m.false[rows & ~y].sum() / (m.code[rows & ~y] != SILENT).sum()
    found["frame and falsehood, z"] = falsehood_in_frames(m)
    found["positive operations in the test"] = len(np.unique(m.operation[y & test]))
    return found


def main() -> None:
    """Print the table."""
    asked = asking(__doc__, worlds=[1, 2, 3]).parse_args()
    columns = [measure(World.of(newest_released(), number), asked.regions) for number in asked.worlds]
    print(f"{'':36}" + "".join(f"{f'world {n}':>10}" for n in asked.worlds))
    for name in columns[0]:
        print(f"{name:36}" + "".join(f"{one[name]:10.3f}" for one in columns))


if __name__ == "__main__":
    main()
