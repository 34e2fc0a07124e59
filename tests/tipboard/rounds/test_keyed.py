"""All 32 bytes of a round's seed decide everything that it decides: half of them could be searched for."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench.data.id_labels import SEED_BYTES, id_labels, keyed_blocks, keyed_words, mask_hashes, mask_images
from tipbench.tasks import tasks
from tipboard.rounds import truth
from tipboard.rounds.ids import CODES, Labels
from tipboard.rounds.record import commitment
from tipboard.rounds.regions import world_of
from tipboard.rounds.truth import _parted
from tipdata.core.draw import Stream

SEED = bytes(range(SEED_BYTES))
OTHERS = {
    "the first 16 bytes": bytes(16) + SEED[16:],
    "the last 16 bytes": SEED[:16] + bytes(16),
    "the first bit": bytes([SEED[0] ^ 0x80]) + SEED[1:],
    "the last bit": SEED[:-1] + bytes([SEED[-1] ^ 1]),
}
IDS = np.arange(1, 401, dtype=np.int64)
PARTED = next(task for task in tasks().values() if "valid" in task.predicted_parts and task.unit == "advert")
UNITS = pl.DataFrame({"advert": IDS, "cluster": IDS, "part": ["test"] * len(IDS)})


def codes(seed: bytes, kind: str) -> np.ndarray:
    """What codes of twelve regions become; each has as many of a kind as it may."""
    found = []
    for region in range(12):
        towns = np.arange(CODES["town"])
        places = pl.DataFrame({name: towns % most + 50 * region for name, most in CODES.items()})
        found.append(Labels.of(seed, region, places).labelled(kind, places[kind]).to_numpy())
    return np.concatenate(found)


DECIDED: dict[str, Callable[[bytes], Any]] = {
    "words": lambda seed: keyed_words(seed, "purpose", IDS),
    "blocks": lambda seed: keyed_blocks(seed, "purpose", IDS),
    "labels of ids": lambda seed: id_labels(seed, "advert", IDS),
    **{f"the codes of a {kind}": lambda seed, kind=kind: codes(seed, kind) for kind in CODES},
    "masks of images": lambda seed: mask_hashes(IDS, seed),
    "masked images": lambda seed: mask_images(pl.Series("images", [IDS.tolist()]), seed)[0].to_numpy(),
    "the parts of a round": lambda seed: _parted(PARTED, UNITS, seed)["part"].to_numpy(),
    "draws of the generator": lambda seed: Stream(world_of(seed, "0.4.0").seed, "x").uniform(IDS),
}


def test_a_seed_has_256_bits() -> None:
    assert 8 * SEED_BYTES == 256


@pytest.mark.parametrize("purpose", ["", "id/advert", "Größe"])
def test_bits_are_those_of_blake2b_over_the_length_of_the_purpose_the_purpose_and_the_id(
    purpose: str,
) -> None:
    text = purpose.encode()
    for size, made in (
        (8, keyed_words(SEED, purpose, IDS).view("<u1").reshape(-1, 8)),
        (64, keyed_blocks(SEED, purpose, IDS)),
    ):
        for number, drawn in zip(IDS[:5].tolist(), made, strict=False):
            said = len(text).to_bytes(8, "little") + text + number.to_bytes(8, "little")
            hashed = hashlib.blake2b(said, digest_size=size, key=SEED, person=b"tipbench sealed")
            assert drawn.tobytes() == hashed.digest()


@pytest.mark.parametrize("what", DECIDED)
@pytest.mark.parametrize("changed", OTHERS)
def test_a_seed_that_differs_anywhere_decides_otherwise(what: str, changed: str) -> None:
    decide = DECIDED[what]
    assert np.array_equal(decide(SEED), decide(SEED))
    assert not np.array_equal(decide(SEED), decide(OTHERS[changed]))


def test_the_lowest_quarter_of_the_keyed_words_is_of_the_valid_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of 2**64 is 2**62: the word below it is in, and it is out."""
    drawn = np.array([0, 2**62 - 1, 2**62, 2**64 - 1], dtype=np.uint64)
    monkeypatch.setattr(truth, "keyed_words", lambda seed, purpose, ids: drawn)
    assert _parted(PARTED, UNITS.head(4), SEED)["part"].to_list() == ["valid", "valid", "test", "test"]


@pytest.mark.parametrize("changed", OTHERS)
def test_a_commitment_is_to_the_whole_seed(changed: str) -> None:
    assert commitment(SEED, "terms") != commitment(OTHERS[changed], "terms")


def test_a_commitment_is_sha256_over_the_domain_the_seed_and_the_terms_each_after_its_length() -> None:
    """Written out as the documentation of :mod:`tipboard.rounds.record` says: lengths in eight bytes, big-endian."""
    written = bytes(7) + b"\x17" + b"tipbench sealed round 1" + bytes(7) + b"\x20" + SEED
    written += bytes(7) + b"\x08" + "fünf=5".encode() + b"!"
    assert commitment(SEED, "fünf=5!") == hashlib.sha256(written).hexdigest()
