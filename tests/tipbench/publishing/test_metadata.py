"""What an export says of itself is valid for those who read it, complete, and taken from one place."""

import importlib.util
import json
import re
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard
from tipbench.publishing import cards
from tipbench.publishing.facts import ExportFacts
from tipbench.publishing.metadata import (
    check_extra,
    metadata,
    validate,
    validate_croissant,
    validate_datacite,
)
from tipbench.tasks import tasks
from tipcore.errors import CheckFailed, UsageError
from tipdata.core.parameters import count_grounds
from tipdata.core.world import parameters
from tipdata.documents.project_files import ethics
from tipdata.release import Release, published_manifest
from tipdata.stages import tables_of

EXTRA = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("mlcroissant", "datacite")),
    reason="the extra publish is not installed",
)


@pytest.fixture(scope="module")
def facts(tiny: Release) -> ExportFacts:
    manifest = published_manifest(tiny)
    assert manifest is not None
    return ExportFacts(manifest, doi="10.1234/example", url="https://example.org/data", publisher="A Library")


@EXTRA
def test_metadata_is_valid_and_records_come_back(exported: Path, tiny: Release) -> None:
    import mlcroissant

    validate(exported)
    data = mlcroissant.Dataset(jsonld=str(exported / "croissant.json"))
    places = list(data.records("places"))
    expected = tiny.scan("places").collect().to_dicts()
    assert [{k.removeprefix("places/"): _plain(v) for k, v in row.items()} for row in places] == expected
    parts = [row["assistance_triage.forward/split"] for row in data.records("assistance_triage.forward")]
    assert set(parts) == {b"train", b"validation", b"test"}
    hidden = [row["operations.truth/kind"].decode() for row in data.records("operations.truth")]
    assert hidden == tiny.scan("operations", truth=True).collect()["kind"].to_list()


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value.item() if hasattr(value, "item") else value


FIELD = ("recordSet", 0, "field", 0)


@EXTRA
@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*FIELD, "source", "fileObject", "@id"), "tables/nothing.parquet"),
        ((*FIELD, "dataType"), None),
        (("version",), "the newest"),
        (("distribution", 0, "sha256"), None),
    ],
)
def test_croissant_that_is_made_invalid_is_refused(copy: Path, place: tuple, value: str | None) -> None:
    path = copy / "croissant.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    node = reduce(lambda inner, key: inner[key], place[:-1], found)
    node[place[-1]] = value
    if value is None:
        del node[place[-1]]
    path.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(CheckFailed, match=r"croissant.json is (not )?valid Croissant"):
        validate_croissant(path)


@EXTRA
@pytest.mark.parametrize(
    ("change", "where"),
    [({"publicationYear": 2026}, "publicationYear"), ({"doi": "tba"}, "doi"), ({"colour": "red"}, "colour")],
)
def test_datacite_that_is_made_invalid_is_refused(copy: Path, change: dict, where: str) -> None:
    path = copy / "datacite.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    with pytest.raises(CheckFailed, match=rf"datacite.json is not valid DataCite metadata at .*{where}"):
        validate_datacite(path)


@EXTRA
def test_a_doi_and_a_page_that_were_given_are_in_valid_metadata(facts: ExportFacts, copy: Path) -> None:
    found = metadata(facts)
    (copy / "datacite.json").write_text(json.dumps(found["datacite"]), encoding="utf-8")
    validate_datacite(copy / "datacite.json")
    assert found["datacite"]["doi"] == found["zenodo"]["doi"] == "10.1234/example"
    assert found["datacite"]["publisher"] == {"name": "A Library"}
    assert "https://example.org/data" in cards.datasheet(facts)


def test_any_character_that_is_typed_is_in_the_metadata(facts: ExportFacts) -> None:
    typed = replace(
        facts, publisher="𝒳 <a> & 'b': \"c\" \\u0041 \u2028 # d", url="https://example.org/?a=1&b='𝒳'"
    )
    found = metadata(typed)
    assert found["datacite"]["publisher"] == {"name": typed.publisher}
    assert found["datacite"]["url"] == found["citation"]["url"] == typed.url
    assert found["zenodo"]["related_identifiers"][0]["identifier"] == typed.url


def test_without_the_extra_a_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipcore.extras.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"validate=true needs mlcroissant, .*\[publish\]'"):
        check_extra()


def test_the_responsible_ai_fields_say_what_the_page_on_ethics_says(exported: Path) -> None:
    found = json.loads((exported / "croissant.json").read_text(encoding="utf-8"))
    filled = [name for name in found if name.startswith("rai:")]
    assert len(filled) >= 12
    assert all(found[name] for name in filled)
    assert "without human review" in " ".join(found["rai:dataUseCases"])
    assert "Children" in " ".join(found["rai:dataLimitations"])
    assert "open an issue" in found["rai:dataReleaseMaintenancePlan"]
    assert count_grounds(parameters("0.5.0").values()).summary() in found["rai:dataCollection"]


