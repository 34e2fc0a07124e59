"""A bundle: what is in it and what is not, its bytes, its columns, and where it may be written."""

import hashlib
import json
import os
import shutil
import stat
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from PIL import Image
from tipbench.tasks import tasks
from tipboard.rounds import components
from tipboard.rounds.components import wheel_digest
from tipboard.rounds.ledger import Ledger, write_ledger
from tipcodabench import archive, evaluator
from tipcodabench.__main__ import main
from tipcodabench.bundle import BundleOrder, export
from tipcodabench.columns import columns, row
from tipcore.errors import UsageError


@pytest.fixture
def secret(host: Any, tmp_path: Path) -> Path:
    """A copy of the host's folder that may be changed, without the whole tables."""
    folder = tmp_path / "secret"
    shutil.copytree(host.secret, folder, ignore=shutil.ignore_patterns("tables"))
    return folder


def refused(order: BundleOrder) -> str:
    with pytest.raises(UsageError) as said:
        export(order)
    assert "\n" not in str(said.value)
    return str(said.value)


def test_the_same_round_gives_the_same_bytes(host: Any, secret: Path, tmp_path: Path) -> None:
    image = "example/tipbench-scoring:0.5.0"
    export(BundleOrder(secret, tmp_path / "again.zip", image=image))
    assert (tmp_path / "again.zip").read_bytes() == host.bundle.read_bytes()
    with zipfile.ZipFile(host.bundle) as opened:
        members = opened.infolist()
    assert [one.filename for one in members] == sorted(one.filename for one in members)
    assert {(one.date_time, one.compress_type) for one in members} == {
        ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
    }


def test_answers_go_in_and_seed_tables_and_ledger_stay_out(host: Any, unpacked: Path) -> None:
    reference = unpacked / "reference_data"
    found = {path.relative_to(reference).as_posix() for path in reference.rglob("*") if path.is_file()}
    answers = {f"answers/{name}.parquet" for name in host.round.tasks}
    assert found == answers | {
        "galleries/case_linkage.parquet",
        "galleries/route_forecast.parquet",
        "round.json",
    }
    for name in found:
        assert (reference / name).read_bytes() == (host.secret / name).read_bytes()
    whole = host.bundle.read_bytes()
    seed = bytes.fromhex((host.secret / "seed.hex").read_text(encoding="utf-8"))
    assert seed not in whole
    assert seed.hex().encode() not in whole


def test_only_its_owner_can_read_it(host: Any) -> None:
    assert stat.S_IMODE(host.bundle.stat().st_mode) == 0o600


def test_the_evaluator_that_travels_is_the_one_of_the_commitment(host: Any, unpacked: Path) -> None:
    folder = unpacked / "scoring_program" / "evaluator"
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(listed) == there - {"SHA256SUMS"}
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    digest = hashlib.sha256()
    for name in sorted(listed):
        digest.update(name.encode() + b"\0" + (folder / name).read_bytes())
    assert digest.hexdigest() == wheel_digest()
    assert host.round.components.evaluator.endswith(digest.hexdigest())


def test_the_wheels_packages_travel_whole_and_methods_stay_at_home() -> None:
    names = set(components.sources())
    assert {
        "tipbench/evaluation/evaluation.py",
        "tipboard/submissions/reader.py",
        "tipcore/errors.py",
    } <= names
    assert {name.partition("/")[0] for name in names} == {"tipcore", "tipbench", "tipboard", "tipdata"}


