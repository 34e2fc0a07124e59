"""For maintainers: write the manifest of a release and a small sample of its tables into the checkout.

``python -m tipdata.documents.publication 0.4.0 tiny small forms``
"""

import json
import sys

from tipdata.release import Release, make_release, manifest_folder
from tipdata.release.manifests import manifest_of
from tipdata.release.verification import undeclared_values
from tipdata.stages import tables_of

SAMPLE_ROWS = 12


def publish(release: Release) -> None:
    """Write ``<version>/<size>.json`` and, from the first region, ``<version>/sample/<table>.jsonl``.

    Raises:
        FileExistsError: where the manifest exists; a released manifest never changes.
        ValueError: where a category column has a value that it does not declare.
    """
    path = manifest_folder() / release.version / f"{release.size}.json"
    if path.exists():
        why = "a released manifest never changes; raise the version"
        raise FileExistsError(f"{path} is there already: {why}")
    make_release(release)
    if problems := undeclared_values(release):
        advice = "declare the value with the column, or mend the stage"
        raise ValueError(f"release {release.name}, {problems[0]}: {advice}")
    manifest = manifest_of(release)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest, separators=(",", ":")) + "\n", encoding="utf-8")
    sample = path.parent / "sample"
    sample.mkdir(exist_ok=True)
    for name in tables_of(release.version):
        rows = release.scan(name, truth=True).head(SAMPLE_ROWS).collect().to_dicts()
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (sample / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for size in sys.argv[2:]:
        publish(Release.of(sys.argv[1], size))
