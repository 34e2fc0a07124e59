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
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from tipcore.errors import CheckFailed
from tipcore.extras import require
from tipdata.core.kinds import LANGUAGES
from tipdata.core.parameters import count_grounds
from tipdata.core.tables import Column
from tipdata.core.world import is_draft, parameters
from tipdata.documents.project_files import ethics, render_markdown
from tipdata.release.release import CHECKSUMS, MANIFEST
from tipdata.stages import all_tables

from tipbench.publishing.data_files import FOLDER, Config
from tipbench.publishing.facts import KEYWORDS, ExportFacts, TableFile, authors, citation, cite_as
from tipbench.version import __version__

PARQUET = "application/x-parquet"
TEMPLATE = Path(__file__).parent / "templates" / "metadata.yaml.j2"


def metadata(facts: ExportFacts) -> dict[str, Any]:
    """Return the metadata of a release by name; they quote sections of docs/ethics.md.

    ``datacite``: schema 4.5, to register a DOI; the service that mints a DOI that is not known adds it.
    ``citation``: of ``CITATION.cff`` (format 1.2.0). ``zenodo``: of ``.zenodo.json``, from which Zenodo makes
    an open deposit. ``croissant``: without its files and records, which :func:`croissant` adds.
    """
    plain = {
        name: " ".join(text.replace("**", "").replace("*", "").split()) for name, text in ethics().items()
    }
    text = render_markdown(
        TEMPLATE,
        facts=facts,
        authors=authors(),
        date=citation()["date-released"],
        keywords=KEYWORDS,
        languages=LANGUAGES,
        version=__version__,
        is_draft=is_draft(facts.version),
        cite_as=cite_as(facts),
        grounds=count_grounds(parameters(facts.version).values()).summary(),
        ethics=plain,
    )
    # JSON writes a character beyond U+FFFF as two halves, which only JSON joins again.
    return json.loads(json.dumps(yaml.safe_load(text)))


def croissant(facts: ExportFacts, checksums: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON-LD of an export, with responsible-AI fields. ``checksums``: SHA-256 by file."""
    found = metadata(facts)["croissant"]
    found["distribution"] = [*_files(facts, checksums), *map(_file_set, facts.configs)]
    found["recordSet"] = [*map(_table_records, facts.table_files()), *map(_config_records, facts.configs)]
    return found


def _files(facts: ExportFacts, checksums: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    tables = [
        (one.path, PARQUET, f"{_hidden_note(one)}table {one.table.name}") for one in facts.table_files()
    ]
    manifest = (MANIFEST, "application/json", "schema, rows and digests of every column by region")
    for path, encoding, about in (*tables, manifest):
        more = {"contentUrl": path, "encodingFormat": encoding, "sha256": checksums[path]}
        yield _node("FileObject", path, about) | more


def _node(kind: str, name: str, about: str, path: str = "") -> dict[str, Any]:
    """Return the first properties of a node. ``path``: its id, if that is not the name."""
    return {"@type": f"cr:{kind}", "@id": path or name, "name": name, "description": about}


def _file_set(config: Config) -> dict[str, Any]:
    about = f"the parts of {config.name}; their SHA-256 are in {CHECKSUMS}"
    includes = f"{FOLDER}/{config.task.name}/{config.split}/*.parquet"
    return _node("FileSet", f"{config.name}-files", about) | {"encodingFormat": PARQUET, "includes": includes}


def _table_records(file: TableFile) -> dict[str, Any]:
    table, source = file.table, {"fileObject": {"@id": file.path}}
    columns = (table[name] for name in file.columns)
    return _node("RecordSet", file.name, f"{_hidden_note(file)}{table.note or table.name}") | {
        "key": [{"@id": f"{file.name}/{key}"} for key in table.key],
        "field": [_field(file.name, c.name, c.dtype, describe_column(c), source) for c in columns],
    }


def _config_records(config: Config) -> dict[str, Any]:
    task, source = config.task, {"fileSet": {"@id": f"{config.name}-files"}}
    table = all_tables()[task.table]
    label = f"label to learn from ({task.labels[0]}); null where there is none"
    path = {"extract": {"fileProperty": "fullpath"}, "transform": {"regex": r"^.*/(\w+)\.parquet$"}}
    part = _node("Field", "split", "train, validation or test", f"{config.name}/split") | {
        "dataType": ["sc:Text", "cr:Split"],
        "source": {**source, **path},
    }
    columns = []
    for name, dtype in config.schema.items():
        about = label if name in config.labels else describe_column(table[name])
        columns.append(_field(config.name, name, dtype, about, source))
    about = f"{task.question} Split {config.split}, labels {task.labels[0]}, access {task.tier}."
    return _node("RecordSet", config.name, f"{about} Labels of the test are null here.") | {
        "field": [part, *columns]
    }


def describe_column(column: Column) -> str:
    """Return the description of a column in one line: note, unit, access and the table whose key it holds."""
    unit = f"unit: {column.unit}" if column.unit else ""
    owner = f"identifies a row of {column.id_of}" if column.id_of else ""
    parts = (column.note, unit, f"access: {column.tier}", owner)
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


DATACITE_SCHEMA = "schemas/datacite-v4.5.json"


def check_extra() -> None:
    """Raise UsageError if the extra is not installed."""
    require("publish", "validate=true")


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
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise CheckFailed(f"{path.name} is not valid Croissant: {lines[-1][:300]}") from None
    if warnings := list(found.metadata.ctx.issues.warnings):
        raise CheckFailed(f"{path.name} is valid Croissant with a warning: {warnings[0]}")


def validate_datacite(path: Path) -> None:
    """Raise CheckFailed for a file that DataCite's schema does not accept."""
    import jsonschema

    schema = json.loads(files("datacite").joinpath(DATACITE_SCHEMA).read_text(encoding="utf-8"))
    errors = jsonschema.Draft7Validator(schema).iter_errors(json.loads(path.read_text(encoding="utf-8")))
    first = next(iter(sorted(errors, key=lambda error: error.json_path)), None)
    if first is not None:
        where = f"{first.json_path}: {first.message[:200]}"
        raise CheckFailed(f"{path.name} is not valid DataCite metadata at {where}")