def test_another_evaluator_than_the_rounds_is_refused(
    secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = evaluator.components("0.4.0")
    other = here.model_copy(update={"evaluator": "0.3.0+" + "0" * 64})
    monkeypatch.setattr(evaluator, "components", lambda data: other)
    assert "export it with the tipbench that made it" in refused(BundleOrder(secret, tmp_path / "b.zip"))
    assert not (tmp_path / "b.zip").exists()


def test_the_phase_is_open_from_the_first_day_until_the_end_of_the_last(host: Any, unpacked: Path) -> None:
    made = yaml.safe_load((unpacked / "competition.yaml").read_text(encoding="utf-8"))
    [phase] = made["phases"]
    assert (phase["start"], phase["end"]) == ("2026-06-01 00:00:00", "2026-07-01 00:00:00")
    assert (phase["max_submissions"], phase["max_submissions_per_day"]) == (3, 3)


def test_nothing_is_run_or_shown_before_the_host_does_so(unpacked: Path) -> None:
    made = yaml.safe_load((unpacked / "competition.yaml").read_text(encoding="utf-8"))
    assert made["auto_run_submissions"] is False
    assert made["leaderboards"][0]["hidden"] is True
    assert all(
        made["phases"][0][name] is True
        for name in ("hide_output", "hide_prediction_output", "hide_score_output")
    )
    assert made["make_programs_available"] is made["make_input_data_available"] is False


def test_columns_are_the_primary_metrics_and_the_gaps_that_there_are(host: Any) -> None:
    listed = {column.key: column for column in columns(host.round.tasks)}
    assert next(iter(listed)) == "tasks"
    for name in host.round.tasks:
        assert listed[name].metric == tasks()[name].primary
    gaps = {key for key in listed if key.endswith("_gap")}
    assert {"advert_risk_harm_gap", "recruitment_onset_harm_gap", "assistance_triage_protection_gap"} <= gaps
    assert {listed[key].sorting for key in gaps} == {"asc"}
    short = {
        "flag_aggregation_per_find_20",
        "flag_aggregation_worst_accused_50",
        "recruitment_onset_per_find",
    }
    assert short <= set(listed), "what is longer than the host keeps has a shorter key"
    assert (listed["prevalence"].sorting, listed["advert_risk"].sorting) == ("asc", "desc")
    assert max(len(one.key) for one in listed.values()) <= 36
    assert max(len(one.title) for one in listed.values()) <= 36


def test_a_score_that_is_undefined_has_no_key_and_one_too_large_is_refused() -> None:
    scored = {"prevalence": {"median_abs_log_error": None}}
    assert row(["prevalence", "advert_risk"], scored) == {"tasks": 1}
    for value in (1e10, float("inf"), float("nan")):
        with pytest.raises(UsageError, match="cannot store"):
            row(["prevalence"], {"prevalence": {"median_abs_log_error": value}})


def test_pages_say_what_the_round_is_and_leave_no_blank_to_fill(host: Any, unpacked: Path) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in (unpacked / "pages").iterdir()}
    assert set(texts) == {"overview.md", "data.md", "evaluation.md", "terms.md"}
    assert not [name for name, text in texts.items() if "$" in text]
    assert host.round.commitment in texts["overview.md"]
    for name in host.round.tasks:
        assert f"| {name} |" in texts["data.md"]
        assert f"| {name}: {tasks()[name].primary} |" in texts["evaluation.md"]
    assert "indicator for human review" in texts["terms.md"]
    assert "Prohibited" in texts["terms.md"]


def test_the_logo_is_a_small_picture(unpacked: Path) -> None:
    picture = Image.open(unpacked / "logo.png")
    picture.load()
    assert (picture.format, picture.size) == ("PNG", (256, 256))
    assert len(picture.convert("RGB").getcolors() or []) == 2


def test_without_an_image_libraries_are_installed_in_the_versions_of_the_round(
    secret: Path, tmp_path: Path
) -> None:
    made = export(BundleOrder(secret, tmp_path / "b.zip"))
    with zipfile.ZipFile(made.file) as opened:
        command = yaml.safe_load(opened.read("scoring_program/metadata.yaml"))["command"]
        pins = dict(
            line.split("==") for line in opened.read("scoring_program/requirements.txt").decode().split()
        )
    assert command == "python3 /app/program/score.py /app/input /app/output --install"
    versions = made.round.components.dependencies
    assert made.image == f"python:{versions['python']}-slim"
    assert {name: pins[name] for name in ("numpy", "polars", "pyarrow")} == {
        name: version for name, version in versions.items() if name != "python"
    }
    assert set(pins) == {"numpy", "polars", "pyarrow", "pydantic", "PyYAML"}


