"""``tipbench data lint``: nothing in a release, everything in an edited folder, and never a traceback."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from tipdata.release import Release


def test_an_edited_folder_fails_with_where_and_what(tipbench, tiny: Release, place: Path) -> None:
    path = place / "mine=1" / "00003" / "contacts.parquet"
    path.parent.mkdir(parents=True)
    shutil.copy(tiny.region_folder(3) / path.name, path)
    code, out, said = tipbench("data", "lint", "mine=1")
    assert (code, said) == (0, "")
    assert "0 findings" in out
    contacts = pl.read_parquet(path, glob=False)
    notes = contacts["narrative"].to_list()
    notes[4] = "Call +44 20 7946 0958 1"
    contacts.with_columns(narrative=pl.Series(notes)).write_parquet(path)
    code, out, said = tipbench("data", "lint", "mine=1", "--json")
    assert code == 1
    assert "findings in mine=1: mend or delete what is named" in said
    told = json.loads(out)
    assert {one["where"] for one in told["findings"]} == {str(Path("00003") / "contacts.parquet") + ", row 4"}
    assert "contact" in {one["rule"] for one in told["counts"]}
    code, out, _ = tipbench("data", "lint", "mine=1")
    assert code == 1
    assert "contacts.narrative: contact" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "nowhere is not a folder"),
        (["."], "has no parquet file"),
        ([".", "release=tiny"], "name a folder or a release=, not both"),
        (["release=tny"], "tny"),
        (["relase=tiny"], 'Unknown setting "relase"'),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    tipbench, place: Path, words: list[str], says: str
) -> None:
    code, out, said = tipbench("data", "lint", *words)
    assert code == 2
    assert says in said
    assert out == ""
