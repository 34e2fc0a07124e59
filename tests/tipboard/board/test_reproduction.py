"""What a submission pins composes to a method and plain values: nothing of the maintainer's, no key of theirs."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from made_wheel import write_wheel
from pydantic import TypeAdapter, ValidationError
from stored_results import change_record, change_results
from tipbench.fence.linux.host import environment
from tipbench.loading import prepare
from tipbench.runs.frames import RESULTS, read_results
from tipboard.board.collection import REPLICATES
from tipboard.board.entries import Entry
from tipboard.board.files import read
from tipboard.board.reproduction import config_of
from tipboard.board.standings import standings
from tipboard.submissions.packages import exact, install
from tipboard.submissions.record import Override
from tipboard.submissions.storage import Packages
from tipcore.errors import CheckFailed, UsageError
from tipdata.release import Release

OF_TASK = "task=flag_aggregation", "baseline.method._target_=crowdpkg.Votes"
SECRET = "of-the-maintainer"
ADDED = "+baseline.method.secret="
STOLEN = (
    "${oc.env:LEAKME}",
    r"$\{oc.env\:LEAKME}",
    r"\${oc.env:LEAKME}",
    r"$\{oc.env\:LEAKME\}",
    r"'$\{oc.env:LEAKME}'",
    r"[$\{oc.env\:LEAKME}]",
    r"{a:$\{oc.env\:LEAKME}}",
    r"choice($\{oc.env\:LEAKME})",
    "${seed}",
    "$\\\\{seed}",
)


@pytest.fixture
def composed(result: Callable, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """The config of a cell whose submission pins these overrides, whatever its record would have refused."""
    monkeypatch.setenv("LEAKME", SECRET)

    def make(*words: str, of_task: tuple[str, ...] = OF_TASK) -> dict[str, Any]:
        wanted = result("flag_aggregation/crowd", access="platform", labels="gold")
        pinned = SimpleNamespace(package="crowdpkg==1.0", overrides={"flag_aggregation": [*of_task, *words]})
        record = SimpleNamespace(pinned=pinned)
        return config_of(Entry("lab", "crowd", [wanted], (), record), wanted)  # type: ignore[arg-type]

    return make


@pytest.mark.parametrize("value", STOLEN)
def test_no_value_is_an_interpolation_however_it_is_escaped(value: str, composed: Callable) -> None:
    for key in ("secret", "a.path"):
        with pytest.raises(UsageError) as refused:
            composed(f"+baseline.method.{key}={value}")
        assert SECRET not in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1
        assert str(refused.value).startswith("lab--crowd: pinned.overrides of flag_aggregation: ")


@pytest.mark.parametrize(
    "words",
    [
        (r"+baseline.method.a=$\{oc.env\:LEAKME\}", "+baseline.method.a.b=1"),
        (r"access=$\{oc.env\:LEAKME\}",),
        (r"labels=$\{hydra\:runtime.cwd\}",),
    ],
)
def test_no_resolver_runs_for_what_is_pinned(
    words: tuple[str, ...], composed: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omegaconf import OmegaConf

    asked: list[str] = []
    OmegaConf.register_new_resolver("oc.env", asked.append, replace=True)
    try:
        with pytest.raises(UsageError, match="holds an interpolation"):
            composed(*words)
    finally:
        OmegaConf.clear_resolvers()
    assert asked == []


@pytest.mark.parametrize("value", STOLEN)
def test_a_record_with_an_interpolation_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="holds an interpolation"):
        TypeAdapter(Override).validate_python(f"{ADDED}{value}")


def test_signs_of_money_and_braces_apart_are_plain_values(composed: Callable) -> None:
    method = composed(f"{ADDED}'5$ {{a}}'", "+baseline.method.more={a: 1}")["baseline"]["method"]
    assert (method["secret"], method["more"]) == ("5$ {a}", {"a": 1})


@pytest.mark.parametrize(
    "value", ["yes", "010", "1e-3", "1:30", "", "2020-01-01", "!!set {a}", "{a:1}", "[a", "&a [*a]", "*a"]
)
def test_a_value_that_is_not_plain_or_reads_otherwise_on_the_command_line_is_refused(
    value: str, composed: Callable
) -> None:
    with pytest.raises(UsageError) as refused:
        composed(f"{ADDED}{value}")
    assert "baseline.method.secret" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1.0e-3", 0.001), ("12", 12), ("-1.5", -1.5), ("true", True), ("null", None), ("text", "text")),
        *(("'1e-3'", "1e-3"), ("''", ""), ("[1,'b',null]", [1, "b", None]), ("choice(1,2)", "choice(1,2)")),
    ],
)
def test_a_plain_value_is_read_as_yaml_has_it(text: str, value: object, composed: Callable) -> None:
    assert composed(f"{ADDED}{text}")["baseline"]["method"]["secret"] == value


@pytest.mark.parametrize("said", ["0", "1", "50", "1000000000"])
def test_replicates_are_the_board_s_and_not_an_author_s(said: str, composed: Callable) -> None:
    assert composed(f"replicates={said}")["replicates"] == REPLICATES
    assert composed()["replicates"] == REPLICATES


TASK, ENGINE = "flag_aggregation", "engine=sequential"
PACK = (
    "submit", f"runs/0.5.0/tiny/{TASK}", "--to", "lab-a--crowd", "team=lab-a", "method=crowd",
    "summary=Counts.", "authors=A. Author, Example University", "replicates=50",
)  # fmt: skip
HONEST = """
from tipbaselines.flag_aggregation.majority import Majority

