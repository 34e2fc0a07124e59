"""Installing a stranger's package runs no code of it outside a fence, and changes nothing that the host has."""

import hashlib
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_wheel import write_wheel
from tipbench.fence.linux import host
from tipbench.fence.session import Limits
from tipbench.runs.methods import fenced_method
from tipboard.seasons import running
from tipboard.seasons.running import Participant
from tipboard.submissions.packages import Environment, install
from tipboard.submissions.storage import Packages
from tipcore.errors import CheckFailed, UsageError

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="a fence needs Linux"),
    pytest.mark.usefixtures("copied_environment"),
]
METHOD = "from tipbaselines.flag_aggregation.majority import Majority\n\nclass Votes(Majority): pass\n"
IN_PYTHON = "try: open({marker!r}, 'w')\nexcept OSError: pass\n"
START, IN_SHELL = "import crowdstart\n", "#!/bin/sh\n: > {marker}\n"
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
WAYS = {
    "pth": {"crowdpkg.pth": START, "crowdstart.py": IN_PYTHON},
    "pth-as-data": {f"crowdpkg-1.0.data/data/{SITE}/a.pth": START, "crowdstart.py": IN_PYTHON},
    "sitecustomize": {"sitecustomize.py": IN_PYTHON},
    "python": {f"crowdpkg-1.0.data/scripts/{name}": IN_SHELL for name in ("python", "python3")},
    "python-as-data": {"crowdpkg-1.0.data/data/bin/python": IN_SHELL},
    "pip": {"pip/__init__.py": "", "pip/__main__.py": IN_PYTHON},
    "tipbench": {"tipbench/__init__.py": IN_PYTHON},
    "polars": {"polars.py": IN_PYTHON},
}
"""Files of a wheel by which it could be run: when Python starts, as Python, or as what the host's Python imports."""


def install_kept(tmp_path: Path) -> tuple[Environment, list[str]]:
    """Install crowdpkg of the folder of wheels, and keep its wheels as a season does."""
    work, keep = tmp_path / "work", tmp_path / "keep"
    work.mkdir()
    keep.mkdir()
    made = install("crowdpkg==1.0", Packages(wheelhouse=str(tmp_path / "wheels")), work, keep)
    return made, sorted(path.name for path in keep.iterdir())


