"""A region is the same whatever was made before it, and in whichever process."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tipcore.digest import column_digest, region_digest
from tipdata.core.world import Region, World
from tipdata.release import generate_region
from tipdata.release.manifests import published_manifest, region_name
from tipdata.release.release import Release
from tipdata.stages import Past, Tables, stages_of
from tipdata.stages.adverts import texts


def digest(index: int) -> str:
    tables = generate_region(World.of("0.5.0", size="small"), index)
    return region_digest({n: {c: column_digest(f[c]) for c in f.columns} for n, f in tables.items()})


def test_a_region_follows_from_no_other_from_no_process_and_from_no_processor() -> None:
    """Every CPU feature that numpy dispatches on is switched off in the other process, where polars has threads."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__  # type: ignore[import-not-found]

    off = " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": off, "POLARS_MAX_THREADS": "4"}
    run = [sys.executable, "-c", "from test_region import digest; print(digest(5))"]
    alone = subprocess.run(run, cwd=Path(__file__).parent, env=environment, capture_output=True, check=True)
    after_another = [digest(index) for index in (2, 5)][1]
    assert alone.stdout.decode().strip() == after_another


@pytest.mark.slow
@pytest.mark.parametrize("index", [23, 58])
def test_a_region_is_the_published_one(index: int) -> None:
    manifest = published_manifest(Release("0.5.0", "small"))
    assert manifest is not None
    assert digest(index) == manifest["regions"][region_name(index)]["digest"]


@pytest.mark.parametrize("table", ["places", "messages"])  # keys of one column and of two
def test_a_row_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    def doubled(region: Region, past: Past) -> tuple[object, Tables]:
        state, made = stage.generate(region, past)
        frame = pl.DataFrame(made[table])
        return state, {**made, table: pl.concat([frame, frame[-1:]])}

    stage = next(s for s in stages_of("0.5.0") if table in {t.name for t in s.tables})
    listed = tuple(replace(s, generate=doubled) if s.name == stage.name else s for s in stages_of("0.5.0"))
    monkeypatch.setattr("tipdata.stages.stages_of", lambda version: listed)
    with pytest.raises(ValueError, match=f"table {table}: .* is not a key in region 1"):
        generate_region(World.of("0.5.0"), 1)


def test_a_sentence_put_together_once_reads_as_if_put_together_for_each_advert(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def distinct(self: object, row: np.ndarray, *_: object) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(len(row)), np.arange(len(row))

    once = generate_region(World.of("0.5.0", 1), 4)["adverts"]
    monkeypatch.setattr(texts.TextRenderer, "_distinct", distinct)
    each = generate_region(World.of("0.5.0", 1), 4)["adverts"]
    assert once["body"].equals(each["body"])
