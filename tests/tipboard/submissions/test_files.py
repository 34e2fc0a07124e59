"""How much a submission may be, as the guide says it, and how bytes are said."""

import re
from pathlib import Path

import pytest
from tipboard.submissions.files import BY_SIZE, MB, RECORD_BYTES, Limits, amount, limits_of

GUIDE = Path(__file__).parents[3] / "docs" / "board.md"


def test_limits_are_those_of_the_guide() -> None:
    rows = re.findall(
        r"^\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {what: (small, full) for what, small, full in rows}
    for size, place in (("tiny", 0), ("small", 0), ("full", 1)):
        limits = limits_of(size)
        assert amount(limits.file_bytes) == told["a file of predictions"][place]
        times = limits.total_bytes / limits.file_bytes
        assert f"{times:g} times that" == told["all files together"][place]


@pytest.mark.parametrize(("larger", "smaller"), [("xl", "full"), ("full", "small")])
def test_a_release_of_ten_times_as_many_regions_may_have_ten_times_as_much(larger: str, smaller: str) -> None:
    more, less = limits_of(larger), limits_of(smaller)
    for name in ("file_bytes", "rows", "decoded_bytes"):
        assert getattr(more, name) == 10 * getattr(less, name)
    assert more.memory_bytes > less.memory_bytes
    assert more.seconds > less.seconds


def test_what_is_decoded_fits_into_memory_where_a_laptop_checks_it() -> None:
    laptop = limits_of("small")
    assert laptop.decoded_bytes < laptop.memory_bytes == 1_000 * MB
    assert laptop == Limits(25 * MB, 5_000_000, 256 * MB, 1_000 * MB, 20, 1_000, 256, 4 * MB, 200)
    assert limits_of("full").memory_bytes == 2 * laptop.memory_bytes
    assert (limits_of("full").seconds, limits_of("xl").seconds) == (120, 1_200)
    assert limits_of("xl").memory_bytes == 8 * laptop.memory_bytes
    assert (laptop.total_seconds, RECORD_BYTES) == (400, 262_144)


def test_a_season_is_of_the_size_small() -> None:
    assert limits_of(None) is BY_SIZE["small"]
    assert limits_of("full") is BY_SIZE["full"]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1 kB"),
        (1_500, "1.5 kB"),
        (999_900, "999.9 kB"),
        (1_000_000, "1 MB"),
        (25_000_000, "25 MB"),
        (999_900_000, "999.9 MB"),
        (1_000_000_000, "1 GB"),
        (10_737_000_000, "10.7 GB"),
    ],
)
def test_bytes_are_said_in_the_largest_unit_of_which_there_is_one(count: int, said: str) -> None:
    assert amount(count) == said