def test_a_folder_that_is_no_hosts_is_refused(host: Any, tmp_path: Path) -> None:
    assert "is not a sealed round" in refused(BundleOrder(tmp_path / "nowhere", tmp_path / "b.zip"))
    assert "seed.hex is missing" in refused(BundleOrder(host.public, tmp_path / "b.zip"))


def test_a_revealed_round_is_refused(secret: Path, tmp_path: Path) -> None:
    write_ledger(secret, Ledger(revealed=date(2026, 7, 1)))
    assert "was revealed on 2026-07-01 and is retired" in refused(BundleOrder(secret, tmp_path / "b.zip"))


def test_answers_that_were_lost_are_refused(secret: Path, tmp_path: Path) -> None:
    (secret / "answers" / "prevalence.parquet").unlink()
    assert "prevalence.parquet is missing" in refused(BundleOrder(secret, tmp_path / "b.zip"))


def test_a_file_that_is_there_is_kept_unless_it_is_to_be_replaced(secret: Path, tmp_path: Path) -> None:
    to = tmp_path / "b.zip"
    to.write_bytes(b"mine")
    assert "exists" in refused(BundleOrder(secret, to, overwrite=False))
    assert to.read_bytes() == b"mine"
    export(BundleOrder(secret, to, overwrite=True))
    assert zipfile.is_zipfile(to)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600


def test_a_place_that_is_published_or_pushed_is_refused(host: Any, secret: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "moved"
    shutil.copytree(host.public, elsewhere)
    for folder in (host.public, host.public / "units", elsewhere):
        assert "lies in what is published" in refused(BundleOrder(secret, folder / "b.zip"))
    (tmp_path / "link").symlink_to(elsewhere)
    assert "lies in what is published" in refused(BundleOrder(secret, tmp_path / "link" / "b.zip"))
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    assert "git checkout" in refused(BundleOrder(secret, tmp_path / "checkout" / "x" / "b.zip"))
    assert "not a .zip file" in refused(BundleOrder(secret, tmp_path / "b.tar"))
    assert "is not the round of" in refused(
        BundleOrder(secret, tmp_path / "b.zip", round_folder=_other(elsewhere))
    )


def _other(folder: Path) -> Path:
    described = json.loads((folder / "round.json").read_text(encoding="utf-8"))
    (folder / "round.json").write_text(json.dumps({**described, "commitment": "0" * 64}), encoding="utf-8")
    return folder


def test_what_the_host_would_refuse_is_never_written(secret: Path, tmp_path: Path) -> None:
    to = tmp_path / "b.zip"
    assert "--title is not as the host takes it" in refused(BundleOrder(secret, to, title="x" * 300))
    assert "--image is not as the host takes it" in refused(BundleOrder(secret, to, image="--rm x"))
    assert not to.exists()


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to = tmp_path / "b.zip"
    to.write_bytes(b"mine")

    def full(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UsageError, match="No space left"):
        archive.write_archive(to, {"a": b"x"})
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]
    assert to.read_bytes() == b"mine"


def test_the_command_says_that_the_bundle_is_secret(
    secret: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "b.zip"
    words = [str(secret), "--to", str(to)]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert f"{len(tasks())} tasks, 53 columns" in out
    assert err.count("\n") == 1
    assert "holds the answers" in err
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main([*words, "--overwrite", "--title", "Spring", "--image", "example/scoring"]) == 0
    with zipfile.ZipFile(to) as opened:
        assert yaml.safe_load(opened.read("competition.yaml"))["title"] == "Spring"


def test_a_round_of_few_tasks_has_their_columns_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tipboard.rounds import new

    order = new.RoundOrder("few", "tiny", "2026-06-30", tmp_path / "s", tmp_path / "p", tasks=("prevalence",))
    monkeypatch.setattr(new, "sizes", lambda: {"tiny": 2})
    new.new_round(order, datetime(2026, 6, 1, tzinfo=UTC), engine="sequential", quiet=True)
    made = export(BundleOrder(tmp_path / "s", tmp_path / "b.zip"))
    beside = ["coverage", "interval_score", "failed_intervals"]
    assert made.columns == ["tasks", "prevalence", *(f"prevalence_{name}" for name in beside)]
    assert pl.read_parquet(tmp_path / "s" / "answers" / "prevalence.parquet").height == 2
