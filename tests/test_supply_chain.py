"""What tipbench is installed from, and what checks it, is named exactly; what is left out or altered is found."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def script(name: str) -> ModuleType:
    """Return a script of ``.ci/`` as a module."""
    spec = spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lock, sbom, violations = script("lock"), script("sbom"), script("plant_violations")


PINS, LOCK, BUILD, PROJECT = "constraints.txt", ".ci/lock.txt", ".ci/lock-build.txt", "pyproject.toml"
ASKED = "is missing, which pyproject.toml asks for"
HASHES = r"(?m)^(xxhash==\S+) \\\n(    --hash=\S+( \\)?\n)+"


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (PINS, r"(?m)^numpy==.*\n", "", f"{PINS}: numpy {ASKED} (core)"),
        (PINS, r"(?m)^playwright==.*\n", "", f"{PINS}: playwright {ASKED} (browser)"),
        (PINS, r"(?m)^wrapt==.*\n", "", "lock.txt: wrapt is not in constraints.txt"),
        (PINS, r"(?m)^wrapt==.*", "wrapt==1.0", "constraints.txt says ==1.0"),
        (PINS, r"(?m)^torch.*", "torch==2.13.0+cpu", "torch==2.13.0+cpu is a build"),
        (LOCK, r"(?m)^pytest==", "pytest-else==", "lock.txt: pytest is missing"),
        (LOCK, r"(?m)^splink==", "splink-else==", f"lock.txt: splink {ASKED} (test)"),
        (LOCK, r"(?m)^wrapt==\S+", "wrapt==1.0", "lock.txt: wrapt 1.0; constraints.txt says"),
        (LOCK, r"(?m)^wrapt==", "wrapt>=", "lock.txt: wrapt lacks a version"),
        (LOCK, r"(?m)^wrapt==\S+", "wrapt", "lock.txt: wrapt lacks a version"),
        (LOCK, r"(?m)^wrapt==\S+", "wrapt==2.*", "lock.txt: wrapt lacks a version"),
        (LOCK, HASHES, r"\1\n", "lock.txt: xxhash lacks a SHA-256"),
        (LOCK, r"sha256:[0-9a-f]{8}", "sha256:", "lacks a SHA-256"),
        (LOCK, r"\A", "--find-links wheels\n", "lock.txt: '--find-links wheels' is no requirement"),
        (BUILD, r"(?m)^hatchling==", "hatch==", "lock-build.txt: hatchling is missing"),
        (PROJECT, r'"numpy>=2.0,<3"', '"numpy>=3"', "pyproject.toml asks for numpy>=3 (core)"),
        (PROJECT, r"\ndependencies = \[", '\ndependencies = ["new",', "lock.txt: new is missing"),
    ],
)
def test_a_line_that_is_missing_or_altered_is_found(
    file: str, old: str, new: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / ".ci").mkdir()
    for name in (PINS, LOCK, BUILD, PROJECT):
        shutil.copy(ROOT / name, tmp_path / name)
    text = (tmp_path / file).read_text(encoding="utf-8")
    changed = re.sub(old, new, text, count=1)
    assert changed != text
    (tmp_path / file).write_text(changed, encoding="utf-8")
    assert says in "\n".join(lock.find_faults(tmp_path, {}))


@pytest.mark.parametrize(
    ("environment", "faults"),
    [
        ({}, []),  # constraints and locks hold all that the project asks for, and agree
        ({"numpy": "2.4.6", "torch": "2.13.0+cpu"}, []),
        ({"numpy": "2.0.0"}, ["numpy 2.0.0 is installed; constraints.txt says ==2.4.6"]),
        ({"stranger": "1.0"}, ["stranger 1.0 is installed and not in constraints.txt"]),
    ],
)
def test_what_is_installed_and_not_named_is_found(environment: dict[str, str], faults: list[str]) -> None:
    assert lock.find_faults(ROOT, environment) == faults


def test_what_is_installed_is_read() -> None:
    found = lock.installed()
    assert found["pytest"] == pytest.__version__
    assert "tipbench" not in found


def not_pinned(workflow: str) -> list[str]:
    """Return the actions of a workflow that are named otherwise than by commit, with the tag beside it."""
    uses = re.findall(r"(?m)^.*\buses:.*$", workflow)
    return [line for line in uses if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){2}$", line)]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_and_run_on_the_python_of_the_lock(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not_pinned(text) == []
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    versions = {step["with"]["python-version"] for step in steps if "setup-python" in step.get("uses", "")}
    assert versions == {lock.python_version(ROOT)}


@pytest.mark.parametrize("name", ["a/b@v4", "a/b@main", f"a/b@{'0' * 40}", f"a/b@{'0' * 39} # v1.0.0", "a/b"])
def test_an_action_that_can_move_is_found(name: str) -> None:
    assert WORKFLOWS
    assert not_pinned(f"steps:\n  - uses: a/b@{'0' * 40} # v1.0.0\n  - uses: {name}\n") == [
        f"  - uses: {name}"
    ]


@pytest.mark.parametrize(
    ("code", "failed"),
    [
        ("import subprocess\nsubprocess.call(input(), shell=True)\n", 1),
        ("import yaml\nyaml.load(open('x'), Loader=yaml.Loader)\n", 1),
        ("print(1)\n", 0),
    ],
)
def test_bandit_fails_on_what_is_risky(code: str, failed: int, tmp_path: Path) -> None:
    pytest.importorskip("bandit")
    (tmp_path / "planted.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "bandit", "-c", ROOT / "pyproject.toml", "-q", "-r", tmp_path]
    done = subprocess.run([*command, "--severity-level", "medium"], capture_output=True, check=False)
    assert done.returncode == failed


def test_every_step_of_ci_and_every_import_contract_is_broken_by_a_row_that_fits() -> None:
    assert violations.missing_rows(ROOT) == []
    for start, rows in violations.ROWS.items():
        for row in rows:
            path = ROOT / row.file
            assert row.old in (path.read_text(encoding="utf-8") if path.exists() else ""), row
            run = violations.script_of(row, start, ROOT).splitlines()
            for begins in row.commands.split("|"):
                assert any(line.startswith(begins) for line in run), row


STEPS = """\
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
step "sees it"
grep -q fine guarded.txt
step "hides it"
grep -q fine guarded.txt && echo fine
step "fails for another reason"
nothing-there
step "done"
"""


def test_a_step_that_does_not_see_its_violation_is_named_and_the_checkout_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        ".ci/run": STEPS,
        "guarded.txt": "fine",
        "pyproject.toml": "[tool.importlinter]\ncontracts = []\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    titles = ("sees it", "hides it", "fails for another reason")
    row = violations.Row("", "guarded.txt", "fine", "wrong", "")
    rows = {title: [row._replace(says="wrong" if "reason" in title else "")] for title in titles}
    monkeypatch.setattr(violations, "ROOT", tmp_path)
    monkeypatch.setattr(violations, "ROWS", rows)
    assert violations.main(["sees"]) == 0
    assert "NOT SEEN" not in capsys.readouterr().out
    for title, code in (("hides", 0), ("reason", 127)):
        assert violations.main([title]) == 1
        out = capsys.readouterr().out
        assert f"exit code {code} | " in out
        assert "NOT SEEN" in out
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in files} == files
    monkeypatch.setattr(violations, "ROWS", {"sees it": [row]})
    with pytest.raises(SystemExit, match="nothing is planted for hides it"):
        violations.main([])


@pytest.mark.parametrize(
    ("step", "hides"),
    [
        ("", r"(?m)^[^#\n]*&&"),  # `set -e` ignores a failure before &&
        ("", r"\|\| true"),
        ("documents", "--quiet --strict"),
        ("bandit", r" \.ci/\*\.py"),  # pyright skips folders that begin with a dot
    ],
)
def test_no_command_of_ci_hides_a_failure(step: str, hides: str) -> None:
    steps = violations.steps_of(ROOT)[1].items()
    assert not re.search(hides, "\n".join("\n".join(lines) for title, lines in steps if step in title))


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel of tipbench that needs numpy, and pytest by an extra."""
    path = tmp_path / "tipbench-9.0-py3-none-any.whl"
    metadata = (
        "Metadata-Version: 2.4\nName: tipbench\nVersion: 9.0\nRequires-Dist: numpy>=2\n"
        "Requires-Dist: pytest; extra == 'test'\n"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tipbench-9.0.dist-info/METADATA", metadata)
    return path


def installed_there(version: str = "9.0", **versions: str) -> dict:
    """Return what is found in an environment with tipbench and more, each in these versions."""
    there = {"tipbench": version, "pip": "23.0", **versions}
    at_home = {"externalReferences": [{"type": "other", "url": "file:///home/x"}]}
    components: list[dict] = [
        {"type": "library", "bom-ref": name, "name": name, "version": found} for name, found in there.items()
    ]
    components[0] |= at_home
    needs = [{"ref": "tipbench", "dependsOn": ["numpy", "pytest"]}]
    needs += [{"ref": name} for name in there if name != "tipbench"]
    about = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {}}
    return {**about, "components": components, "dependencies": needs}


