"""Commands that installed packages add by entry point."""

import sys
from importlib.metadata import entry_points as read_by_python
from pathlib import Path

import pytest
from tipbench.declarations import GROUP
from tipbench.entry_points import EntryPoint, entry_points

GREET = '''"""``tipbench greet``: say 100% hello.

arguments:
  NAME      whom to greet
"""

import greeted


def call(options):
    return greeted.greet(options.name)
'''

GREETED = """
def greet(name):
    print("hello", name)
    return 3
"""


def install(folder: Path, package: str, **commands: str) -> None:
    """Lay out a package's metadata as pip does."""
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
    )
    lines = [f"{name} = {module}" for name, module in commands.items()]
    text = "\n".join(["# a comment", "[console_scripts]", "x = y:z", "", f"[{GROUP}]", *lines])
    (metadata / "entry_points.txt").write_text(text + "\n", encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are installed into, with the modules ``greeting`` and ``greeted``."""
    folder = tmp_path / "site"
    folder.mkdir()
    for module, content in (("greeting", GREET), ("greeted", GREETED)):
        (folder / f"{module}.py").write_text(content, encoding="utf-8")
        sys.modules.pop(module, None)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.mark.parametrize("group", ["console_scripts", "pytest11", GROUP])
def test_entry_points_are_those_that_python_itself_reads(site: Path, group: str) -> None:
    install(site, "stranger", greet="greeting")
    found = {(entry.name, entry.value) for entry in entry_points(group)}
    assert found == {(entry.name, entry.value) for entry in read_by_python(group=group)}
    assert found


def test_of_two_installations_of_a_package_the_first_on_the_path_counts(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "stranger", greet="greeting")
    (tmp_path / "newer").mkdir()
    install(tmp_path / "newer", "stranger", wave="greeting")
    monkeypatch.syspath_prepend(str(tmp_path / "newer"))
    assert EntryPoint("wave", "greeting", "stranger") in entry_points(GROUP)
    assert EntryPoint("greet", "greeting", "stranger") not in entry_points(GROUP)


def test_the_board_adds_its_commands_by_entry_point(tipbench) -> None:
    assert {"submit", "board"} <= {entry.name for entry in entry_points(GROUP)}


def test_an_added_command_is_listed_without_being_imported_and_run_with_its_exit_code(
    site: Path, tipbench
) -> None:
    install(site, "stranger", greet="greeting")
    code, out, err = tipbench("--help")
    assert (code, err) == (0, "")
    assert "greet       say 100% hello" in out
    assert tipbench("greet", "--help")[0] == 0
    assert not {"greeting", "greeted"} & set(sys.modules)
    assert tipbench("greet", "you") == (3, "hello you\n", "")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("raise ImportError('needs a library')", "ImportError: needs a library"),
        ("import no_such_package", "No module named"),
        ('"""No call."""', "no attribute 'call'"),
    ],
)
def test_a_command_that_cannot_be_loaded_is_one_sentence_and_stops_no_other(
    site: Path, tipbench, refused, content: str, says: str
) -> None:
    (site / "broken_command.py").write_text(content + "\n", encoding="utf-8")
    sys.modules.pop("broken_command", None)
    install(site, "stranger", broken="broken_command")
    said = refused("broken")
    assert "the command broken of the package stranger" in said
    assert says in said
    assert tipbench("list", "splits")[0] == 0


def test_a_command_whose_module_is_not_there_is_named_beside_the_help_of_the_others(
    site: Path, tipbench
) -> None:
    install(site, "stranger", lost="no_such_package.command", greet="greeting")
    code, out, err = tipbench("--help")
    assert code == 0
    assert "greet" in out
    assert err.count("\n") == 1
    assert "the command lost of the package stranger cannot be loaded" in err
    assert tipbench("lost")[0] == 2


def test_a_package_cannot_take_the_name_of_a_command_of_tipbench(site: Path, tipbench) -> None:
    install(site, "stranger", list="greeting")
    assert "the packages tipbench and stranger both add a command list" in tipbench("--help")[2]
    assert tipbench("list", "splits")[0] == 0


def test_a_name_that_two_packages_add_is_refused_and_the_others_work(site: Path, tipbench, refused) -> None:
    install(site, "stranger", greet="greeting", wave="greeting")
    install(site, "other", greet="greeting")
    said = refused("greet", "you")
    assert "the packages other and stranger both add a command greet: uninstall one of them." in said
    assert tipbench("wave", "you")[0] == 3


def test_a_package_adds_a_group_of_commands_by_its_folder(site: Path, tipbench) -> None:
    (site / "greetings").mkdir()
    (site / "greetings" / "__init__.py").write_text(
        '"""``tipbench greetings``: several."""\n', encoding="utf-8"
    )
    (site / "greetings" / "short.py").write_text(GREET, encoding="utf-8")
    (site / "greetings" / "_shared.py").write_text("", encoding="utf-8")
    install(site, "stranger", greetings="greetings")
    assert "  short  say 100% hello" in tipbench("greetings", "--help")[1]
    assert tipbench("greetings", "short", "you") == (3, "hello you\n", "")
    assert "needs ACTION (one of short)" in tipbench("greetings")[2]
