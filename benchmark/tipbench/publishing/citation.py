"""Write the metadata by which catalogues and readers know a release: DataCite 4.5 in JSON, what Zenodo reads, and a
``CITATION.cff`` of the data."""

from __future__ import annotations

from typing import Any

from tipdata.core.world import is_draft

from tipbench.publishing.facts import KEYWORDS, LANGUAGES, LICENCE, Facts, authors, citation
from tipbench.version import __version__


def datacite(facts: Facts) -> dict[str, Any]:
    """Return DataCite metadata, schema 4.5, in the form in which a DOI is asked for.

    Without a DOI there is none in it: whoever mints it (Zenodo, an institution's repository) adds it.
    """
    year = str(citation()["date-released"])[:4]
    found: dict[str, Any] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        **({"doi": facts.doi} if facts.doi else {}),
        "creators": [{"name": name, "nameType": "Organizational"} for name in authors()],
        "titles": [{"title": facts.title, "lang": "en"}],
        "publisher": {"name": facts.publisher or authors()[0]},
        "publicationYear": year,
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Synthetic dataset"},
        "subjects": [{"subject": word, "lang": "en"} for word in KEYWORDS],
        "dates": [{"date": str(citation()["date-released"]), "dateType": "Issued"}],
        "language": "en",
        "version": facts.version,
        "formats": ["application/x-parquet"],
        "rightsList": [
            {
                "rights": "Creative Commons Attribution 4.0 International",
                "rightsUri": LICENCE,
                "rightsIdentifier": "CC-BY-4.0",
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": "https://spdx.org/licenses/",
            }
        ],
        "descriptions": [
            {"description": facts.summary, "descriptionType": "Abstract", "lang": "en"},
            {
                "description": f"Made by tipbench {__version__}. SHA-256 over its regions' digests: "
                f"{facts.manifest['digest']}. Text of adverts and notes in {', '.join(LANGUAGES)}.",
                "descriptionType": "TechnicalInfo",
                "lang": "en",
            },
        ],
    }
    if facts.url:
        found["url"] = facts.url
    return found


def citation_file(facts: Facts) -> dict[str, Any]:
    """Return what the ``CITATION.cff`` of an export says (Citation File Format 1.2.0)."""
    found: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use these data, please cite them as below, with their version.",
        "title": facts.title,
        "type": "dataset",
        "authors": [{"name": name} for name in authors()],
        "version": facts.version,
        "date-released": str(citation()["date-released"]),
        "license": "CC-BY-4.0",
        "abstract": facts.summary,
        "keywords": list(KEYWORDS),
    }
    return found | {key: value for key, value in (("doi", facts.doi), ("url", facts.url)) if value}


def zenodo(facts: Facts) -> dict[str, Any]:
    """Return what Zenodo takes from ``.zenodo.json``: a deposit of a data set, open, under its licence."""
    draft = " A draft: it may still change." if is_draft(facts.version) else ""
    found: dict[str, Any] = {
        "upload_type": "dataset",
        "title": facts.title,
        "description": f"<p>{facts.summary}</p><p>Read RESPONSIBLE-USE.md before you use it.</p>",
        "creators": [{"name": name} for name in authors()],
        "publication_date": str(citation()["date-released"]),
        "access_right": "open",
        "license": "cc-by-4.0",
        "version": facts.version,
        "language": "eng",
        "keywords": list(KEYWORDS),
        "notes": "A score on synthetic data is an indicator for human review and does not estimate performance in the "
        f"field.{draft}",
    }
    if facts.doi:
        found["doi"] = facts.doi
    if facts.url:
        found["related_identifiers"] = [
            {"identifier": facts.url, "relation": "isIdenticalTo", "resource_type": "dataset"}
        ]
    return found
