"""Connected components, near-duplicate texts and nearest neighbours."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tipbaselines.linkage import (
    candidate_pairs,
    cluster_frame,
    components,
    contact_edges,
    jaccard,
    near_duplicate_groups,
    nearest,
    shingles,
    top,
)


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
