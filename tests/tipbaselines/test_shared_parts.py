"""The parts that several baselines share: text, encodings, near-duplicates, components, neighbours."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbaselines.advert_text import all_normalised, normalised, texts, tokens
from tipbaselines.components import cluster_frame, components, contact_edges, equal_values
from tipbaselines.encodings import Cache, char_ngrams, digest
from tipbaselines.near_duplicates import candidate_pairs, jaccard, near_duplicate_groups, shingles
from tipbaselines.retrieval import nearest, top


def test_a_text_is_title_and_body_whichever_there_are() -> None:
    frame = pl.DataFrame({"title": ["a", None, ""], "body": ["b", "c", None]})
    assert texts(frame) == ["a\nb", "c", ""]
    assert texts(frame.select("body")) == ["b", "c", ""]
    with pytest.raises(ValueError, match="title or body"):
        texts(pl.DataFrame({"other": ["x"]}))


def test_scripts_without_spaces_give_a_token_a_character_and_others_a_token_a_word() -> None:
    assert tokens("招工 now, Жильё есть") == ["招", "工", "now", "жильё", "есть"]
    assert normalised("Ｈello—WORLD") == "hello world"
    assert all_normalised(["B!", "a", "B!", ""]) == ["b", "a", "b", ""]


def test_character_ngrams_are_counted_as_in_scikit_learn() -> None:
    from sklearn.feature_extraction.text import CountVectorizer

    documents = ["a calm flat", "招工急招", "", "x", "a calm, calm flat \U0001f642"]
    reference = CountVectorizer(analyzer="char", ngram_range=(3, 3), lowercase=False, strip_accents=None)
    expected: Any = reference.fit_transform([f"\n{d}\n" for d in documents])
    found = char_ngrams(documents, (3,))
    assert found.sum(axis=1).tolist() == expected.sum(axis=1).tolist()
    assert (found @ found.T).toarray().tolist() == (expected @ expected.T).toarray().tolist()


def test_a_text_is_encoded_alike_whatever_stands_beside_it() -> None:
    alone, among = char_ngrams(["one text"], (2, 3)), char_ngrams(["before", "one text", "after"], (2, 3))
    assert (alone - among[1]).nnz == 0


def test_a_digest_tells_texts_orders_and_parameters_apart() -> None:
    made = {
        digest(["a", "b"], 1),
        digest(["b", "a"], 1),
        digest(["ab"], 1),
        digest(["a", "b"], 2),
        digest(["a", "b", ""], 1),
    }
    assert len(made) == 5


def test_the_cache_makes_a_value_once_and_keeps_the_last_few() -> None:
    cache, made = Cache(size=2), []
    for key in ("a", "a", "b", "c", "a"):
        cache.get(key, lambda key=key: made.append(key))
    assert made == ["a", "b", "c", "a"]


def test_jaccard_similarity_is_that_of_the_shingle_sets() -> None:
    sets = shingles(["a b c d", "a b c e", "x y z w", ""], 2)
    pairs = np.array([[0, 1], [0, 2], [0, 0], [0, 3], [3, 3]])
    assert jaccard(sets, pairs) == pytest.approx([2 / 4, 0, 1, 0, 0])


def test_near_duplicates_are_found_among_many_and_no_chance_pair_is() -> None:
    rng = np.random.default_rng(2)
    words = np.array([f"w{i}" for i in range(400)])
    base = [rng.choice(words, 40) for _ in range(300)]
    edited = [np.concatenate([b[:34], rng.choice(words, 6)]) for b in base]
    group = near_duplicate_groups([" ".join(b) for b in [*base, *edited]], 0.5)
    assert (group[:300] == group[300:]).mean() > 0.97
    assert len(set(group[:300].tolist())) == 300


def test_a_crowded_bucket_stays_one_component_in_few_pairs() -> None:
    rng = np.random.default_rng(3)
    text = " ".join(f"w{i}" for i in range(80))
    documents = [f"{text} tail{i} {rng.integers(9)}" for i in range(500)]
    pairs = candidate_pairs(shingles(documents, 3), 128, 32)
    assert len(pairs) < 0.5 * 500 * 499 / 2
    assert len(set(near_duplicate_groups(documents, 0.5).tolist())) == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=15))
def test_components_are_those_of_a_plain_union(edges: list[tuple[int, int]]) -> None:
    label = list(range(12))
    for a, b in edges:
        old, new = max(label[a], label[b]), min(label[a], label[b])
        label = [new if x == old else x for x in label]
    assert components(12, np.array(edges, dtype=np.int64).reshape(-1, 2)).tolist() == label


def test_contacts_of_too_many_rows_are_passed_over() -> None:
    contacts = pl.Series([[1, 5], [1], [2, 5], [5], None], dtype=pl.List(pl.Int64))
    assert sorted(map(tuple, contact_edges(contacts, limit=2).tolist())) == [(1, 0)]
    assert sorted(map(tuple, contact_edges(contacts).tolist())) == [(1, 0), (2, 0), (3, 0)]


def test_a_cluster_is_named_by_its_smallest_unit() -> None:
    made = cluster_frame(pl.Series("advert", [9, 4, 7]), np.array([3, 3, 1]))
    assert made.rows() == [(4, 4), (7, 7), (9, 4)]


def test_equal_values_are_numbered_in_the_order_of_their_first() -> None:
    number, first = equal_values(["b", "a", "b"])
    assert (number.tolist(), first.tolist()) == ([0, 1, 0], [0, 1])


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 25), st.integers(1, 4), st.data())
def test_the_best_candidates_are_those_of_a_full_sort(count: int, levels: int, data: st.DataObject) -> None:
    flat = data.draw(st.lists(st.integers(0, levels), min_size=count * count, max_size=count * count))
    similarity, own = np.array(flat, dtype=float).reshape(count, count), np.arange(count)
    best = min(10, count - 1)
    found, value = top(similarity.copy(), own, best)
    for row in range(count):
        others = sorted((c for c in range(count) if c != row), key=lambda c: (-similarity[row, c], c))[:best]
        assert found[row].tolist() == others
        assert value[row].tolist() == [similarity[row, c] for c in others]


def test_neighbours_do_not_depend_on_the_chunk_or_the_order_of_rows() -> None:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(40, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    units = pl.Series("advert", rng.permutation(40))
    whole, order = nearest(units, vectors), rng.permutation(40)
    assert nearest(units.gather(order), vectors[order], chunk=7).equals(whole)
    assert not (whole["query"] == whole["candidate"]).any()


def test_a_gallery_of_one_has_no_candidates() -> None:
    assert nearest(pl.Series("advert", [5]), np.ones((1, 3))).height == 0
