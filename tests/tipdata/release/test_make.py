"""When a release has to be made before it can be read."""

import json
from typing import Any

import pytest
from tipcore.errors import UsageError
from tipdata.core.fingerprint import fingerprint
from tipdata.core.world import newest_released
from tipdata.release import Release, make, make_release, open_release, verify_release

NEWEST = newest_released()


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("digest", ["published", "other"])
@pytest.mark.parametrize("generator", ["this", "another"])
def test_a_release_is_made_where_it_is_not_the_published_one_or_without_one_of_another_generator(
    two: Release,
    monkeypatch: pytest.MonkeyPatch,
    published: bool,
    digest: str,
    generator: str,
) -> None:
    made: list[Release] = []
    monkeypatch.setattr(make, "make_release", lambda release, **options: made.append(release))
    manifest = {"digest": "published"} if published else None
    monkeypatch.setattr(make, "published_manifest", lambda release: manifest)
    monkeypatch.setattr(Release, "lacking", lambda self, index: [])
    two.folder.mkdir(parents=True)
    mark = fingerprint(NEWEST) if generator == "this" else "another"
    receipt: dict[str, Any] = {"digest": digest, "fingerprint": mark}
    (two.folder / "receipt.json").write_text(json.dumps(receipt), encoding="utf-8")

    assert open_release(NEWEST, "pair", quiet=True) == two
    wanted = digest == "other" if published else generator == "another"
    assert made == ([two] if wanted else [])


@pytest.mark.parametrize("receipt", [None, "", "{"])
def test_a_release_whose_receipt_is_gone_or_cut_is_made(
    two: Release, monkeypatch: pytest.MonkeyPatch, receipt: str | None
) -> None:
    made: list[Release] = []
    monkeypatch.setattr(make, "make_release", lambda release, **options: made.append(release))
    if receipt is not None:
        two.folder.mkdir(parents=True)
        (two.folder / "receipt.json").write_text(receipt, encoding="utf-8")
    open_release(NEWEST, "pair", quiet=True)
    assert made == [two]


def test_truth_that_was_taken_away_is_not_put_back_unasked(made: Release) -> None:
    for path in made.folder.rglob("*.truth.parquet"):
        path.unlink()
    with pytest.raises(UsageError, match=r"has no truth, since its \*\.truth\.parquet files were taken away"):
        open_release(NEWEST, "pair", engine="sequential", quiet=True)
    assert not list(made.folder.rglob("*.truth.parquet"))


def test_a_release_that_lost_a_file_is_made_whole_again(two: Release) -> None:
    make_release(two, engine="sequential", quiet=True)
    (two.region_folder(1) / "firms.parquet").unlink()
    assert open_release(NEWEST, "pair", engine="sequential", quiet=True).lacking(1) == []
    assert verify_release(two, engine="sequential", quiet=True) == []