def test_every_column_of_every_table_is_described_with_its_access(exported: Path) -> None:
    found = json.loads((exported / "croissant.json").read_text(encoding="utf-8"))
    every = (field for records in found["recordSet"] for field in records["field"])
    fields = {field["@id"]: field["description"] for field in every}
    for name, table in tables_of("0.5.0").items():
        for column in table.columns:
            place = f"{name}{'.truth' if column.tier == 'truth' else ''}/{column.name}"
            assert f"access: {column.tier}" in fields[place]
            assert not column.id_of or f"identifies a row of {column.id_of}" in fields[place]


def test_the_card_is_read_by_the_hubs_own_reader_and_is_plain_about_the_test(exported: Path) -> None:
    card = DatasetCard.load(exported / "README.md")
    head = card.data.to_dict()
    assert head["license"] == "cc-by-4.0"
    assert [one["config_name"] for one in head["configs"] if one.get("default")] == ["advert_risk.forward"]
    files = [file["path"] for one in head["configs"] for file in one["data_files"]]
    assert all((exported / path).is_file() for path in files)
    assert len(set(files)) == len(files)
    assert {p.relative_to(exported).as_posix() for p in exported.rglob("*.parquet")} == set(files)
    assert "no labels: they are null there" in card.text
    assert "They\nare no secret." in card.text
    assert ethics()["Prohibited use"] in card.text


def test_the_statement_travels_word_for_word(exported: Path) -> None:
    text = (exported / "RESPONSIBLE-USE.md").read_text(encoding="utf-8")
    for heading in ("Intended use", "Prohibited use", "Review and retirement", "Report a concern"):
        assert f"## {heading}\n{ethics()[heading]}" in text
    assert not re.search(r"\]\((?!https)", text)  # links of the repository lead nowhere here


def test_the_data_are_cited_as_a_data_set_of_their_own_version(exported: Path, facts: ExportFacts) -> None:
    found = yaml.safe_load((exported / "CITATION.cff").read_text(encoding="utf-8"))
    assert (found["type"], found["version"], found["license"]) == ("dataset", "0.5.0", "CC-BY-4.0")
    assert "doi" not in found  # nobody gave one
    assert metadata(facts)["citation"]["doi"] == "10.1234/example"


def test_a_deposit_at_zenodo_has_what_it_asks_for(exported: Path) -> None:
    found = json.loads((exported / ".zenodo.json").read_text(encoding="utf-8"))
    needed = "upload_type title description creators access_right license publication_date"
    assert set(needed.split()) <= set(found)
    assert found["upload_type"] == "dataset"
    assert all(set(one) == {"name"} for one in found["creators"])


def test_the_datasheets_of_published_releases_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert cards.main(["--check"]) == 0, "run python -m tipbench.publishing.cards"
    assert capsys.readouterr().out == ""


def test_a_datasheet_that_drifted_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cards.main([], tmp_path)
    path = tmp_path / "0.5.0" / "tiny.md"
    path.write_text(path.read_text(encoding="utf-8") + "A sentence of somebody's own.\n", encoding="utf-8")
    assert cards.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().out == f"not up to date: {path}\n"


def test_every_parameter_is_counted_once_and_under_what_it_rests_on() -> None:
    total = count_grounds(parameters("0.5.0").values())
    by_stage = [grounds for _, grounds in cards.grounds_by_stage("0.5.0")]
    for name in ("total", "both", "sign", "assumed", "definitions"):
        assert sum(getattr(grounds, name) for grounds in by_stage) == getattr(total, name)
    raw = yaml.safe_load((Path(cards.FOLDER) / "world-0.5.0.yaml").read_text(encoding="utf-8"))
    assert total.total == len(list(_entries(raw)))
    text = cards.published_datasheets()["0.5.0/tiny.md"]
    assert f"| **all** | {total.total} | {total.both} | {total.sign} | {total.assumed} |" in text


def _entries(node: Any) -> Any:
    """Yield what says a unit, wherever it stands: each is a parameter."""
    if isinstance(node, dict):
        if "unit" in node and "magnitude" in node:
            yield node
        else:
            for inner in node.values():
                yield from _entries(inner)


def test_a_datasheet_names_every_task_and_table() -> None:
    for text in cards.published_datasheets().values():
        assert all(f"| {name} |" in text for name in (*tasks(), *tables_of("0.5.0")))
