"""A hostile manifest or list of checksums of an export is one sentence, whatever is wrong with it."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tipcore.errors import MachineFault, UsageError
from tipdata.release import Release, published_manifest
from tipdata.release.exported import CHECKSUMS, MANIFEST, open_export, table_file
from tipdata.release.layout import files_of
from tipdata.stages import tables_of

FILES = [table_file(n, s) for n, t in tables_of("0.4.0").items() for s, _ in files_of(t)]
REGION = "regions.00000"
PLACES = [
    *("version", "size", "world", "digest", "regions", REGION, f"{REGION}.digest", f"{REGION}.rows"),
    *(f"{REGION}.rows.adverts", f"{REGION}.digests", f"{REGION}.digests.adverts"),
    f"{REGION}.digests.adverts.body",
]
VALUES = {
    "null": None,
    "true": True,
    "float": 1.5,
    "negative": -1,
    "huge": 10**5000,
    "text": "\x1b[2J\u202e",
    "path": "../../x",
    "long": "9" * 1_000_000,
    "list": [],
    "nested": [[{}]],
    "object": {},
}


def of_world_3() -> dict[str, Any]:
    """A manifest of a world of which none is published: nothing but its own form speaks against it."""
    return {**copy.deepcopy(published_manifest(Release("0.4.0", "tiny")) or {}), "world": 3}


def hostile() -> Iterator[tuple[str, str]]:
    """Names and texts of hostile manifests."""
    for place in PLACES:
        for name, value in VALUES.items():
            changed = of_world_3()
            *above, last = place.split(".")
            entry = changed
            for key in above:
                entry = entry[key]
            entry[last] = "HUGE" if name == "huge" else value
            yield f"{place} {name}", json.dumps(changed).replace('"HUGE"', "9" * 5000)
            if place != "world":
                del entry[last]
                yield f"{place} missing", json.dumps(changed)
    manifest = of_world_3()
    text = json.dumps(manifest)
    for name, more in (("region", {"00008": manifest["regions"]["00000"]}), ("path", {"../00001": {}})):
        yield f"{name} too many", json.dumps({**manifest, "regions": manifest["regions"] | more})
    yield "rows too many", text.replace('"adverts": ', '"adverts": 9999999', 1)
    yield "table too many", text.replace('"digests": {', '"digests": {"x\\u0007": {}, ', 1)
    yield "digest twice", text[:-1] + ', "digest": "' + "0" * 64 + '"}'
    yield "deep list", "[" * 100_000
    yield "deep object", '{"regions": ' * 100_000
    yield "deep inside", text[:-1] + ', "x": ' + "[" * 50_000 + "]" * 50_000 + "}"
    yield "surrogate", text.replace("tiny", "\\ud800")
    for raw in ("", "null", "NaN", "7", '"x"', "[]", text[:-9], text + "x", "\ufeff" + text, "\0" + text):
        yield f"raw {raw[:4]!r} {raw[-4:]!r}", raw
    for number in ("Infinity", "1e999", "-0.0"):
        yield number, text.replace('"world": 3', f'"world": {number}')


def write(folder: Path, manifest: str, lines: str = "") -> str:
    """Write an export without tables, with further lines of checksums, and return its place."""
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    listed = "".join(f"{digest if name == MANIFEST else '0' * 64}  {name}\n" for name in (MANIFEST, *FILES))
    (folder / CHECKSUMS).write_text(listed + lines, encoding="utf-8")
    return str(folder)


def refusal(place: str) -> str:
    """Return the sentence by which an export is refused; it quotes little and nothing that a terminal obeys."""
    with pytest.raises((UsageError, MachineFault)) as refused:
        open_export(place)
    said = str(refused.value)
    assert said.isprintable()
    assert len(said) < len(place) + 500
    return said


@pytest.mark.parametrize(("name", "manifest"), hostile(), ids=lambda value: value[:40])
def test_a_hostile_manifest_is_refused_in_one_sentence(tmp_path: Path, name: str, manifest: str) -> None:
    refusal(write(tmp_path, manifest))


@pytest.mark.parametrize(
    "line",
    [
        f"{'0' * 64}  /etc/x",
        f"{'0' * 64}  a/../../x",
        f"{'0' * 64}  ",
        f"{'0' * 64} x",
        f"{'g' * 64}  x",
        f"{'../' * 21}x  x",
        f"{'0' * 64}  {FILES[0]}",
        "\x1b[2J",
    ],
)
def test_a_hostile_line_of_checksums_is_refused_in_one_sentence(tmp_path: Path, line: str) -> None:
    assert f"its {CHECKSUMS} " in refusal(write(tmp_path, json.dumps(of_world_3()), line + "\n"))


@pytest.mark.parametrize("name", [MANIFEST, CHECKSUMS, "tables/adverts.parquet"])
def test_a_fifo_in_the_place_of_a_file_is_refused(
    tmp_path: Path, fifo: Callable[[Path], None], name: str
) -> None:
    place = write(tmp_path, json.dumps(of_world_3()))
    (tmp_path / "tables").mkdir()
    fifo(tmp_path / name)
    with pytest.raises((UsageError, MachineFault), match="cannot be read: it is not a regular file; "):
        open_export(place).scan("adverts")


def test_what_cannot_be_checked_of_an_export_is_said(tmp_path: Path) -> None:
    manifest = of_world_3()
    caveat = open_export(write(tmp_path, json.dumps(manifest))).caveat
    assert caveat is not None
    assert "against its own manifest alone, as none is published of 0.4.0/tiny.w3;" in caveat
    del manifest["world"]
    assert open_export(write(tmp_path, json.dumps(manifest))).caveat is None
