"""Templates by description length: who shares a template, and what the code lengths promise."""

from collections.abc import Sequence
from functools import cache
from itertools import product

import numpy as np
import polars as pl
import pytest
from hand_made import make_fold, predict
from tipbaselines.advert_linkage.template_mdl import TemplateMDL
from tipbaselines.advert_linkage.templates import (
    FEW,
    AlignmentRequest,
    Batch,
    Template,
    answer_all,
    document_bits,
    log_star,
    place_bits,
)

VOCABULARY = ["".join(letters) for letters in product("bdfgklmnpr", "aeiou", "stvwxyzh")]


def clusters(bodies: Sequence[str | None]) -> list[int]:
    frame = pl.DataFrame({"advert": range(len(bodies)), "body": pl.Series(bodies, dtype=pl.String)})
    return predict(TemplateMDL(), make_fold("advert_linkage", frame))["cluster"].to_list()


def filled(template: np.ndarray, rng: np.random.Generator) -> str:
    """The template with a slot of one to three fresh words after its tenth word."""
    slot = rng.choice(VOCABULARY, rng.integers(1, 4))
    return " ".join([*template[:10], *slot, *template[10:]])


def test_adverts_of_a_template_with_a_slot_are_one_cluster_and_those_of_two_are_not():
    rng = np.random.default_rng(1)
    templates = [rng.choice(VOCABULARY, 30) for _ in range(6)]
    found = np.array(clusters([filled(t, rng) for t in templates for _ in range(5)])).reshape(6, 5)
    assert (found == found[:, :1]).all()
    assert len(np.unique(found)) == 6


def test_a_shared_phrase_alone_does_not_join_long_texts():
    rng = np.random.default_rng(3)
    for shared in (6, 0):
        phrase = list(rng.choice(VOCABULARY, shared))
        found = clusters([" ".join([*phrase, *rng.choice(VOCABULARY, 60)]) for _ in range(10)])
        assert found == list(range(10))


def test_equal_texts_are_one_cluster_and_empty_ones_are_singletons():
    assert clusters(["one two three", "", None, "One two, three!"]) == [0, 1, 2, 0]


# The sample that InfoShield's authors publish with their code, which finds these two templates in it.
SAMPLE = [
    "This is a great soap and the 5 dollar price is great",
    "This is a great chair and the 10 dollar price is great",
    "This is a great hat and the 3 dollar price is great",
    "This is a great blue pen and the 3 dollar price is so good",
    "I made 30k working on this job - call 123.456.7890 or visit scam.com",
    "I made 30k working from home - call 123.456.7890 or visit fraud.com",
    "Happy birthday to my dear friend Mike",
]


def test_the_templates_of_the_authors_sample_are_found_whatever_its_numbers():
    assert clusters(SAMPLE) == [0, 0, 0, 0, 4, 4, 6]
    others = [
        text.replace("30k", "7k").replace("123.456.7890", f"55{row}.6") for row, text in enumerate(SAMPLE)
    ]
    assert clusters(others) == [0, 0, 0, 0, 4, 4, 6]


def test_texts_of_numbers_alone_are_singletons():
    assert clusters(["555 123", "777 987", "٣٤٥ 12", "call 5", "Call 7"]) == [0, 1, 2, 3, 3]


def test_the_order_of_adverts_changes_no_cluster():
    rng = np.random.default_rng(4)
    bodies = [filled(t, rng) for t in [rng.choice(VOCABULARY, 25) for _ in range(4)] for _ in range(4)]
    order = rng.permutation(len(bodies))
    here, there = np.array(clusters(list(bodies)))[order], np.array(clusters([bodies[i] for i in order]))
    np.testing.assert_array_equal(here[:, None] == here, there[:, None] == there)


# log2*(n) = log2 n + log2 log2 n + ... while positive (Rissanen 1983): 16 -> 4 + 2 + 1.
@pytest.mark.parametrize(("number", "bits"), [(1, 0.0), (2, 1.0), (4, 3.0), (16, 7.0)])
def test_the_universal_code_has_the_published_lengths(number: int, bits: float):
    assert log_star(number) == pytest.approx(bits)