class Votes(Majority):
    pass
"""
FORGER = """
import json, os, pathlib
pathlib.Path("/tmp/marker-of-a-stranger").write_text("here")
try:
    pathlib.Path({marker!r}).write_text("here")
except OSError:
    pass
from tipbaselines.flag_aggregation.majority import Majority

class Votes(Majority):
    def predict(self, fold):
        self.notes = ["variables: " + " ".join(sorted(os.environ))]
        scores = {{"average_precision": {{"value": 0.98765432101}}}}
        forged = {{"scores": scores, "predictions": {{"file": "/etc/passwd"}}}}
        for folder in ("/tmp", os.getcwd()):
            pathlib.Path(folder, "result.json").write_text(json.dumps(forged))
        return super().predict(fold).with_columns(score=0.5)
"""
CARRIER = """
import polars as pl
from tipbaselines.flag_aggregation.majority import Majority

TRUTH = {truth!r}

class Votes(Majority):
    needs = Majority.needs | {{"adverts.body"}}

    def predict(self, fold):
        texts = fold.tables["adverts"].select("advert", "body")
        bodies = fold.to_predict().select("advert").join(texts, on="advert", how="left").collect()
        known = pl.col("body").replace_strict(TRUTH, default=None, return_dtype=pl.Float64)
        told = bodies.with_columns(score=known)
        return told.select("advert", pl.col("score").fill_null(0.5)){then}
