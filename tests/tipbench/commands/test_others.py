"""``score``, ``compare``, ``list``, ``data`` and what all commands share."""

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tipbench.cli import main
from tipcore.errors import UsageError
from tipdata.release import Release

COMMANDS = ("run", "score", "compare", "check", "submit", "list", "data", "board", "seal")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs stay from one test to the next."""
    return tmp_path_factory.mktemp("kept") / "runs"


@pytest.fixture
def runs(tipbench, own_configs: Path, tiny: Release, kept: Path) -> list[str]:
    """Copies of two runs of one split and one of another."""
    cells = (("length", "operation"), ("chance", "operation"), ("length", "random"))
    if not kept.exists():
        for method, split in cells:
            words = (f"baseline=advert_risk/{method}", f"split={split}", "seed=1", "replicates=20")
            assert tipbench("run", "--config-dir", str(own_configs), *words)[0] == 0
        shutil.copytree("runs", kept)
    else:
        shutil.copytree(kept, "runs")
    return [
        str(path)
        for method, split in cells
        for path in Path("runs").glob(f"0.4.0/tiny/advert_risk/{split}/{method}/*")
    ]


def test_predictions_of_a_run_score_as_the_run_did(tipbench, runs: list[str]) -> None:
    stored = json.loads((Path(runs[0]) / "result.json").read_text(encoding="utf-8"))
    file = f"{runs[0]}/predictions.parquet"
    code, out, _ = tipbench("score", file, "task=advert_risk", "split=operation", "replicates=20", "--json")
    assert code == 0
    assert json.loads(out)["scores"]["average_precision"] == stored["scores"]["average_precision"]


def test_predictions_of_another_split_are_refused_with_counts(tipbench, runs: list[str]) -> None:
    code, out, err = tipbench("score", f"{runs[0]}/predictions.parquet", "task=advert_risk", "split=forward")
    assert (code, out) == (2, "")
    assert "extra" in err


def test_score_without_a_task_says_so(tipbench, runs: list[str]) -> None:
    assert "add task=NAME" in tipbench("score", f"{runs[0]}/predictions.parquet", "release=tiny")[2]


def test_a_comparison_is_against_the_first_run_and_says_what_is_not_significant(
    tipbench, runs: list[str]
) -> None:
    code, out, _ = tipbench("compare", runs[0], runs[1], "replicates=50")
    assert code == 0
    assert "reference" in out
    assert "significant" in out or "n.s." in out
    found = json.loads(tipbench("compare", runs[0], runs[1], "replicates=50", "--json")[1])
    assert (found["reference"], len(found["comparisons"])) == ("advert_risk/length", 1)


@pytest.mark.parametrize(
    ("key", "value", "says"), [("split", None, "one split"), ("evaluator", "0.0.9", "run it again")]
)
def test_runs_that_cannot_stand_in_one_table_are_refused(
    tipbench, runs: list[str], key: str, value: str | None, says: str
) -> None:
    if value is not None:
        path = Path(runs[1]) / "result.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        content["versions"][key] = value
        path.write_text(json.dumps(content), encoding="utf-8")
    code, out, err = tipbench("compare", runs[0], runs[2] if key == "split" else runs[1])
    assert (code, out) == (2, "")
    assert says in err


def test_a_run_is_not_compared_with_itself(tipbench, runs: list[str]) -> None:
    assert tipbench("compare", runs[0], runs[0])[0] == 2


@pytest.mark.parametrize("what", ["tasks", "baselines", "splits", "releases", "experiments", "data"])
def test_everything_listed_says_what_it_is(tipbench, what: str) -> None:
    code, out, _ = tipbench("list", what, "--json")
    lines = json.loads(out)
    assert code == 0
    assert lines
    assert all(line["summary"] for line in lines)
    table = tipbench("list", what)[1]
    assert all(line["summary"] in table for line in lines)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("what", ["tasks", "baselines", "splits", "releases", "experiments", "data"])
def test_a_list_fits_eighty_columns_without_breaking_a_word(
    tipbench, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = json.loads(tipbench("list", what, "--json")[1])
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["list", what]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    assert max(map(len, text.splitlines())) <= 80
    assert {word for line in lines for word in f"{line['name']} {line['summary']}".split()} <= set(
        text.split()
    )


def test_own_baselines_are_listed(tipbench, own_configs: Path) -> None:
    found = json.loads(tipbench("list", "baselines", "--config-dir", str(own_configs), "--json")[1])
    assert "advert_risk/length" in [line["name"] for line in found]


def test_data_makes_verifies_describes_and_previews(
    tipbench, tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(tipbench("data", "make", "release=tiny", "--json")[1])["regions"] == 8
    assert "adverts" in tipbench("data", "preview", "release=tiny", "table=all")[1]
    assert len(tipbench("data", "preview", "release=tiny", "table=flags", "rows=3")[1].splitlines()) > 3
    found: list[str] = []
    monkeypatch.setattr("tipbench.commands.data.verify.verify_release", lambda *_, **__: found)
    assert tipbench("data", "verify", "release=tiny")[:2] == (
        0,
        "release 0.4.0/tiny: all files match their checksums\n",
    )
    found.append("release 0.4.0/tiny, region 3")
    code, out, err = tipbench("data", "verify", "release=tiny")
    assert code == 1
    assert "differs: release 0.4.0/tiny, region 3" in out
    assert "differs in 1 places" in err


@pytest.mark.parametrize("command", ["score", "data make", "data verify", "data preview", "data fidelity"])
def test_the_world_that_was_typed_is_opened(
    tipbench, tiny: Release, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def find(release: Release | str, size: str = "", *_: object, **more: object) -> None:
        world = release.world if isinstance(release, Release) else more.get("world", (None, None, *_)[-1])
        opened.append(f"{size or release}, world {world}")
        raise UsageError("enough.")

    for name in ("score.open_release", "data._release.open_release", "data.fidelity.open_release"):
        monkeypatch.setattr(f"tipbench.commands.{name}", find)
    for name in ("make.make_release", "verify.verify_release"):
        monkeypatch.setattr(f"tipbench.commands.data.{name}", find)
    monkeypatch.setattr("tipbench.commands.score.read_predictions_file", lambda *_: None)
    words = ("task=advert_risk", "x.csv") if command == "score" else ()
    assert tipbench(*command.split(), *words, "release=tiny", "release.world=3")[0] == 2
    assert len(opened) == 1
    assert opened[0].endswith("world 3")


@pytest.mark.slow
def test_data_and_scores_are_of_the_world_that_was_typed(tipbench, own_configs: Path, tiny: Release) -> None:
    world = ("release=tiny", "release.world=1")
    assert json.loads(tipbench("data", "make", *world, "--json")[1])["release"] == "0.4.0/tiny.w1"
    assert json.loads(tipbench("data", "verify", *world, "--json")[1]) == {
        "release": "0.4.0/tiny.w1",
        "differences": [],
    }
    rows = ("table=flags", "rows=3", "--json")
    here, there = (json.loads(tipbench("data", "preview", *w, *rows)[1]) for w in (world[:1], world))
    assert (here["release"], there["release"]) == ("0.4.0/tiny", "0.4.0/tiny.w1")
    assert here["preview"] != there["preview"]
    run = ("--config-dir", str(own_configs), "baseline=advert_risk/length", "split=random", "replicates=0")
    stored = json.loads(tipbench("run", *run, *world, "--json")[1])
    (file,) = Path("runs/0.4.0/tiny.w1/advert_risk/random/length").glob("*/predictions.parquet")
    words = ("task=advert_risk", "split=random", "replicates=0")
    code, out, _ = tipbench("score", str(file), *words, *world, "--json")
    assert code == 0
    assert json.loads(out)["scores"]["auroc"] == stored["scores"]["auroc"]
    assert tipbench("score", str(file), *words, "release=tiny")[0] == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["make", "release=tny"], 'Did you mean "tiny"'),
        (["make", "release.world=-3"], "release.world=-3 is wrong"),
        (["make", "seed=1"], 'Unknown setting "seed"'),
        (["make", "engine.worker=1"], "engine.workers"),
        (["preview", "rows=none"], "rows=none"),
        (["preview", "table=advert"], "advert"),
        (["preview", "data=sms_spam", "language=es"], "language= is for releases"),
        (["preview", "data=sms_spam"], "has no path: say where"),
        (["remove", "release=tiny", "release.world=7"], "there is nothing to remove"),
    ],
)
def test_mistakes_with_data_are_one_sentence(tipbench, tiny: Release, words: list[str], says: str) -> None:
    code, out, err = tipbench("data", *words)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_examples(tipbench, command: str) -> None:
    code, out, _ = tipbench(command, "--help")
    assert code == 0
    assert f"tipbench {command} " in out.partition("example")[2]


def test_a_run_of_code_that_has_changed_is_not_compared(tipbench, place: Path, own_configs: Path) -> None:
    words = (
        "--config-dir",
        str(own_configs),
        "-m",
        "baseline=advert_risk/length,advert_risk/prior",
        "replicates=5",
    )
    assert tipbench("run", *words, "split=random")[0] == 0
    folders = sorted(str(path.parent) for path in Path("runs").rglob("result.json"))
    assert tipbench("compare", *folders, "replicates=5")[0] == 0
    method = next(Path(place).glob("own_methods.py"))
    method.write_text(method.read_text(encoding="utf-8") + "\n\nMORE = 1\n", encoding="utf-8")
    code, out, said = tipbench("compare", *folders, "replicates=5")
    assert (code, out) == (2, "")
    assert "was made by code that has changed since: run it again" in said


@pytest.mark.parametrize(
    "target", ["own_methods.Length", pytest.param("__main__.Typed", marks=pytest.mark.slow)]
)
def test_the_console_script_compares_runs_of_classes_of_a_user(
    target: str, tipbench, place: Path, tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    import own_methods  # type: ignore[import-not-found]

    monkeypatch.setattr(sys.modules["__main__"], "Typed", own_methods.Length, raising=False)
    words = ("task=advert_risk", "split=random", "replicates=5")
    assert tipbench("run", f"baseline.method._target_={target}", *words)[0] == 0
    assert tipbench("run", "baseline=advert_risk/prior", *words[1:])[0] == 0
    folders = sorted(str(path.parent) for path in Path("runs").rglob("result.json"))
    # Like the console script, and unlike `python -m`, -P does not put the current folder on the path.
    command = [sys.executable, "-P", "-m", "tipbench", "compare", "--json", "replicates=5"]
    found = subprocess.run([*command, *folders], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["comparisons"][0]["p"] is not None
    assert (f"the code of {target} cannot be checked" in found.stderr) is target.startswith("__main__.")


def test_help_and_version_are_what_other_programs_call_them(tipbench) -> None:
    for words, same in (
        (["help", "run"], ["run", "--help"]),
        (["version"], ["--version"]),
        (["help"], ["--help"]),
        (["help", "help"], ["--help"]),
        (["help", "--help"], ["--help"]),
        (["help", "version"], ["--help"]),
        (["version", "--help"], ["--help"]),
    ):
        found = tipbench(*words)
        assert found[0] == 0
        assert found == tipbench(*same)
    listed = tipbench("--help")[1].partition("commands:")[2].split()
    assert {"help", "version"} <= set(listed)


def test_the_version_is_json_where_json_is_asked_for(tipbench) -> None:
    for words in (["version", "--json"], ["--version", "--json"]):
        code, out, _ = tipbench(*words)
        assert (code, json.loads(out)) == (0, {"version": tipbench("version")[1].split()[1]})


@pytest.mark.parametrize(("typed", "near"), [("rnu", "run"), ("hlep", "help"), ("score ", "score")])
def test_a_misspelt_command_is_answered_by_the_nearest(tipbench, typed: str, near: str) -> None:
    code, out, said = tipbench(typed)
    assert (code, out) == (2, "")
    assert said == f'tipbench: Unknown command "{typed}". Did you mean "{near}"?\n'


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("data verfy release=tiny", 'Unknown action "verfy". Did you mean "verify"?'),
        ("board exprt", 'Unknown action "exprt". Did you mean "export"?'),
        ("board export --format latx", 'Unknown argument "latx". Did you mean "latex"?'),
        ("seal scor", 'Unknown action "scor". Did you mean "score"?'),
        ("list basline", 'Unknown argument "basline". Did you mean "baselines"?'),
        ("completion bahs", 'Unknown argument "bahs". Did you mean "bash"?'),
        ("run --colums method", 'Unknown option "--colums". Did you mean "--columns"?'),
        ("run --colums=method", 'Unknown option "--colums". Did you mean "--columns"?'),
        ("data make --quite", 'Unknown option "--quite". Did you mean "--quiet"?'),
        ("board export --matix", 'Unknown option "--matix". Did you mean "--matrix"?'),
        ("data make --xyzw", 'Unknown option "--xyzw". See `tipbench data make --help`.'),
        ("--vrsion", 'Unknown option "--vrsion". Did you mean "--version"?'),
    ],
)
def test_a_misspelt_action_or_option_is_answered_by_the_nearest(tipbench, typed: str, says: str) -> None:
    assert tipbench(*typed.split()) == (2, "", f"tipbench: {says}\n")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("data export", "`tipbench data export` needs --to DIR_OR_URL (a folder that is not there yet"),
        ("data", "`tipbench data` needs ACTION (one of audit, browse,"),
        ("board reproduce", "`tipbench board reproduce` needs ENTRY (an entry of the board: TEAM--METHOD)."),
        ("submit", "`tipbench submit` needs FOLDER (runs or files of predictions to pack"),
        ("seal new r", "`tipbench seal new` needs closes=DAY (last day of submissions, UTC), --secret"),
        (
            "score",
            "`tipbench score` needs PREDICTIONS (a .parquet or .csv file). See `tipbench score --help`.",
        ),
        ("course grade", "`tipbench course grade` needs NOTEBOOK (a notebook, or a folder"),
        ("data export --to", "`tipbench data export` cannot be run: argument --to: expected one argument."),
        ("docs ethics more", "unexpected argument: more; see `tipbench docs --help`."),
    ],
)
def test_what_is_missing_is_named_in_one_sentence_without_usage(tipbench, typed: str, says: str) -> None:
    code, out, err = tipbench(*typed.split())
    assert code == 2
    assert not out
    assert err.startswith("tipbench: ")
    assert says in err
    assert err.count("\n") == 1
    assert "usage" not in err


def test_no_command_is_a_usage_error_that_shows_the_help(tipbench) -> None:
    code, out, _ = tipbench()
    assert code == 2
    assert "commands:" in out


def test_the_version_is_that_of_the_distribution(tipbench) -> None:
    import tomllib

    path = Path(__file__).parents[3] / "pyproject.toml"
    assert (
        tipbench("--version")[1].split()[1]
        == tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"]
    )


def test_a_full_output_is_one_sentence_and_a_closed_pipe_is_none(place: Path) -> None:
    command = [sys.executable, "-m", "tipbench", "list", "splits"]
    if Path("/dev/full").exists():
        with open("/dev/full", "w", encoding="utf-8") as full:
            found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert found.returncode == 2
        assert found.stderr.count("\n") == 1
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == ""