# Twenty matches of one bit each; or twenty words changed, 1 + 5 + 2 + word bits each: narrow numbers and wide ones.
@pytest.mark.parametrize("word_bits", [10, 2000])
def test_bits_are_those_of_the_edits_however_many_a_word_has(word_bits: int):
    words, foreign = np.arange(20), np.arange(100, 120)
    template = Template(words, np.zeros(21, dtype=bool))
    own, other = Batch([template] * 2, [words, foreign], word_bits).bits()
    assert own == pytest.approx(20 + log_star(20))
    assert other == pytest.approx(20 * (8 + word_bits) + log_star(20))
    assert own < document_bits(20, word_bits) < other


def test_documents_are_aligned_side_by_side_as_one_by_one():
    """Many at a time go another way through the table than few do."""
    rng = np.random.default_rng(8)
    templates, documents = [], []
    for size in rng.integers(1, 30, FEW + 6).tolist():
        words = rng.integers(0, 12, size)
        templates.append(Template(words, rng.random(size + 1) < rng.choice([0.0, 0.3, 1.0]), 2.5))
        documents.append(words[rng.random(size) < 0.8] if size > 1 else words)
    documents = [one if len(one) else np.array([40_000]) for one in documents]
    batch = Batch(templates, documents, 9)
    together, aligned = batch.bits(), batch.align()
    for number, (template, document) in enumerate(zip(templates, documents, strict=True)):
        alone, size = Batch([template], [document], 9), len(template.tokens)
        assert alone.bits() == together[number]
        one = alone.align()
        np.testing.assert_array_equal(one.matched[0], aligned.matched[number, :size])
        np.testing.assert_array_equal(one.inserted[0], aligned.inserted[number, : size + 1])


def least_bits(template: Template, document: np.ndarray, word_bits: int) -> int:
    """Return the least bits of all ways to edit, tried one by one."""
    words, slots = template.tokens, template.slots
    edit = 1 + place_bits(max(len(words), len(document))) + 2

    @cache
    def least(i: int, j: int) -> int:
        ways = [0] if i == j == 0 else []
        if i:
            ways.append(least(i - 1, j) + edit)
        if j:
            ways.append(least(i, j - 1) + (1 if slots[i] else edit) + word_bits)
        if i and j:
            ways.append(least(i - 1, j - 1) + (1 if words[i - 1] == document[j - 1] else edit + word_bits))
        return min(ways)

    return least(len(words), len(document))


def test_bits_are_the_least_over_all_ways_to_edit():
    rng = np.random.default_rng(9)
    for _ in range(40):
        words, document = (rng.integers(0, 4, size) for size in rng.integers(1, 7, 2))
        template = Template(words, rng.random(len(words) + 1) < 0.4)
        [found] = Batch([template], [document], 5).bits()
        assert found == least_bits(template, document, 5) + log_star(max(len(words), len(document)))


def test_requests_side_by_side_are_answered_as_alone():
    rng = np.random.default_rng(3)
    texts = [rng.integers(0, 9, size) for size in (5, 8, 13, 21)]
    templates = [Template(text, np.arange(len(text) + 1) % 3 == 0, 4.0) for text in texts]
    asks = [
        AlignmentRequest(kind, templates[n : n + 2], texts[: n + 2])
        for kind in ("bits", "align")
        for n in range(3)
    ]
    heard = {}

    def clustering(name: object, asks: list[AlignmentRequest]):
        for number, ask in enumerate(asks):
            heard[name, number] = yield ask

    answer_all([clustering("first", asks), clustering("second", asks[::-1])], word_bits=6)
    for number, ask in enumerate(asks):
        answer_all([clustering("alone", [ask])], word_bits=6)
        for said in (heard["first", number], heard["second", len(asks) - 1 - number]):
            for one, other in zip(said, heard["alone", 0], strict=True):
                if ask.kind == "bits":
                    assert one.tolist() == other.tolist()
                else:
                    assert np.array_equal(one.matched, other.matched)
                    assert np.array_equal(one.inserted, other.inserted)