def test_a_bill_names_the_wheel_and_what_it_brings_and_no_place(wheel: Path) -> None:
    bill = sbom.bill_of(wheel, installed_there(numpy="2.1", pytest="9.0", wrapt="1.0"))
    assert sbom.find_faults(wheel, bill) == []
    document = json.loads(bill)
    own = document["metadata"]["component"]
    assert (own["name"], own["version"]) == ("tipbench", "9.0")
    assert own["externalReferences"][0]["url"] == wheel.name
    assert [each["name"] for each in document["components"]] == ["numpy", "pytest", "wrapt"]
    assert {"ref": "tipbench", "dependsOn": ["numpy"]} in document["dependencies"]


@pytest.mark.parametrize(
    ("found", "change", "says"),
    [
        (installed_there(), str, "the bill lacks numpy>=2"),
        (installed_there(numpy="1.0"), str, "the bill lacks numpy>=2"),
        (installed_there("8.0", numpy="2.1"), str, "the bill is of tipbench 8.0, the wheel is tipbench 9.0"),
        (installed_there(numpy="2.1"), lambda bill: bill.replace('"2.1"', '"/a/b"'), 'the path "/a/b" is in'),
        (installed_there(numpy="2.1"), lambda bill: bill.replace('"content": "', '"content": "0'), "SHA-256"),
    ],
)
def test_a_bill_that_lacks_something_is_found(
    found: dict, change: Callable[[str], str], says: str, wheel: Path
) -> None:
    assert says in "\n".join(sbom.find_faults(wheel, change(sbom.bill_of(wheel, found))))


def test_a_bill_of_an_environment_without_tipbench_is_refused(wheel: Path) -> None:
    found = installed_there()
    found["components"] = found["components"][1:]
    with pytest.raises(SystemExit, match="tipbench is not installed there"):
        sbom.bill_of(wheel, found)
