"""A method that attacks while it fits. What it got is in its notes: ``got ...`` or ``kept out: ...``."""

import ctypes
import fcntl
import importlib
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import polars as pl


def fork_four_times(writes):
    held = bytearray(200 << 20)
    held[::4096] = bytes([1]) * (len(held) // 4096)
    for _ in range(4):
        if os.fork() == 0:
            if writes:
                held[::4096] = bytes(len(held) // 4096)
            time.sleep(1)
            os._exit(0)
    for _ in range(4):
        os.wait()
    return "4 forks ended"


class Attack:
    """``what``: the name of the attack. ``given``: what its author knew of the host, such as a path or a port."""

    needs: frozenset[str] = frozenset()
    stochastic = False

    def __init__(self, what: str, given: str = "") -> None:
        self.what, self.given, self.notes, self.child = what, given, [], 0

    def fit(self, fold, seed):
        self.fold = fold
        try:
            attack = ATTACKS.get(self.what) or getattr(Attack, self.what)
            self.notes.append(f"got {attack(self)}")
        except Exception as error:
            self.notes.append(f"kept out: {type(error).__name__}: {error}")

    def predict(self, fold):
        return fold.to_predict().select(fold.task.unit, score=pl.lit(0.5)).collect()

    def truth_by_plan(self):
        plans = [table.explain() for table in self.fold.tables.values()]
        return [plan for plan in plans if "operation" in plan or "truth" in plan] or nothing()

    def truth_by_stack(self):
        frame, seen = sys._getframe(), []
        while frame is not None:
            seen += [
                name
                for name, value in frame.f_locals.items()
                if type(value).__name__ in ("Prepared", "Answers")
            ]
            frame = frame.f_back
        return seen or nothing()

    def truth_in_memory(self):
        import gc

        return [
            type(one).__name__ for one in gc.get_objects() if type(one).__name__ in ("Prepared", "Answers")
        ] or nothing()

    def descriptors(self):
        links = [os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd") if exists(one)]
        plain = ("pipe:", "/dev/null", "/fold/", "anon_inode:", "/proc/")
        return [link for link in links if not link.startswith(plain)] or nothing()

    def loopback(self):
        with socket.create_connection(("127.0.0.1", int(self.given)), timeout=2) as there:
            return there.getpeername()

    def abstract_socket(self):
        with socket.socket(socket.AF_UNIX) as there:
            there.connect("\0" + self.given)
            return "an answer"

    def ids_of_another_task(self):
        carried = set(map(int, self.given.split(",")))
        mine = set(self.fold.parts[self.fold.task.unit].to_list())
        return sorted(mine & carried) or nothing()

    def order_of_the_ids(self):
        """Rank the units as the release does: the n-th of the sorted ids is the n-th of what its author carries."""
        carried = list(map(int, self.given.split(",")))
        labels = self.fold.supervision.sort(self.fold.task.unit)["label"].to_list()
        right = sum(a == b for a, b in zip(labels, carried, strict=True))
        return f"{right / len(labels):.3f} of the labels"

    def write(self):
        with open(self.given, "w", encoding="utf-8") as file:
            file.write("here")
        return self.given

    def write_beside_the_fold(self):
        with open("/fold/labels", "w", encoding="utf-8") as file:
            return file.write("here")

    def past_the_namespaces(self):
        """What every fence of a user shares: its system calls, each by a way that works outside."""
        import ways

        return [name for name, way in ways.WAYS.items() if ways.works(way)] or nothing()

    def keys(self):
        with open("/proc/keys", encoding="ascii") as keys, open("/proc/key-users", encoding="ascii") as users:
            return keys.read() + users.read() or nothing()

    def fork_bomb(self):
        while True:
            try:
                os.fork()
            except OSError:
                time.sleep(0.01)

    def sleep_for_ever(self):
        while True:
            time.sleep(1000)

    def take_memory(self):
        held = []
        while True:
            held.append(bytearray(b"1" * (1 << 24)))

    def reserve_memory(self):
        """Map 1 GiB and use none of it."""
        with mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS):
            return "mapped"

    def fork_idle(self):
        """Hold 200 MiB and fork four processes that do nothing."""
        return fork_four_times(writes=False)

    def fork_and_write(self):
        """The same, but each process writes to its copy."""
        return fork_four_times(writes=True)

    def fill_sockets(self):
        """Fill 1600 sockets that nobody has open: they wait to be accepted, and their clients have gone."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("/tmp/server")
            server.listen(1600)
            for _ in range(1600):
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect("/tmp/server")
                    client.setblocking(False)
                    with suppress(BlockingIOError):
                        while True:
                            client.send(bytes(1 << 16))
            time.sleep(30)  # the limit ends it long before

    def fill_the_disk(self):
        with open("/tmp/full", "wb") as file:
            while True:
                file.write(b"1" * (1 << 24))

    def fill_every_disk(self):
        written = 0
        for place in ("/tmp/full", "/dev/shm/full"):
            with suppress(OSError), open(place, "wb", buffering=0) as file:
                while True:
                    written += file.write(b"1" * (1 << 16))
        return written

    def write_empty_files(self):
        for number in range(10_000):
            open(f"/tmp/{number}", "wb").close()

    def fork_in_a_thread(self):
        in_a_thread(lambda: [fork(lambda: time.sleep(10)) for _ in range(8)])
        time.sleep(10)

    def burn_in_a_thread(self):
        in_a_thread(lambda: os.waitpid(fork(burn), 0))

    def burn_unwaited(self):
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        in_a_thread(lambda: setattr(self, "child", fork(burn)))
        with suppress(ProcessLookupError):
            while True:
                os.kill(self.child, 0)
                time.sleep(0.05)

    def leave_a_process_behind(self):
        subprocess.Popen(["sleep", "1000"], start_new_session=True)
        return "one"


ATTACKS = {
    "truth_by_path": lambda one: pl.read_parquet(one.given).columns,
    "truth_anywhere": lambda one: files_named(lambda name: name.endswith(".parquet")) or nothing(),
    "generator_on_disk": lambda one: files_named(GENERATOR.__contains__) or nothing(),
    "generator": lambda one: importlib.import_module("tipdata.release").open_release("0.5.0", "tiny"),
    "board": lambda one: importlib.import_module("tipboard.board.files"),
    "names_of_packages": lambda one: importlib.import_module(one.given),
    "names_on_the_internet": lambda one: socket.getaddrinfo("example.org", 443),
    "environment": lambda one: [name for name in os.environ if name in one.given.split(",")] or nothing(),
    "other_processes": lambda one: [pid for pid in processes() if int(pid) != os.getpid()] or nothing(),
    "memory_of_the_parent": lambda one: os.read(os.open(f"/proc/{one.given}/mem", os.O_RDONLY), 1),
    "trace_the_parent": lambda one: succeeds("ptrace", 16, int(one.given), 0, 0),
    "kill_the_parent": lambda one: os.kill(int(one.given), 9),
    "mount_again": lambda one: succeeds("mount", b"none", b"/", None, 0x1020, None),
    "another_namespace": lambda one: succeeds("unshare", 0x10000000 | 0x00020000),
    "become_root": lambda one: os.setuid(0),
    "read_the_parent": lambda one: read_memory_of(int(one.given)),
    "hold_the_parent": lambda one: os.pidfd_open(int(one.given)),
    "limit_the_parent": lambda one: resource.prlimit(int(one.given), resource.RLIMIT_CPU),
    "kernel_log": lambda one: succeeds("klogctl", 3, ctypes.create_string_buffer(4096), 4096),
    "file_by_handle": lambda one: open_by_handle("/usr"),
    "kernel_settings": lambda one: open("/proc/sys/kernel/core_pattern", "w", encoding="utf-8").close(),
    "set_the_clock": lambda one: time.clock_settime(time.CLOCK_REALTIME, 0),
    "raise_its_priority": lambda one: os.nice(-1),
    "name_the_machine": lambda one: socket.sethostname("hostile"),
    "make_a_disk": lambda one: os.mknod("/tmp/disk", 0o060600, os.makedev(8, 0)),
    "spare_itself": lambda one: set_text("/proc/self/oom_score_adj", "-1000"),
    "terminal": lambda one: os.open("/dev/tty", os.O_RDWR),
    "leave_a_core": lambda one: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)),
    "truth_by_arrow": lambda one: importlib.import_module("pyarrow.dataset").dataset(one.given).schema.names,
    "write_to_the_fold_again": lambda one: reopen("/fold/fold.pickle"),
    "root_of_the_first_process": lambda one: os.stat(f"/proc/1/root{one.given}").st_size,
    "setuid_program": lambda one: subprocess.run(["su", "-c", "id"], capture_output=True, check=True).stdout,
    "lock": lambda one: fcntl.lockf(os.open("/dev/null", os.O_WRONLY), fcntl.LOCK_EX | fcntl.LOCK_NB),
    # What an honest method does: threads, processes, pools, locks of files, databases, shared memory.
    "libraries": lambda one: importlib.import_module("honest").everything(),
    "end_itself": lambda one: os._exit(7),
    "stop_itself": lambda one: sys.exit(0),
}
"""Attacks of one expression."""
GENERATOR = ("world-0.5.0.yaml", "versions.yaml", "fence.key")


def succeeds(call: str, *arguments):
    """Call a function of the C library."""
    return True if getattr(ctypes.CDLL(None, use_errno=True), call)(*arguments) == 0 else nothing()


def set_text(path: str, text: str):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def reopen(path: str):
    """A descriptor for writing of a file that is open for reading."""
    return os.open(f"/proc/self/fd/{os.open(path, os.O_RDONLY)}", os.O_RDWR)


def read_memory_of(process: int):
    """Eight bytes by process_vm_readv."""
    held = ctypes.create_string_buffer(8)
    ends = [(ctypes.c_size_t * 2)(ctypes.addressof(held), 8) for _ in range(2)]
    library = ctypes.CDLL(None, use_errno=True)
    return held.raw if library.process_vm_readv(process, ends[0], 1, ends[1], 1, 0) == 8 else nothing()


def open_by_handle(path: str):
    """A descriptor by name_to_handle_at and open_by_handle_at, which know no mount."""
    library = ctypes.CDLL(None, use_errno=True)
    handle, mount = (ctypes.c_uint32 * 34)(128), ctypes.c_int()
    if library.name_to_handle_at(-100, path.encode(), handle, ctypes.byref(mount), 0) != 0:
        nothing()
    made = library.open_by_handle_at(os.open("/", os.O_RDONLY), handle, os.O_RDONLY)
    return made if made >= 0 else nothing()


def in_a_thread(way) -> None:
    thread = threading.Thread(target=way)
    thread.start()
    thread.join()


def fork(way) -> int:
    if made := os.fork():
        return made
    way()
    os._exit(0)


def burn() -> None:
    while time.process_time() < 1:
        pass


def files_named(wanted):
    """Files of the whole machine with such a name, but for those that libraries bring for their own tests."""
    return [
        os.path.join(folder, name)
        for place in os.listdir("/")
        if place not in ("proc", "sys")
        for folder, _, names in os.walk(f"/{place}")
        for name in names
        if wanted(name) and "/tests/" not in f"{folder}/"
    ]


def processes():
    return [name for name in os.listdir("/proc") if name.isdigit()]


def exists(descriptor) -> bool:
    return os.path.lexists(f"/proc/self/fd/{descriptor}")


def nothing():
    raise LookupError("nothing there")
