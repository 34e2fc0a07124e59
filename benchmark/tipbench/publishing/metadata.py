"""Metadata of an export: Croissant, DataCite, Zenodo and ``CITATION.cff``, and their validation.

Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html) with its Responsible-AI extension is
JSON-LD: a file per table with its SHA-256, a record set per file, and one per task and split, whose field ``split``
is the part of a record. References between tables are in the descriptions of columns: the property ``references``
would make readers join tables that are meant to be read alone. DataCite is of version 4.5. Validation needs the extra
``publish``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from tipcore.errors import CheckFailed, UsageError
from tipcore.extras import how_to_install, require
from tipdata.core.parameters import count_grounds
from tipdata.core.tables import Column
from tipdata.core.world import is_draft, parameters
from tipdata.documents.project_files import ethics
from tipdata.release.release import CHECKSUMS, MANIFEST
from tipdata.stages import all_tables

from tipbench.publishing.data_files import FOLDER, Config
from tipbench.publishing.facts import (
    KEYWORDS,
    LANGUAGES,
    LICENCE,
    ExportFacts,
    TableFile,
    authors,
    citation,
    cite_as,
)
from tipbench.version import __version__


def datacite(facts: ExportFacts) -> dict[str, Any]:
    """Return DataCite metadata, schema 4.5, as they are needed to register a DOI.

    If no DOI is known they have none: the service that mints it (Zenodo, an institution's repository) adds it.
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


def citation_file(facts: ExportFacts) -> dict[str, Any]:
    """Return the content of the ``CITATION.cff`` of an export (Citation File Format 1.2.0)."""
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


def zenodo(facts: ExportFacts) -> dict[str, Any]:
    """Return the content of ``.zenodo.json``, from which Zenodo makes an open deposit of a data set."""
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


CONFORMS = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
PARQUET = "application/x-parquet"
_TERMS = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty "
    "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet "
    "references regex repeated replace samplingRate separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS.split()},
}
"""The standard context of Croissant 1.1, with the terms that this file may use."""
_SECTIONS = {
    "rai:dataUseCases": ("Intended use", "Prohibited use"),
    "rai:dataLimitations": ("What it leaves out, on purpose", "What an open test cannot show"),
    "rai:personalSensitiveInformation": ("What the data holds",),
    "rai:dataSocialImpact": ("Harm is measured beside detection",),
    "rai:dataReleaseMaintenancePlan": ("Review and retirement", "Report a concern"),
}
"""Responsible-AI fields, and the sections of docs/ethics.md that they quote."""


