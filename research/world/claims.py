"""Is the world true in substance? python research/world/claims.py [parts] [--wordbook FILE] [--sentences 1000]

An independent reader measured data 0.4.0. For each claim this prints what they published, and the same figure of the
newest released data. Methods learn from the truth of worlds that tuned nothing, and are tested on another such world.
People, views, takings and lengths are those of a release.

Adverts are the first of each template; an operation weighs one, shared among them. Average precision (AP) is at 5%
trafficking. Intervals are 95% and resample operations of the test. Sentences are compared without case, digits and
marks around them; what one states is learnt from the facts of whole adverts (``tipbaselines.advert_reading``).

``--wordbook``: a host's own set C of sentences (:mod:`tipdata.text.set_c`), in which the test part is worded as well.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from unittest import mock

import numpy as np
import polars as pl
from coverage import without_everyday
from drawn import Drawn, asking_tables
from lives import Market, count_terms, count_words, draw_market, one_hot, score_test
from money_by_form import OTHER_LABOUR, sexual_ratio, takings
from scipy import sparse
from sklearn.metrics import average_precision_score, roc_auc_score
from tipbaselines.advert_reading.sentences import align_levels, highest
from tipbaselines.encoders import SHARED, sentence_counts
from tipbench.data.releases import open_by_name
from tipbench.loading import prepare
from tipbench.stories.sources import candidates
from tipbench.tasks.advert_reading import LEVELS
from tipdata.core.kinds import BUSINESS, FAMILIES, INDEPENDENT, LANGUAGES, SPAM, TRAFFICKING
from tipdata.core.world import World, newest_released, with_set_c
from tipdata.stages import tables_of
from tipdata.stages.operations.state import SILENT
from tipdata.text.facts import array_shape, level_places
from tipdata.text.set_c import save_set_c

ODDS, DRAWS = 0.05 / 0.95, 200
LEARNT = {42: ".241", 167: ".311", 349: "–", 648: ".349", 1349: ".364", 2692: ".372"}
"""Trafficking operations of other worlds that the regression on facts learns from -> its AP in 0.4.0."""
FRAMES, SHRINKAGE = 32, 10
"""Room for the frames of a level; the number of operations that shares pooled over kinds count as."""
STATED, NEAREST = 0.5, 5
"""Share of its adverts from which on a sentence states a level; sentences that vote on a level."""
CONTROL = ("papers=kept", "advance=repaid", "fees=share", "payment=through", "privacy=silent")
PAIRS = (
    ("papers=kept", "papers=own", "withholds_documents", ".381 less .382: −.001 ± .080"),
    ("advance=repaid", "advance=none", "debt_bondage", "+.025 ± .076"),
    ("fees=share", "fees=none", "takes_earnings", "−.004 ± .055"),
    ("heads=several", "heads=one", "exploited", "+.11 ± .81"),
    ("transport=ticket", "transport=self", "travels", "−.019 ± .115"),
)
"""Two levels of a fact, a column that should differ between operations that state only one, and what did in 0.4.0."""
COLUMNS = [field.name for field in fields(Market) if field.name != "brief_words"]
"""Fields of a market that have a value for each advert."""
Row = tuple[str, str, str]
"""A claim, its figure in 0.4.0, and now."""
Floats = np.ndarray


@dataclass
class Sources:
    """What is measured; drawn or opened on first use. ``others``: the worlds that are learnt from."""

    asked: argparse.Namespace

    @cached_property
    def test(self) -> Market:
        return self.draw(self.asked.test)

    @cached_property
    def others(self) -> list[Market]:
        return [self.draw(number) for number in self.asked.worlds]

    def draw(self, number: int) -> Market:
        return draw_market(World.of(newest_released(), number), self.asked.regions)

    def draw_worded(self) -> Market:
        """Return the world of the test with its test part worded by a host's file, of which nothing is kept."""
        with tempfile.TemporaryDirectory() as home, mock.patch.dict(os.environ, {"TIPBENCH_HOME": home}):
            return self.draw(with_set_c(self.asked.test, save_set_c(self.asked.wordbook)))

    @cached_property
    def release(self) -> Drawn:
        """Every table of the release, with its truth."""
        source = open_by_name(self.asked.size)
        tables = {name: source.scan(name, truth=True).collect() for name in tables_of(source.version)}
        return Drawn(World.of(source.version, size=self.asked.size), source.regions, 0, tables=tables)


def take(m: Market, rows: np.ndarray) -> Market:
    """Return some adverts of a market."""
    return replace(m, **{name: getattr(m, name)[rows] for name in COLUMNS})


