"""A method behind the fence gets its fold and nothing else, whatever it tries."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from tipbench.data.fold import Prepared
from tipbench.fence import FILE_BYTES
from tipbench.fence.linux import host
from tipbench.fence.method import MOST_NOTES, FencedMethod, MethodError
from tipbench.fence.session import Ended, Limits
from tipcore.errors import UsageError
from tipdata.release import Release

HERE = Path(__file__).parent
Put = Callable[..., FencedMethod]
USUAL = Limits()

OF_THE_PARENT = (
    *("memory_of_the_parent", "trace_the_parent", "kill_the_parent"),
    *("read_the_parent", "hold_the_parent", "limit_the_parent"),
)
GIVEN = {
    **dict.fromkeys(OF_THE_PARENT, str(os.getpid())),
    "root_of_the_first_process": __file__,
    "environment": "TIPBENCH_HOME,SECRET_OF_THE_HOST,PYTEST_CURRENT_TEST",
}
ATTACKS = [
    *("truth_anywhere", "truth_by_plan", "truth_by_stack", "truth_in_memory", "other_processes"),
    *OF_THE_PARENT,
    *("descriptors", "environment", "kernel_log", "file_by_handle", "kernel_settings", "set_the_clock"),
    *("raise_its_priority", "name_the_machine", "root_of_the_first_process", "make_a_disk", "spare_itself"),
    *("terminal", "leave_a_core", "write_to_the_fold_again"),
    *("names_on_the_internet", "generator", "generator_on_disk", "board", "write_beside_the_fold"),
    *("mount_again", "another_namespace", "become_root", "setuid_program", "past_the_namespaces"),
]


def noted(put: Put, fenced: Prepared, what: str, given: str = "", limits: Limits = USUAL) -> str:
    """What a method that attacks in this way says of it."""
    method = put("Attack", limits, what=what, given=given)
    method.fit(fenced.folds[0], 0)
    (note,) = method.notes
    return note


@pytest.mark.parametrize("what", ATTACKS)
def test_an_attack_gets_nothing(
    what: str, put: Put, fenced: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    assert noted(put, fenced, what, GIVEN.get(what, "")).startswith("kept out: ")


@pytest.mark.parametrize("what", ["truth_by_path", "truth_by_arrow"])
def test_the_files_of_the_release_are_not_there(what: str, put: Put, fenced: Prepared, tiny: Release) -> None:
    truth = sorted(tiny.folder.glob("**/adverts.truth.parquet"))[0]
    assert noted(put, fenced, what, str(truth)).startswith("kept out: FileNotFoundError")
    assert "operation" in hostile_here(what, str(truth), fenced)


@pytest.mark.parametrize("name", ["tipdata", "tipboard"])
def test_an_empty_package_cannot_be_imported_either(name: str, put: Put, fenced: Prepared) -> None:
    assert noted(put, fenced, "names_of_packages", name).startswith("kept out: ModuleNotFoundError")


def test_what_works_without_a_fence_would(prepared: Prepared) -> None:
    """The attacks are real: in the host's own process they get something."""
    for what in ("descriptors", "other_processes", "generator", "board"):
        assert hostile_here(what, "", prepared).startswith("got "), what


def hostile_here(what: str, given: str, prepared: Prepared) -> str:
    """What the same method says of the same attack in this process."""
    import hostile

    method = hostile.Attack(what, given)
    method.fit(prepared.folds[0], 0)
    return method.notes[0]


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of this machine at which somebody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept(), daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_there_is_no_network_not_even_this_machines(put: Put, fenced: Prepared, listening: int) -> None:
    assert noted(put, fenced, "loopback", str(listening)).startswith("kept out: ")
    assert hostile_here("loopback", str(listening), fenced).startswith("got ")


def test_sockets_without_a_file_are_not_there(put: Put, fenced: Prepared) -> None:
    name = f"tipbench-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        assert noted(put, fenced, "abstract_socket", name).startswith("kept out: ")
        assert hostile_here("abstract_socket", name, fenced).startswith("got ")


@pytest.mark.parametrize("place", ["/here", "/etc/passwd", "{prefix}/here", "{home}/here", "{tests}/here"])
def test_nothing_can_be_written_outside(put: Put, fenced: Prepared, tiny: Release, place: str) -> None:
    path = place.format(prefix=sys.prefix, home=tiny.folder, tests=HERE)
    before = Path(path).read_bytes() if Path(path).exists() else None
    assert noted(put, fenced, "write", path).startswith("kept out: ")
    assert (Path(path).read_bytes() if Path(path).exists() else None) == before