def croissant(facts: ExportFacts, checksums: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON-LD of an export. ``checksums``: SHA-256 of its files by name."""
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS),
        "name": f"tipbench-{facts.version}-{facts.size}" + (f"-w{facts.world}" if facts.world else ""),
        "alternateName": facts.title,
        "description": facts.summary,
        "version": facts.version,
        "datePublished": str(citation()["date-released"]),
        "creator": [{"@type": "sc:Organization", "name": name} for name in authors()],
        "publisher": [{"@type": "sc:Organization", "name": facts.publisher or authors()[0]}],
        "license": LICENCE,
        "inLanguage": list(LANGUAGES),
        "keywords": list(KEYWORDS),
        "isLiveDataset": False,
        "citeAs": cite_as(facts),
        **({"url": facts.url} if facts.url else {}),
        **({"sameAs": [f"https://doi.org/{facts.doi}"]} if facts.doi else {}),
        **_responsible(facts),
    }
    found["distribution"] = [*_files(facts, checksums), *(_file_set(config) for config in facts.configs)]
    found["recordSet"] = [*map(_table_records, facts.table_files()), *map(_config_records, facts.configs)]
    return found


def _responsible(facts: ExportFacts) -> dict[str, Any]:
    """Return the Responsible-AI fields."""
    total = count_grounds(parameters(facts.version).values())
    many = ("rai:dataUseCases", "rai:dataLimitations", "rai:personalSensitiveInformation")
    quoted = {
        name: [_one_line(ethics()[section]) for section in sections] for name, sections in _SECTIONS.items()
    }
    return {
        "rai:dataCollection": "Nothing was collected: a simulator drew it from stated parameters. "
        f"What these rest on: {total.summary()}.",
        "rai:dataCollectionType": ["Software Collection"],
        "rai:dataCollectionMissingData": "Missing values are part of the simulation and stand for what is left empty.",
        "rai:dataPreprocessingProtocol": ["None: tables are as the simulator drew them, sorted by key."],
        "rai:dataAnnotationProtocol": [
            "Labels are functions of hidden simulated state. Simulated raters and flags err on purpose; the test is "
            "scored on the truth."
        ],
        "rai:machineAnnotationTools": ["the simulator of tipbench (tipdata)"],
        "rai:dataBiases": [
            "A synthetic score does not estimate field performance: the world is a set of stated assumptions, which "
            "some lawful groups fit less well than others.",
            _one_line(ethics()["Harm is measured beside detection"]),
        ],
        **{name: quoted[name] if name in many else " ".join(quoted[name]) for name in quoted},
    }


def _one_line(text: str) -> str:
    return " ".join(text.replace("**", "").replace("*", "").split())


def _files(facts: ExportFacts, checksums: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the files that record sets read, and the manifest."""
    for file in facts.table_files():
        yield _file(file.path, PARQUET, checksums, f"{_hidden_note(file)}table {file.table.name}")
    yield _file(MANIFEST, "application/json", checksums, "schema, rows and digests of every column by region")


def _node(kind: str, name: str, about: str, path: str = "") -> dict[str, Any]:
    """Return the first properties of a node. ``path``: its id, if that is not the name."""
    return {"@type": f"cr:{kind}", "@id": path or name, "name": name, "description": about}


def _file(path: str, encoding: str, checksums: Mapping[str, str], about: str) -> dict[str, Any]:
    more = {"contentUrl": path, "encodingFormat": encoding, "sha256": checksums[path]}
    return _node("FileObject", path, about) | more


def _file_set(config: Config) -> dict[str, Any]:
    about = f"the parts of {config.name}; their SHA-256 are in {CHECKSUMS}"
    includes = f"{FOLDER}/{config.task.name}/{config.split}/*.parquet"
    return _node("FileSet", f"{config.name}-files", about) | {"encodingFormat": PARQUET, "includes": includes}


def _table_records(file: TableFile) -> dict[str, Any]:
    table, source = file.table, {"fileObject": {"@id": file.path}}
    return _node("RecordSet", file.name, f"{_hidden_note(file)}{table.note or table.name}") | {
        "key": [{"@id": f"{file.name}/{key}"} for key in table.key],
        "field": [
            _field(file.name, name, table[name].dtype, describe_column(table[name]), source)
            for name in file.columns
        ],
    }


def _config_records(config: Config) -> dict[str, Any]:
    task, source = config.task, {"fileSet": {"@id": f"{config.name}-files"}}
    table, label = (
        all_tables()[task.table],
        f"label to learn from ({task.labels[0]}); null where there is none",
    )
    part = _node("Field", "split", "train, validation or test", f"{config.name}/split") | {
        "dataType": ["sc:Text", "cr:Split"],
        "source": {
            **source,
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": r"^.*/(\w+)\.parquet$"},
        },
    }
    columns = (
        _field(
            config.name, name, dtype, label if name in config.labels else describe_column(table[name]), source
        )
        for name, dtype in config.schema.items()
    )
    about = f"{task.question} Split {config.split}, labels {task.labels[0]}, access {task.tier}."
    return _node("RecordSet", config.name, f"{about} Labels of the test are null here.") | {
        "field": [part, *columns]
    }


def describe_column(column: Column) -> str:
    """Return the description of a column in one line: note, unit, access and the table whose key it holds."""
    parts = (
        column.note,
        f"unit: {column.unit}" if column.unit else "",
        f"access: {column.tier}",
        f"identifies a row of {column.id_of}" if column.id_of else "",
    )
    return "; ".join(part for part in parts if part)


def _field(where: str, name: str, dtype: pl.DataType, about: str, source: dict[str, Any]) -> dict[str, Any]:
    listed = {"isArray": True, "arrayShape": "-1"} if isinstance(dtype, pl.List) else {}
    return _node("Field", name, about, f"{where}/{name}") | {
        "dataType": data_type(dtype),
        **listed,
        "source": {**source, "extract": {"column": name}},
    }


def data_type(dtype: pl.DataType) -> str:
    """Return Croissant's name of a dtype, or of that of a list's items. Raises ValueError if it has none."""
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    if inner == pl.Boolean:
        return "sc:Boolean"
    if inner == pl.String or isinstance(inner, pl.Enum | pl.Categorical):
        return "sc:Text"
    if inner.is_integer() or inner.is_float():  # type: ignore[union-attr]
        return f"cr:{inner}"
    raise ValueError(f"Croissant has no type for {dtype}")


def _hidden_note(file: TableFile) -> str:
    return "hidden truth, never an input: " if file.hidden else ""


EXTRA = "publish"
DATACITE_SCHEMA = "schemas/datacite-v4.5.json"


def check_extra() -> None:
    """Raise UsageError if the extra is not installed."""
    require(EXTRA, "validate=true")


def validate(folder: Path) -> None:
    """Check ``croissant.json`` by mlcroissant and ``datacite.json`` by DataCite's schema.

    Raises:
        UsageError: without the extra.
        CheckFailed: naming the file and the first thing that is wrong with it.
    """
    check_extra()
    validate_croissant(folder / "croissant.json")
    validate_datacite(folder / "datacite.json")


def validate_croissant(path: Path) -> None:
    """Raise CheckFailed for a file that mlcroissant refuses or warns of."""
    import mlcroissant

    try:
        found = mlcroissant.Dataset(jsonld=str(path))
    except Exception as error:  # its own errors, and those of what it reads with
        raise CheckFailed(f"{path.name} is not valid Croissant: {_last_line(error)}") from None
    if warnings := list(found.metadata.ctx.issues.warnings):
        raise CheckFailed(f"{path.name} is valid Croissant with a warning: {warnings[0]}")


def validate_datacite(path: Path) -> None:
    """Raise CheckFailed for a file that DataCite's schema does not accept."""
    import jsonschema

    spec = find_spec("datacite")
    if spec is None or spec.origin is None:
        raise UsageError(f"validate=true needs datacite, which is not installed: {how_to_install(EXTRA)}.")
    schema = json.loads((Path(spec.origin).parent / DATACITE_SCHEMA).read_text(encoding="utf-8"))
    errors = jsonschema.Draft7Validator(schema).iter_errors(json.loads(path.read_text(encoding="utf-8")))
    first = next(iter(sorted(errors, key=lambda error: error.json_path)), None)
    if first is not None:
        raise CheckFailed(
            f"{path.name} is not valid DataCite metadata at {first.json_path}: {first.message[:200]}"
        )


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1][:300]