def join(markets: list[Market]) -> Market:
    """Return the adverts of several worlds."""
    apart = [replace(m, operation=m.operation + 10**6 * k) for k, m in enumerate(markets)]
    return replace(apart[0], **{name: np.concatenate([getattr(m, name) for m in apart]) for name in COLUMNS})


def examine(learnt: Market, tested: Market) -> Market:
    """Return one market whose test is ``tested``."""
    return join([replace(m, test=np.full(len(m.kind), m is tested)) for m in (learnt, tested)])


def score(features: sparse.csr_matrix, m: Market) -> Floats:
    """Return scores of the test by a regression that learns from the other adverts."""
    return score_test(features, m.test, m.kind == TRAFFICKING, m.weight)


def score_facts(learnt: Market, tested: Market) -> Floats:
    """Return scores of adverts by a regression on facts that learns from others."""
    m = examine(learnt, tested)
    return score(one_hot(m), m)


def precision(m: Market, scores: Floats, times: Floats | float = 1.0) -> float:
    """Return AP. ``times``: how often the operation of each advert was drawn."""
    y, weight = m.kind == TRAFFICKING, m.weight * times
    weight[y] *= ODDS * weight[~y].sum() / weight[y].sum()
    return float(average_precision_score(y, scores, sample_weight=weight))


def auroc(m: Market, scores: Floats, times: Floats | float = 1.0) -> float:
    return float(roc_auc_score(m.kind == TRAFFICKING, scores, sample_weight=m.weight * times))


def interval(m: Market, scores: Floats, measure: Callable[..., float] = precision) -> str:
    """Return a measure of scores with its interval."""
    of, generator = np.unique(m.operation, return_inverse=True)[1], np.random.default_rng(0)
    count = int(of.max()) + 1
    drawn = (np.bincount(generator.integers(count, size=count), minlength=count)[of] for _ in range(DRAWS))
    low, high = np.quantile([measure(m, scores, times) for times in drawn], (0.025, 0.975))
    return f"{measure(m, scores):.3f} [{low:.3f}, {high:.3f}]"


def frame_odds(learnt: Market, m: Market) -> Floats:
    """Return naive Bayes' log-odds of trafficking from the frames of an advert, given language, family and levels."""
    size = (len(LANGUAGES), len(FAMILIES), *array_shape(), FRAMES)

    def cells(one: Market) -> tuple[np.ndarray, np.ndarray]:
        row, fact = np.nonzero(one.code != SILENT)
        at = one.language[row], one.family[row], fact, one.code[row, fact], one.frame[row, fact]
        return row, np.ravel_multi_index(at, size)

    row, cell = cells(learnt)
    y, weight = learnt.kind[row] == TRAFFICKING, learnt.weight[row]
    counts = np.stack([np.bincount(cell, weight * side, np.prod(size)).reshape(size) for side in (y, ~y)])
    pooled = counts.sum(axis=0) + 1e-9
    counts += SHRINKAGE * pooled / pooled.sum(axis=-1, keepdims=True)
    share = np.log(counts / counts.sum(axis=-1, keepdims=True)).reshape(2, -1)
    row, cell = cells(m)
    return np.bincount(row, (share[0] - share[1])[cell], len(m.kind))


def measure_wording(x: Sources) -> Iterator[Row]:
    """Does the choice among the frames of a level tell anything?"""
    every = join(x.others)
    odds, m = frame_odds(every, x.test), examine(every, x.test)
    yield "frames given facts, learnt in four worlds: AUROC", ".561", interval(x.test, odds, auroc)
    # A world must not learn from odds that counted its own adverts.
    apart = [frame_odds(join([o for o in x.others if o is not one]), one) for one in x.others]
    both = sparse.hstack([one_hot(m), sparse.csr_matrix(np.concatenate([*apart, odds])[:, None])])
    found = [interval(x.test, score(sparse.csr_matrix(one), m)) for one in (one_hot(m), both)]
    yield "facts alone, and with frames: AP", ".347, .331", ", ".join(found)