@pytest.fixture
def new_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fences of a server that is started by the first of them."""
    servers: dict[int, host.Server] = {}
    monkeypatch.setattr(host, "_SERVERS", servers)
    yield
    for one in servers.values():
        one.close()


@pytest.mark.usefixtures("new_server")
@pytest.mark.parametrize("way", WAYS)
def test_no_code_of_a_wheel_runs_outside_a_fence(way: str, tmp_path: Path) -> None:
    marker, fold = tmp_path / "marker", tmp_path / "fold"
    fold.mkdir()
    files = {name: text.format(marker=str(marker)) for name, text in WAYS[way].items()}
    path = write_wheel(tmp_path / "wheels", {"crowdpkg.py": METHOD, **files})
    made, kept = install_kept(tmp_path)
    assert not marker.exists()
    assert kept == [path.name]
    assert made.package == f"crowdpkg==1.0 sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    if way not in ("tipbench", "polars"):  # which the method then has not
        method = fenced_method({"_target_": "crowdpkg.Votes"}, fold, Limits(), place=made.place)
        method.close()
        assert method.entry_class == "fold"
    else:
        with pytest.raises(UsageError):
            fenced_method({"_target_": "crowdpkg.Votes"}, fold, Limits(), place=made.place)
    assert not marker.exists()


def test_a_wheel_that_needs_another_pip_is_installed_by_ours(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    run = IN_PYTHON.format(marker=str(marker))
    write_wheel(tmp_path / "wheels", {"pip/__init__.py": "", "pip/__main__.py": run}, "pip", "999.0")
    write_wheel(tmp_path / "wheels", {"crowdpkg.py": METHOD}, "crowdpkg", "1.0", "pip==999.0")
    _, kept = install_kept(tmp_path)
    assert not marker.exists()
    assert kept == ["crowdpkg-1.0-py3-none-any.whl", "pip-999.0-py3-none-any.whl"]


@pytest.mark.parametrize("asked", ["hosted", "hosted==2.0"])
def test_what_the_host_has_counts_as_installed_and_stays(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "host"
    (there / "hosted-1.0.dist-info").mkdir(parents=True)
    (there / "hosted.py").write_text("version = 1\n", encoding="utf-8")
    (there / "hosted-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: hosted\nVersion: 1.0\n", encoding="utf-8"
    )
    (there / "hosted-1.0.dist-info" / "RECORD").write_text(
        "hosted.py,,\nhosted-1.0.dist-info/METADATA,,\nhosted-1.0.dist-info/RECORD,,\n", encoding="utf-8"
    )
    before = {path: path.read_bytes() for path in there.rglob("*") if path.is_file()}
    monkeypatch.syspath_prepend(str(there))
    write_wheel(tmp_path / "wheels", {"hosted.py": "version = 2\n"}, "hosted", "2.0")
    write_wheel(tmp_path / "wheels", {"crowdpkg.py": METHOD}, "crowdpkg", "1.0", asked)
    made, kept = install_kept(tmp_path)
    assert ("hosted-2.0-py3-none-any.whl" in kept) == (asked == "hosted==2.0")
    assert (Path(made.place) / "hosted.py").exists() == (asked == "hosted==2.0")
    assert {path: path.read_bytes() for path in there.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "inner", ["../" * 5 + "escaped.py", "crowdpkg-1.0.data/scripts/" + "../" * 3 + "escaped.py"]
)
def test_a_wheel_writes_nothing_outside_of_its_environment(inner: str, tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels", {"crowdpkg.py": METHOD, inner: ""})
    with pytest.raises(CheckFailed, match=r"crowdpkg==1\.0 cannot be installed"):
        install_kept(tmp_path)
    assert not list(tmp_path.rglob("escaped.py"))


SCRIPT = "crowdpkg-1.0.dist-info/entry_points.txt"
URL = "asks for a file from a URL"


@pytest.mark.parametrize(
    ("files", "need", "inner", "said"),
    [
        ({}, "evil @ {evil}", "", URL),
        ({}, "helper", "evil @ {evil}", URL),
        ({}, "evil; python_version ~= 'x'", "", "asks for what is no requirement"),
        ({SCRIPT: "[console_scripts]\n{marker} = os:getcwd\n"}, "helper", "", "has an entry point"),
        ({SCRIPT: "[{marker} = os:getcwd\n"}, "helper", "", "has an entry point"),
        ({"crowdpkg-1.0.dist-info/./METADATA": "Requires-Dist: evil @ {evil}"}, "helper", "", "is not as wheels"),
        ({}, "helper; extra == '" + "x" * 2**20 + "'", "", "says too much about itself"),
    ],
    ids=["url", "url-of-a-dependency", "marker", "entry-point", "bracket", "another-metadata", "bound"],
)  # fmt: skip
def test_pip_never_sees_a_wheel_that_would_make_it_do_more(
    files: dict[str, str], need: str, inner: str, said: str, tmp_path: Path
) -> None:
    marker, evil, place = tmp_path / "marker", tmp_path / "evil-1.0.tar.gz", tmp_path / "wheels"
    with tarfile.open(evil, "w:gz") as file:
        for name, text in (("setup.py", IN_PYTHON.format(marker=str(marker))), ("PKG-INFO", "Name: evil\n")):
            (tmp_path / name).write_text(text, encoding="utf-8")
            file.add(tmp_path / name, f"evil-1.0/{name}")
    words = {"evil": evil.as_uri(), "marker": str(marker)}
    made = {"crowdpkg.py": METHOD, **{name: text.format(**words) for name, text in files.items()}}
    write_wheel(place, made, "crowdpkg", "1.0", need.format(**words))
    write_wheel(place, {"helper.py": ""}, "helper", "1.0", *filter(None, [inner.format(**words)]))
    (place / "other-1.0-py3-none-any.whl").write_text("no zip", encoding="utf-8")
    source = index_of(place) if inner else Packages(wheelhouse=str(place))
    with pytest.raises(CheckFailed, match=rf"^crowdpkg==1\.0 cannot be installed: .*{said}"):
        install("crowdpkg==1.0", source, tmp_path / "work")
    assert not marker.exists()
    assert not list((tmp_path / "work" / "environment").rglob("*.py"))


def index_of(wheels: Path) -> Packages:
    """An index of packages in a folder, as pip reads it."""
    for path in wheels.glob("*.whl"):
        page = wheels / "simple" / path.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f'<a href="{path.as_uri()}">{path.name}</a>', encoding="utf-8")
    return Packages.model_construct(index=(wheels / "simple").as_uri() + "/")  # of no https


def test_a_package_of_an_index_is_kept_with_what_it_needs_and_is_run_as_it_was_frozen(tmp_path: Path) -> None:
    write_wheel(
        tmp_path / "wheels", {"crowdpkg.py": METHOD}, "crowdpkg", "1.0", "helper[x]>=1", "lost; extra == 'y'"
    )
    needs = ("polars", "third; extra == 'x'\nProvides-Extra: x")
    helper = write_wheel(tmp_path / "wheels", {"helper.py": ""}, "helper", "1.0", *needs)
    third, keep = (
        write_wheel(tmp_path / "wheels", {"third.py": ""}, "third"),
        tmp_path / "entries" / "1" / "wheels",
    )
    keep.mkdir(parents=True)
    install("crowdpkg==1.0", index_of(tmp_path / "wheels"), tmp_path / "work", keep)
    wheels = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in keep.iterdir()}
    assert set(wheels) == {"crowdpkg-1.0-py3-none-any.whl", helper.name, third.name}
    record: Any = SimpleNamespace(pinned=SimpleNamespace(package="crowdpkg==1.0"))
    entered: Any = SimpleNamespace(number=1, record=record, wheels=wheels, wheel="")
    one = Participant("a--b", {}, entered)
    with ExitStack() as stack:
        assert running._environment(tmp_path, one, stack) is not None
        write_wheel(keep, {"helper.py": "changed = 1"}, "helper")
        with pytest.raises(UsageError, match="are not those that were frozen: restore them"):
            running._environment(tmp_path, one, stack)
