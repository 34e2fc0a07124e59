"""Connected components against a plain search."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tipcore.units import connected_components, shared_value_components

SCHEMA = {"contacts": pl.List(pl.Int64)}
edges = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40)


def by_search(pairs: list[tuple[int, int]], nodes: int) -> list[int]:
    """The smallest node of each node's component, by repeated relabelling: slow and plain."""
    label = list(range(nodes))
    for _ in range(nodes):
        for a, b in pairs:
            label[a] = label[b] = min(label[a], label[b])
    return label


@given(pairs=edges)
def test_components_are_those_of_a_plain_search(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array([p[i] for p in pairs], dtype=np.int64) for i in (0, 1))
    assert connected_components(left, right, 20).tolist() == by_search(pairs, 20)


def test_a_long_chain_is_one_component() -> None:
    chain = np.random.default_rng(0).permutation(100_000)
    found = connected_components(chain[:-1], chain[1:], 100_000)
    assert (found == 0).all()


@given(lists=st.lists(st.lists(st.integers(0, 8), max_size=3) | st.none(), min_size=1, max_size=15))
def test_units_that_share_a_value_share_a_component(lists: list[list[int] | None]) -> None:
    units = [100 + i for i in range(len(lists))]
    rows = pl.DataFrame({"advert": units, "contacts": lists}, schema_overrides=SCHEMA)
    pairs = [
        (i, j)
        for i, a in enumerate(lists)
        for j, b in enumerate(lists)
        if i < j and set(a or []) & set(b or [])
    ]
    wanted = [100 + root for root in by_search(pairs, len(lists))]
    found = shared_value_components(rows.reverse(), "advert", "contacts")
    assert found["advert"].to_list() == units
    assert found["component"].to_list() == wanted


def test_units_without_values_stand_alone() -> None:
    rows = pl.DataFrame({"advert": [5, 3], "contacts": [[], None]}, schema_overrides=SCHEMA)
    assert shared_value_components(rows, "advert", "contacts").rows() == [(3, 3), (5, 5)]
