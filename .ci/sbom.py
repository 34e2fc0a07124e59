"""Write the software bill of materials of a wheel beside it: ``python3 .ci/sbom.py WHEEL PYTHON``.

PYTHON belongs to a virtual environment into which WHEEL was installed, and nothing else. The bill, in the JSON of
CycloneDX, names the wheel with its SHA-256, and each distribution that came with it, by version and licence. It holds
no time, no random number and no path: the same wheel and the same versions give the same bill. Needs the extra ``dev``.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PLACE = re.compile(r'"(?:file:|/|[A-Za-z]:\\)[^"]*"')
"""A string that names a place on a machine."""
NOT_BROUGHT = frozenset({"pip", "setuptools"})
"""What a new virtual environment has without the wheel."""


def about(wheel: Path) -> tuple[str, list[Requirement]]:
    """Return the version of a wheel, and what it needs here without any extra."""
    with zipfile.ZipFile(wheel) as archive:
        folder = next(path for path in zipfile.Path(archive).iterdir() if path.name.endswith(".dist-info"))
        distribution = metadata.PathDistribution(folder)  # pyright: ignore[reportArgumentType]
        requirements = [Requirement(text) for text in distribution.requires or ()]
        version = distribution.version
    return version, [
        each for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})
    ]


def bill_of(wheel: Path, found: dict[str, Any]) -> str:
    """Return the bill of a wheel, from what was found where it is installed."""
    components = {each["bom-ref"]: each for each in found["components"]}
    names = {ref: canonicalize_name(each["name"]) for ref, each in components.items()}
    own = next((ref for ref, name in names.items() if name == "tipbench"), None)
    if own is None:
        sys.exit("tipbench is not installed there")
    kept = {ref for ref, name in names.items() if name not in NOT_BROUGHT}
    brings = {each["ref"]: kept.intersection(each.get("dependsOn", ())) for each in found["dependencies"]}
    needs = {canonicalize_name(each.name) for each in about(wheel)[1]}
    brings[own] = {ref for ref in brings[own] if names[ref] in needs}
    digest = {"alg": "SHA-256", "content": _digest(wheel)}
    origin = [{"type": "distribution", "url": wheel.name, "hashes": [digest]}]
    bill = {
        **found,
        "metadata": {**found["metadata"], "component": {**components[own], "externalReferences": origin}},
        "components": [each for ref, each in components.items() if ref in kept - {own}],
        "dependencies": [{"ref": ref, "dependsOn": sorted(brings[ref])} for ref in sorted(kept)],
    }
    return json.dumps(bill, indent=1, ensure_ascii=False) + "\n"


def find_faults(wheel: Path, bill: str) -> list[str]:
    """Return what a bill lacks of its wheel, one sentence each."""
    document = json.loads(bill)
    version, needs = about(wheel)
    own = document["metadata"]["component"]
    faults = [f"the path {place} is in the bill" for place in PLACE.findall(bill)]
    if (own["name"], own["version"]) != ("tipbench", version):
        faults.append(f"the bill is of {own['name']} {own['version']}, the wheel is tipbench {version}")
    if f'"{_digest(wheel)}"' not in json.dumps(own):
        faults.append("the bill is of another wheel: its SHA-256 differs")
    there = {canonicalize_name(each["name"]): each["version"] for each in document["components"]}
    for need in needs:
        if not need.specifier.contains(there.get(canonicalize_name(need.name), ""), prereleases=True):
            faults.append(f"the bill lacks {need}")
    return faults


def _digest(wheel: Path) -> str:
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def main(wheel: Path, python: str) -> None:
    """Write the bill of a wheel and check it."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", python]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    bill = bill_of(wheel, found)
    faults = find_faults(wheel, bill)
    if invalid := JsonStrictValidator(SchemaVersion.from_version(found["specVersion"])).validate_str(bill):
        faults.append(f"the bill is no CycloneDX {found['specVersion']}: {invalid}")
    if faults:
        sys.exit("\n".join(faults))
    path = wheel.with_suffix(".cdx.json")
    path.write_text(bill, encoding="utf-8")
    print(f"{path.name}: {wheel.name} and {len(json.loads(bill)['components'])} distributions")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
