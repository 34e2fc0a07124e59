"""A region is the same whatever was made before it, and in whichever process."""

import json
import subprocess
import sys

import pytest
from tipcore.digest import column_digest, region_digest
from tipdata.core.world import World
from tipdata.release import generate_region
from tipdata.release.layout import region_name
from tipdata.release.manifests import published_manifest
from tipdata.release.release import Release

ALONE = """
import json, sys
from test_region import digest
print(json.dumps(digest(sys.argv[1], int(sys.argv[2]))))
"""


def digest(version: str, index: int) -> str:
    tables = generate_region(World.of(version), index)
    return region_digest({n: {c: column_digest(f[c]) for c in f.columns} for n, f in tables.items()})


@pytest.mark.parametrize("version", ["0.3.0", "0.4.0"])
def test_a_region_follows_from_no_other_and_from_no_process(version: str) -> None:
    after_others = [digest(version, index) for index in (5, 2, 5)][1:]
    run = [sys.executable, "-c", ALONE, version]
    alone = [
        json.loads(
            subprocess.run(
                [*run, index], cwd=__file__.rpartition("/")[0], capture_output=True, check=True
            ).stdout
        )
        for index in ("2", "5")
    ]
    assert after_others == alone


@pytest.mark.parametrize("index", [23, 58])
def test_a_region_is_the_published_one(index: int) -> None:
    manifest = published_manifest(Release("0.3.0", "small"))
    assert manifest is not None
    assert digest("0.3.0", index) == manifest["regions"][region_name(index)]["digest"]
