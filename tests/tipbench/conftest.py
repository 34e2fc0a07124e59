"""The release that a test of a split reads."""

import pytest
from tipdata.release import Release


@pytest.fixture
def able(split: str, request: pytest.FixtureRequest) -> Release:
    """The smallest release that can have the test's split: ``tiny`` has too few operations for ``channel``."""
    return request.getfixturevalue("small" if split == "channel" else "tiny")
