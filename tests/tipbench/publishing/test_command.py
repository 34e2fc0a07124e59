"""``tipbench data export``: what is wrong is one sentence and exit code 2, and leaves nothing behind."""

import json
from pathlib import Path

import pytest
from tipbench.publishing.export import checksums_of
from tipbench.publishing.facts import ExportFacts
from tipdata.core import world
from tipdata.release import Release, published_manifest

FIRST = ("data", "export", "release=tiny", "tasks=prevalence")
OF_TASKS = ("README.md", "croissant.json")
"""Files beside the parts of tasks that name the tasks of an export."""


def test_an_export_is_written_and_told_with_the_same_bytes_as_another(
    tipbench, tiny: Release, place: Path, exported: Path
) -> None:
    code, out, _ = tipbench(*FIRST, "--to", "deep/tiny", "--json")
    told = json.loads(out)
    assert code == 0
    files = [path for path in (place / "deep" / "tiny").rglob("*") if path.is_file()]
    made, other = (checksums_of(folder) for folder in (place / "deep" / "tiny", exported))
    kept = [name for name in made if not name.startswith("tasks/") and name not in OF_TASKS]
    assert len(kept) > 40
    assert [name for name in kept if made[name] != other[name]] == []
    assert (told["files"], told["bytes"]) == (len(files), sum(path.stat().st_size for path in files))
    assert told["configs"] == ["prevalence.all", "prevalence.region"]
    assert [path.name for path in (place / "deep").iterdir()] == ["tiny"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--to", "there"), "there is there already: give another folder or URL."),
        (("--to", "own_methods.py/x"), "own_methods.py/x cannot be written: "),
        (("--to", "nosuch://x"), "nosuch://x cannot be opened: "),
        (("--to", "x", "splits=some"), "splits=some does not exist: choose all or headline."),
        (("--to", "x", "tasks=payment_risk"), "tasks is given twice"),
        (("--to", "x", "split=forward"), 'Unknown setting "split"'),
        (("--to", "x", "doi=https://doi.org/10.1/x"), "is not a DOI: write it as 10.1234/example"),
        (("--to", "x", "url=library.example"), "is not the address of a page"),
        (("--to", "x", "--format", "relbench", "doi=10.1234/x"), "doi= is for --format hub"),
        (("--to", "x", "--format", "relbench"), "none of these tasks has one binary label"),
        (("--to", "x", "release.version=0.3.0"), "data version 0.3.0 is retired"),
        ((), "--to"),
    ],
)
def test_what_is_wrong_is_said(
    refused, tiny: Release, place: Path, words: tuple[str, ...], says: str
) -> None:
    (place / "there").mkdir()
    before = sorted(place.rglob("*"))
    assert says in refused(*FIRST, *words)
    assert sorted(place.rglob("*")) == before


def test_a_misspelt_task_names_the_nearest(refused) -> None:
    said = refused("data", "export", "release=tiny", "tasks=payment_risk,prevalance", "--to", "x")
    assert 'task=prevalance does not exist. Did you mean "prevalence"?' in said


def test_validation_without_the_extra_is_refused_before_any_work(
    refused, tiny: Release, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tipcore.extras.find_spec", lambda name: None)
    said = refused(*FIRST, "--to", "x", "validate=true")
    assert "validate=true needs mlcroissant, which is not installed" in said
    assert not Path("x").exists()


def test_a_draft_is_published_only_where_it_is_asked_for_and_says_so(
    tipbench, tiny: Release, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {**world.versions()["0.5.0"], "status": "draft"}
    listed = {**world.versions(), "0.5.0": entry}
    monkeypatch.setattr(world, "versions", lambda: listed)
    monkeypatch.setattr(world, "newest_released", lambda: "0.5.0")
    code, _, err = tipbench(*FIRST, "release.version=0.5.0", "--to", "x")
    assert (code, "is a draft and may still change: add --draft" in err) == (2, True)
    manifest = published_manifest(tiny)
    assert manifest is not None
    assert "This data version is a draft and may still change." in ExportFacts(manifest).summary
