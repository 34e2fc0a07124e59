import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tipbench.data.id_labels import NEAR, mask_hashes, mask_images

SEED = bytes(range(32))


def distances(values: np.ndarray) -> np.ndarray:
    plain = values.view(np.uint64)
    return np.bitwise_count(plain[:, None] ^ plain[None, :]).astype(int)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=8), st.integers(0, 2**31))
def test_distances_between_copies_stay_and_others_stay_far(bases: list[int], draw: int) -> None:
    generator = np.random.default_rng(draw)
    base = np.array(bases, dtype=np.uint64)
    flips = np.uint64(1) << generator.integers(0, 64, (3, len(base))).astype(np.uint64)
    values = np.unique(np.concatenate([base, *(base ^ f for f in flips)])).view(np.int64)
    values.sort()
    before, after = distances(values), distances(mask_hashes(values, SEED))
    near = before <= NEAR
    assert (after[near] == before[near]).all()
    assert (after[~near] > NEAR).all()


def test_no_word_keeps_its_value_or_its_place_of_a_flipped_bit() -> None:
    base = np.random.default_rng(0).integers(-(2**62), 2**62, 500)
    values = np.sort(np.concatenate([base, base ^ 1]))
    made = mask_hashes(values, SEED)
    assert not np.isin(made, values).any()
    flipped = {int(a ^ b) & (2**64 - 1) for a, b in made.reshape(-1, 2)}
    assert len(flipped) == 64


def test_lists_keep_their_form() -> None:
    lists = pl.Series("images", [[5, 7], [], None, [5]], dtype=pl.List(pl.Int64))
    made = mask_images(lists, SEED)
    assert made.list.len().to_list() == [2, 0, None, 1]
    assert made[0][0] == made[3][0]
    assert mask_images(lists.head(0), SEED).is_empty()


def test_images_are_copies_up_to_two_bits_apart_and_not_at_three() -> None:
    for bits, near in ((0b11, True), (0b111, False)):
        left, right = mask_hashes(np.array([0, bits], dtype=np.int64), SEED).view(np.uint64)
        assert (np.bitwise_count(left ^ right) <= 3) == near
