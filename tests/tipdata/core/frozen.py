"""Digests of what is released: values of world files and published manifests, in :file:`frozen.json`.

``python tests/tipdata/core/frozen.py`` writes them again; it is for the day of a release, and for no other.
"""

import hashlib
import json
from pathlib import Path

from tipdata.core.world import DRAFT, makeable_versions, parameters_digest, versions
from tipdata.release import manifest_folder

FILE = Path(__file__).with_suffix(".json")


def fixed() -> list[str]:
    """Return the versions that are neither a draft nor retired."""
    return [version for version in makeable_versions() if versions()[version]["status"] != DRAFT]


def found() -> dict[str, dict[str, str]]:
    """Return the digests of what is there."""
    manifests = [path for version in fixed() for path in sorted((manifest_folder() / version).glob("*.json"))]
    return {
        "worlds": {versions()[version]["world"]: parameters_digest(version) for version in fixed()},
        "manifests": {
            path.relative_to(manifest_folder()).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in manifests
        },
    }


def frozen() -> dict[str, dict[str, str]]:
    """Return the digests of what was released."""
    return json.loads(FILE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    FILE.write_text(json.dumps(found(), indent=1) + "\n", encoding="utf-8")