def measure_transfer(x: Sources) -> Iterator[Row]:
    """Does the law of one world hold in another?"""
    every, generator = join(x.others), np.random.default_rng(0)
    ids, first = np.unique(every.operation, return_index=True)
    for wanted, published in LEARNT.items():
        found = []
        for _ in range(5 if wanted < 1000 else 1):
            order = generator.permutation(len(ids))
            count = np.cumsum(every.kind[first[order]] == TRAFFICKING)
            chosen = ids[order[: np.searchsorted(count, wanted) + 1]]
            learnt = take(every, np.isin(every.operation, chosen))
            found.append(precision(x.test, score_facts(learnt, x.test)))
        claim = f"facts, {min(wanted, count[-1])} trafficking operations of other worlds: AP"
        yield claim, published, f"{np.mean(found):.3f}"
    part = take(x.test, x.test.test)
    own = take(x.test, ~x.test.test)
    for name, learnt, published in (("another", x.others[0], ".178"), ("its own", own, ".146")):
        m = examine(learnt, part)
        many = len(np.unique(learnt.operation[learnt.kind == TRAFFICKING]))
        claim = f"TF-IDF learnt in {name} world, {many} trafficking operations: AP of the part test"
        yield claim, published, interval(part, score(count_terms(m.body), m))


@dataclass(frozen=True)
class PhraseBook:
    """What sentences state. ``place``: sentence -> row; ``stated``: (sentences, levels) share of its adverts."""

    place: dict[str, int]
    stated: sparse.csr_matrix

    @classmethod
    def of(cls, m: Market) -> PhraseBook:
        """Return the book of the sentences of adverts and of their true facts."""
        counts, said = sentence_counts(m.body.tolist())
        labels = np.zeros((len(m.kind), len(LEVELS)), dtype=np.int8)
        row, fact = np.nonzero(m.code != SILENT)
        labels[row, columns()[m.family[row], fact, m.code[row, fact]]] = 1
        times = np.bincount(counts.indices, minlength=len(said))
        return cls({one: k for k, one in enumerate(said)}, align_levels(counts, times, labels))

    def known(self, m: Market) -> str:
        """Return the share of sentences of adverts that are in the book."""
        counts, said = sentence_counts(m.body.tolist())
        return f"{(counts @ np.array([one in self.place for one in said])).sum() / counts.sum():.3f}"

    def read(self, m: Market) -> Market:
        """Return the adverts with the facts that the book reads in them."""
        counts, said = sentence_counts(m.body.tolist())
        found = np.zeros((len(said), len(LEVELS) + 1), dtype=np.float32)
        rows = np.flatnonzero([one in self.place for one in said])
        found[rows, :-1] = self.stated[[self.place[said[row]] for row in rows]].toarray()
        shares = highest(counts, found)[np.arange(len(m.kind))[:, None, None], columns()[m.family]]
        return replace(m, code=np.where(shares.max(axis=2) < STATED, SILENT, shares.argmax(axis=2)))


def columns() -> np.ndarray:
    """Return (families, facts, levels) the place of a level in :data:`LEVELS`, -1 for none."""
    made = np.full((len(FAMILIES), *array_shape()), -1)
    for f, family in enumerate(FAMILIES):
        for name, at in level_places(family).items():
            made[(f, *at)] = LEVELS.index(name)
    return made


def measure_sentences(x: Sources) -> Iterator[Row]:
    """Can a dictionary of sentences stand for reading?"""
    two = join(x.others[:2])
    a, b, both = (PhraseBook.of(take(two, np.isin(two.wordbook, sets))) for sets in (0, 1, (0, 1)))
    four = PhraseBook.of(join(x.others))
    yield "sentences in the dictionary of two worlds", "33,557", f"{len(both.place):,}"
    old = ("–, .993", ".996, .936", ".347 [.319, .378]")
    asked: list[tuple[str, PhraseBook, Market, Sequence[str]]] = [("", both, x.test, old)]
    for name, book, k in (("set b by set a", a, 1), ("set a by set b", b, 0)):
        asked.append((f", {name}", book, take(x.test, x.test.wordbook == k), ("no sets",) * 3))
    if x.asked.wordbook:
        worded = x.draw_worded()
        asked.append((", set C by sets a and b", both, take(worded, worded.test), ("no sets",) * 3))
    for name, book, tested, published in asked:
        found, said = book.read(tested), tested.code != SILENT
        right = ((found.code == tested.code) & said).sum()
        shares = f"{right / (found.code != SILENT).sum():.3f}, {right / said.sum():.3f}"
        met = ", ".join(one.known(tested) for one in ((book, four) if book is both else (book,)))
        yield f"sentences met in two worlds (and in four){name}", published[0], met
        yield f"dictionary{name}: precision, recall", published[1], shares
        risk = [interval(tested, score_facts(two, one)) for one in (found, tested)]
        yield f"facts by the dictionary{name}, and true facts: AP", published[2], ", ".join(risk)