BELOW = """
import os
from tipbench.fence.linux import sandbox
sandbox._call("unshare", sandbox.CLONE_NEWNS)
sandbox.make_private()
sandbox.mount("tmpfs", "a", "tmpfs")
os.mkdir("a/b")
sandbox.mount("tmpfs", "a/b", "tmpfs")
sandbox.bind(os.path.abspath("a"), os.path.abspath("c"))
try:
    open("c/b/f", "w")
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.skipif(sys.platform == "linux" and os.getuid() != 0, reason="mounting takes root")
def test_what_is_mounted_below_is_for_reading_only_too(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "c").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BELOW], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout == "Read-only file system\n"


def test_a_lock_of_one_fence_is_not_seen_in_another(put: Put, fenced: Prepared) -> None:
    for one in (put("Attack", what="lock"), put("Attack", what="lock")):  # both are there at once
        one.fit(fenced.folds[0], 0)
        assert one.notes == ["got None"]


def test_scratch_is_for_writing_and_gone_with_the_fence(put: Put, fenced: Prepared) -> None:
    assert noted(put, fenced, "write", "/tmp/notes") == "got /tmp/notes"
    assert not Path("/tmp/notes").exists()
    second = put("Attack", what="truth_by_path", given="/tmp/notes")
    second.fit(fenced.folds[0], 0)
    assert second.notes[0].startswith("kept out: FileNotFoundError")


@pytest.mark.parametrize(
    ("what", "limits", "said"),
    [
        ("fork_bomb", Limits(processes=8), "it started more than 8 processes"),
        ("sleep_for_ever", Limits(minutes=0.01), "it took more than 0.01 minutes: set limits.minutes=N"),
        ("end_itself", Limits(), "ended by itself"),
    ],
)
def test_a_fence_ends_where_a_limit_does(
    what: str, limits: Limits, said: str, put: Put, fenced: Prepared
) -> None:
    with pytest.raises(Ended, match=said):
        noted(put, fenced, what, limits=limits)


def test_memory_is_limited_in_a_process_and_over_all(put: Put, fenced: Prepared) -> None:
    try:
        note = noted(put, fenced, "take_memory", limits=Limits(memory_gib=0.5))
    except Ended as ended:
        note = f"kept out: {ended}"
    assert note.startswith(("kept out: MemoryError", "kept out: it took more than 0.5 GiB of memory"))


def test_the_disk_is_limited(put: Put, fenced: Prepared) -> None:
    note = noted(put, fenced, "fill_the_disk", limits=Limits(scratch_gib=0.05))
    assert note.startswith("kept out: OSError: [Errno 28]")


def peak(anew: bool = False) -> int:
    """The most bytes that this process had since they were last counted anew."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    (line,) = (
        one
        for one in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        if one.startswith("VmHWM")
    )
    return 1024 * int(line.split()[1])


@pytest.mark.parametrize(
    ("what", "said"),
    {
        "rows": "10,000,000 rows: return at most 100,000",
        "bytes": "bytes or more in all columns: return at most 25,000,000",
        "columns": "271 columns: return at most 256",
        "name of a column": "201 bytes in the name of a column: return at most 200",
        "texts": "300,000 bytes in a text of cluster: return at most 200",
        "objects": "1,001 lists and objects in a line: return at most 1,000",
        "nesting": "5 lists and objects within each other: return at most 4",
        "hidden nesting": "a line that is not JSON",
        "words": r"[\d,]+ bytes in a text of a: return at most 200",
        "notes": "or more bytes of words, such as notes: return at most 1,048,576",
        "many notes": "101 notes: return at most 100",
        "error": "ValueError: y{19000}",
        "texts that fit": "",
    }.items(),
)
def test_an_answer_takes_little_memory_of_the_host(what: str, said: str, put: Put, fenced: Prepared) -> None:
    method, fold = put("Flood", what=what), fenced.folds[0]
    before = peak(anew=True)
    with pytest.raises((UsageError, MethodError), match=said) if said else nullcontext():
        method.fit(fold, 0)
        method.predict(fold)
        assert len(method.notes) <= MOST_NOTES
    assert peak() - before < 2 * FILE_BYTES["tiny"]


def test_what_a_method_left_behind_ends_with_it(put: Put, fenced: Prepared) -> None:
    method = put("Attack", what="leave_a_process_behind")
    method.fit(fenced.folds[0], 0)
    assert method.notes == ["got one"]
    keeper = method._session.keeper
    assert len(host.processes(keeper)) == 2
    method.close()
    assert len(host.processes(keeper)) == 0


def test_an_exit_is_an_error_like_another(put: Put, fenced: Prepared) -> None:
    with pytest.raises(MethodError, match=r"SystemExit: 0 \(hostile.py, line"):
        noted(put, fenced, "stop_itself")


def test_ids_carried_from_the_release_or_another_fold_are_no_use(
    put: Put, prepared: Prepared, fenced: Prepared
) -> None:
    known = prepared.folds[0].parts["advert"].to_list()
    assert noted(put, fenced, "ids_of_another_task", ",".join(map(str, known))).startswith("kept out")
    assert noted(put, prepared, "ids_of_another_task", ",".join(map(str, known))).startswith("got ")


def test_the_order_of_units_does_not_tell_who_they_are(
    put: Put, prepared: Prepared, fenced: Prepared
) -> None:
    """The labels of the release, in the order of its ids, are right of units in the order of theirs; of others they
    are as often as labels agree by chance."""
    labels = prepared.folds[0].supervision.sort("advert")["label"]
    chance = float((labels == 1).mean() ** 2 + (labels == 0).mean() ** 2)  # type: ignore[operator]
    carried = ",".join(map(str, labels))
    assert noted(put, prepared, "order_of_the_ids", carried) == "got 1.000 of the labels"
    share = float(noted(put, fenced, "order_of_the_ids", carried).split()[1])
    assert share == pytest.approx(chance, abs=0.05)
