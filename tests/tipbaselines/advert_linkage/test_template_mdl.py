"""Templates by description length: who shares a template, and what the code lengths promise."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import polars as pl
import pytest
from tipbaselines.advert_linkage.description_length import (
    Template,
    aligned_bits,
    document_bits,
    log_star,
    padded,
)
from tipbaselines.advert_linkage.template_mdl import TemplateMDL
from tipbench.data.fold import Fold
from tipbench.tasks.advert_linkage import TASK

VOCABULARY = ["".join(letters) for letters in product("bdfgklmnpr", "aeiou", "stvwxyzh")]


def clusters(bodies: Sequence[str | None]) -> list[int]:
    frame = pl.DataFrame(
        {"advert": range(len(bodies)), "body": bodies}, schema={"advert": pl.Int64, "body": pl.String}
    )
    none = pl.DataFrame(schema={"advert": pl.Int64, "part": pl.String, "label": pl.Int64})
    fold = Fold(TASK, {"adverts": frame.lazy()}, frame.select("advert", pl.lit("test").alias("part")), none)
    method = TemplateMDL()
    method.fit(fold, 0)
    return method.predict(fold).sort("advert")["cluster"].to_list()


def filled(template: np.ndarray, rng: np.random.Generator) -> str:
    """The template with a slot of one to three fresh words after its tenth word."""
    slot = rng.choice(VOCABULARY, rng.integers(1, 4))
    return " ".join([*template[:10], *slot, *template[10:]])


def test_adverts_of_a_template_with_a_slot_are_one_cluster_and_templates_are_told_apart():
    rng = np.random.default_rng(1)
    templates = [rng.choice(VOCABULARY, 30) for _ in range(6)]
    found = np.array(clusters([filled(t, rng) for t in templates for _ in range(5)])).reshape(6, 5)
    assert (found == found[:, :1]).all()
    assert len(np.unique(found)) == 6


def test_unrelated_texts_are_singletons():
    rng = np.random.default_rng(2)
    found = clusters([" ".join(rng.choice(VOCABULARY, 30)) for _ in range(20)])
    assert found == list(range(20))


def test_a_shared_phrase_alone_does_not_join_long_texts():
    rng = np.random.default_rng(3)
    phrase = list(rng.choice(VOCABULARY, 6))
    found = clusters([" ".join([*phrase, *rng.choice(VOCABULARY, 60)]) for _ in range(10)])
    assert len(set(found)) == 10


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


def test_a_document_is_cheaper_by_its_own_template_than_alone_and_dearer_by_a_foreign_one():
    words, foreign = np.arange(20), np.arange(100, 120)
    template = Template(words, np.zeros(21, dtype=bool))
    own, other = aligned_bits(template, *padded([words, foreign]), word_bits=10)
    assert own < document_bits(20, 10) < other