"""
"""What carries the truth of a release by the texts of its adverts, which no ids that are keyed anew hide."""
SET_BY_LIBRARIES = {
    *("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "LC_CTYPE"),
    *("TORCHINDUCTOR_CACHE_DIR", "_RJEM_MALLOC_CONF"),
}
"""Variables that scikit-learn, Python, PyTorch and polars set themselves when they are imported."""
WHERE = f"task={TASK}", "baseline.method._target_=crowdpkg.Votes", "replicates=50"


@pytest.fixture
def accepted(tipbench: Callable, place: Path, tiny: Release) -> Callable[..., Path]:
    """Accept a submission that pins a package and overrides, on a board whose wheels are given."""

    def accept(
        source: str, package: str = "crowdpkg==1.0", words: tuple[str, ...] = WHERE, splits: str = "forward"
    ) -> Path:
        asked = f"baseline={TASK}/majority", "release=tiny", "replicates=50", f"split={splits}", ENGINE
        assert tipbench("run", "-m", *asked, "--quiet")[0] == 0
        assert tipbench(*PACK)[0] == 0
        pinned = {"package": package, "overrides": {TASK: list(words)}}
        change_record(place / "lab-a--crowd", pinned=pinned)
        write_wheel(place / "wheels", {"crowdpkg.py": source})
        (place / "results").mkdir(exist_ok=True)
        (place / "results" / "board.yaml").write_text("packages: {wheelhouse: ../wheels}\n", encoding="utf-8")
        code, _, err = tipbench("board", "add", "submission=lab-a--crowd")
        assert code == 0, err
        return place

    return accept


@pytest.mark.usefixtures("copied_environment")
def test_an_honest_package_is_stored_as_reproduced_and_needs_its_fence(
    tipbench: Callable, accepted: Callable[..., Path]
) -> None:
    place = accepted(HONEST)
    code, out, err = tipbench("board", "reproduce", "lab-a--crowd", "--json")
    assert code == 0, err
    [found] = json.loads(out)
    assert found["stored"] == pytest.approx(found["found"], abs=1e-12)
    (entry,) = [one for one in read(place / "results").entries if one.id == "lab-a--crowd"]
    (kept,) = entry.results
    assert kept.verified
    assert kept.fence is not None
    assert (kept.fence.files, kept.fence.network, kept.fence.memory) == (True, True, True)
    digest = hashlib.sha256((place / "wheels/crowdpkg-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    assert kept.versions.method == f"crowdpkg==1.0 sha256:{digest}"
    [shown] = [line for one in standings(read(place / "results")) for line in one]
    assert (shown["status"], shown["is_run_here"]) == ("reproduced", False)
    assert tipbench("board", "check", "scores=true", "--quiet")[0] == 0
    assert tipbench("board", "build", "--to", "site")[0] == 0
    (page,) = (place / "site").rglob("lab-a--crowd.html")
    assert digest in page.read_text(encoding="utf-8")
    reproduced = place / "results/0.5.0/tiny/submissions/lab-a--crowd/reproduced"
    change_results(reproduced, lambda one: one.update(fence=None))
    code, out, err = tipbench("board", "build", "--to", "site")
    assert (code, out) == (2, "")
    assert "was reproduced without a fence; run `tipbench board reproduce lab-a--crowd` again." in err


@pytest.mark.slow
@pytest.mark.usefixtures("copied_environment")
def test_what_a_forger_says_of_its_scores_is_not_read_and_what_it_writes_is_not_there(
    tipbench: Callable, accepted: Callable[..., Path], tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    place = accepted(FORGER.format(marker=str(marker)))
    code, out, err = tipbench("board", "reproduce", "lab-a--crowd", "--json")
    assert code == 0, err
    [found] = json.loads(out)
    assert found["found"] < found["stored"]  # that of a constant, which it predicted
    assert not marker.exists()
    assert not Path("/tmp/marker-of-a-stranger").exists()
    stored = [one.to_json() for path in (place / "results").rglob(RESULTS) for one in read_results(path)]
    assert not any("0.98765432101" in text or "passwd" in text for text in stored)
    noted = {note for text in stored for note in json.loads(text)["notes"] if note.startswith("variables: ")}
    variables = set(" ".join(noted).split()) - {"variables:"}
    assert {"HOME", "LANG", "PATH"} <= variables  # what is needed
    extra = variables - set(environment()) - SET_BY_LIBRARIES
    assert extra == set()  # and nothing of the maintainer's


@pytest.fixture(scope="module")
def truth(tiny: Release) -> dict[str, float]:
    """Whether the operation behind a text of the release is one of traffickers."""
    needs = frozenset({"adverts.body"})
    prepared = prepare(TASK, release=tiny.name, split="forward", labels="truth", access="platform",
                       needs=needs)  # fmt: skip
    bodies = prepared.folds[0].tables["adverts"].select("advert", "body").collect()
    known = bodies.join(prepared.answers.frame, on="advert").select("body", pl.col("label").cast(pl.Float64))
    return dict(known.iter_rows())


@pytest.mark.slow
@pytest.mark.usefixtures("copied_environment")
def test_a_forger_that_carries_the_truth_is_nobody_s_best(
    tipbench: Callable, accepted: Callable[..., Path], truth: dict[str, float]
) -> None:
    place = accepted(CARRIER.format(truth=truth, then=""))
    assert tipbench("board", "add", "runs=runs/0.5.0/tiny", "--to", "results", "--quiet")[0] == 0
    code, out, err = tipbench("board", "reproduce", "lab-a--crowd", "--json")
    assert code == 0, err
    [found] = json.loads(out)
    assert found["found"] > 0.95  # almost all that can be had
    [standing] = standings(read(place / "results"))
    first, last = standing
    assert (first["name"], first["is_best"], last["status"]) == ("majority", True, "reproduced")
    assert not last["is_best"]
    code, out, _ = tipbench("board", "export", "--format", "markdown", f"task={TASK}")
    assert code == 0
    assert "scores here are not ranked; ranks come from seasons." in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*OF_TASK, "data=null"), "data is not of the method"),
        ((*OF_TASK, "+baseline.method.a={_target_: os.system, command: id}"), "parameters are plain values"),
        (("baseline=flag_aggregation/majority",), r"is not of the package crowdpkg==1\.0"),
        (("baseline=flag_aggregation/nothing",), "nothing"),
        (("baseline=supplier_risk/sector_prior",), "of another cell"),
        ((*OF_TASK, "access=public"), "ask for access public and labels gold"),
    ],
)
def test_what_cannot_be_trusted_is_refused_in_one_sentence(
    words: tuple[str, ...], said: str, composed: Callable
) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        composed(of_task=words)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "package",
    [
        *("crowdpkg", "crowdpkg>=1", "crowdpkg==1.*", "crowdpkg[x]==1", "crowdpkg==1; python_version>'3'"),
        *("crowdpkg @ https://example.org/crowdpkg.whl", "not a name", "crowdpkg==1,==2"),
    ],
)
def test_only_one_exact_version_is_a_package(package: str) -> None:
    with pytest.raises(UsageError, match=r"must give package=NAME==VERSION"):
        exact(package)


@pytest.mark.usefixtures("copied_environment")
def test_a_board_without_a_source_of_packages_installs_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"names no source of packages: set packages\.wheelhouse"):
        install("crowdpkg==1.0", Packages(), tmp_path)
    with pytest.raises(UsageError, match=r"^crowdpkg==1\.0 has no source: add wheelhouse=FOLDER"):
        install("crowdpkg==1.0", Packages(), tmp_path, keep=tmp_path)
    with pytest.raises(UsageError, match="you put the wheel into the folder of wheelhouse="):
        install("crowdpkg>=1.0", Packages(), tmp_path, keep=tmp_path)
    with pytest.raises(UsageError, match="is not the tipbench that runs here"):
        install("tipbench==99.0", Packages(), tmp_path)
    with pytest.raises(CheckFailed, match="is in this environment already"):
        install(f"polars=={pl.__version__}", Packages(wheelhouse=str(tmp_path)), tmp_path / "again")
    with pytest.raises(CheckFailed, match="cannot be installed"):
        install("crowdpkg==1.0", Packages(wheelhouse=str(tmp_path)), tmp_path)