def measure_languages(x: Sources) -> Iterator[Row]:
    """Does an encoder read a language of which no sentence is labelled?"""
    two, generator = join(x.others[:2]), np.random.default_rng(0)
    stated = PhraseBook.of(two).stated
    counts, said = sentence_counts(two.body.tolist())
    spoken = np.array([counts[two.language == k].sum(axis=0) for k in range(len(LANGUAGES))]).argmax(axis=0)
    one = np.bincount(stated.tocoo().row[stated.data >= STATED], minlength=len(said)) == 1
    mine = (np.flatnonzero(one & (spoken.ravel() == k)) for k in range(len(LANGUAGES)))
    chosen = np.concatenate([generator.permutation(rows)[: x.asked.sentences] for rows in mine])
    level, language = np.asarray(stated[chosen].argmax(axis=1)).ravel(), spoken.ravel()[chosen]
    vectors, right = SHARED([said[row] for row in chosen]).astype(np.float32), []
    for k, name in enumerate(LANGUAGES):
        alike, listed = vectors[language == k] @ vectors[language != k].T, level[language != k]
        near = np.argsort(-alike, axis=1)[:, :NEAREST]
        votes = np.zeros((len(near), len(LEVELS)))
        weights = np.take_along_axis(alike, near, axis=1)
        np.add.at(votes, (np.arange(len(near))[:, None], listed[near]), weights)
        right.append(f"{name} {(votes.argmax(axis=1) == level[language == k]).mean():.2f}")
    yield "level named by nearest sentences of five other languages", ".70 to .82", ", ".join(right)


def measure_groups(x: Sources) -> Iterator[Row]:
    """Who is accused where half of the trafficking operations are found, and which adverts admit to control?"""
    t, family, scores = x.test, x.test.family, score_facts(join(x.others), x.test)
    y, lawful = t.kind == TRAFFICKING, (t.kind != TRAFFICKING) & (t.kind != SPAM)

    def shares(of: np.ndarray, *groups: np.ndarray) -> str:
        return ", ".join(f"{np.average(of[rows], weights=t.weight[rows]):.3f}" for rows in groups)

    order = np.argsort(-scores[y])
    found = np.cumsum(t.weight[y][order]) / t.weight[y].sum()
    accused = scores >= scores[y][order][np.searchsorted(found, 0.5)]
    yield "migrants: trafficking, lawful", ".27, .30", shares(t.migrant, y, lawful)
    groups = lawful & t.migrant, lawful & ~t.migrant, t.kind == INDEPENDENT, t.kind == BUSINESS
    named = "accused: migrants, residents, independents, business"
    yield named, ".052, .049, .041, .065", shares(accused, *groups)
    for f, published in enumerate((".247, –", ".339, .576", ".330, –")):
        found = shares(t.states(CONTROL), (family == f) & lawful, (family == f) & y)
        yield f"{FAMILIES[f]}: adverts that state control: lawful, trafficking", published, found
    services, jobs = (family == FAMILIES.index(name) for name in ("services", "jobs"))
    yield "jobs: lawful adverts that keep papers", ".135", shares(t.states(("papers=kept",)), jobs & lawful)
    own = t.states(("place=own",)) & t.states(("transport=self",))
    yield "services: own place and own way there", ".169", shares(own, services)


def measure_life(x: Sources) -> Iterator[Row]:
    """Does what is said follow what is done?"""
    tables, generator = x.release.tables, np.random.default_rng(0)
    means = (pl.col("means_of_control").list.contains(one).mean().alias(one) for _, _, one, _ in PAIRS[:3])
    crew = tables["people"].filter(role="exploited").group_by("operation")
    said = tables["adverts"].group_by("operation").agg(said=pl.col("facts").explode().unique())
    travels = pl.col("operation").is_in(tables["trips"]["operation"].drop_nulls().unique().implode())
    rows = (
        tables["operations"]
        .filter(pl.col("form").is_in(OTHER_LABOUR))
        .with_columns(travels=travels.cast(float))
    )
    rows = rows.join(said, on="operation").join(crew.agg(pl.len().alias("exploited"), *means), on="operation")
    for one, other, column, published in PAIRS:
        says = [pl.col("said").list.contains(level) for level in (one, other)]
        sides = [rows.filter(says[k], ~says[1 - k])[column].to_numpy() for k in (0, 1)]
        drawn = [generator.choice(side, (2000, len(side))).mean(axis=1) for side in sides]
        low, high = np.quantile(drawn[0] - drawn[1], (0.025, 0.975))
        shown = " less ".join(f"{side.mean():.3f} (n {len(side)})" for side in sides)
        difference = f"{sides[0].mean() - sides[1].mean():+.3f} [{low:+.3f}, {high:+.3f}]"
        yield f"{column}: {one} less {other}", published, f"{shown}: {difference}"


def measure_views(x: Sources) -> Iterator[Row]:
    """In how many views are posting trafficking operations seen?"""
    tables = x.release.tables
    posting = {"operations": tables["operations"].with_columns(begins="first_day", ends="last_day")}
    illicit = {"payments": tables["payments"].drop_nulls("typology")}
    unqueued = {"queue": tables["queue"].clear()}
    for name, published, changed in (
        ("posting days", ".239", posting),
        ("posting days, illicit payments", ".239", posting | illicit),
        ("posting days, illicit payments, no queue", ".239", posting | illicit | unqueued),
        ("life, illicit payments", ".307", illicit),
        ("life, illicit payments, no queue", ".307", illicit | unqueued),
        ("the project's", ".516", {"payments": without_everyday(x.release).tables["payments"]}),
    ):
        seen = candidates(replace(x.release, tables=tables | changed)).filter("posts", kind="trafficking")
        yield f"seen in four views: {name}", published, f"{(seen['views'] >= 4).mean():.3f} of {seen.height}"


def measure_release(x: Sources) -> Iterator[Row]:
    """Is anybody a minor, how do forms differ, what do they take, how long are adverts, and how large is the test?"""
    tables = x.release.tables
    banded = {
        name: table["age_band"].unique() for name, table in tables.items() if "age_band" in table.columns
    }
    young = [
        name for name, bands in banded.items() if any(int(re.split(r"\D", one)[0]) < 18 for one in bands)
    ]
    yield "tables with ages under 18, of those with ages", "child_counts", f"{young} of {list(banded)}"
    people = tables["people"].filter(role="exploited").group_by("operation").len("people")
    ours = tables["operations"].filter(kind="trafficking").join(people, on="operation", how="left")
    for (name,), rows in sorted(ours.group_by("form")):
        posting, silent = (rows.filter(posts=posts) for posts in (True, False))
        shown = f"{posting['people'].median():.0f}, {silent['people'].median():.0f}, {rows['people'].max():,}"
        claim = f"{name}: exploited (median) where it posts and where it never does, most; share touring"
        yield claim, "4–6, 10–11; .29–.38", f"{shown}; {posting['circuit'].mean():.2f}"
    taken = takings(tables)
    shown = ", ".join(f"{name} {amount:,.0f}" for name, amount in taken.select("form", "XTS").iter_rows())
    yield (
        "takings a person and month, XTS",
        "sexual 53, labour 170, domestic 100, criminality 192, organs 925",
        shown,
    )
    yield (
        "takings: sexual exploitation over other forced labour",
        ".31 (over labour)",
        f"{sexual_ratio(taken):.1f}",
    )
    english = tables["adverts"].filter(language="en")["body"]
    words = np.quantile([count_words(body) for body in english], (0.05, 0.5, 0.95))
    yield "words of English adverts: 5%, 50%, 95%", "91, 134, 190", "{:.0f}, {:.0f}, {:.0f}".format(*words)
    answers = prepare("advert_risk", release=x.asked.size, split="forward", labels="truth").answers.frame
    found = answers.filter(part="test", label=1).select(operation="cluster").unique()
    forms = found.join(tables["operations"], on="operation")["form"].value_counts(sort=True)
    shown = ", ".join(f"{name} {count}" for name, count in forms.iter_rows())
    yield (
        "trafficking operations of the forward test",
        "108 (43, 31, 18, 5, 5, 4, 2)",
        f"{found.height}: {shown}",
    )


PARTS: dict[str, Callable[[Sources], Iterator[Row]]] = {
    "wording": measure_wording, "transfer": measure_transfer, "sentences": measure_sentences,
    "languages": measure_languages, "groups": measure_groups, "life": measure_life, "views": measure_views,
    "release": measure_release,
}  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = asking_tables(__doc__, PARTS, worlds=[14, 15, 16, 17])
    parser.add_argument("--test", type=int, default=11)
    parser.add_argument("--regions", type=int, default=64)
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--wordbook", type=Path)
    sources = Sources(parser.parse_args())
    print(f"| claim | 0.4.0 | {newest_released()} |\n|---|---|---|")
    for name in sources.asked.tables:
        for row in PARTS[name](sources):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
