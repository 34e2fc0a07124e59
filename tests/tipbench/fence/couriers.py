"""A method that tries to hand 16 bits to another cell of its package. What it read is in its notes."""

import ctypes
import fcntl
import mmap
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from multiprocessing import shared_memory
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
PLACES = (
    "/",
    "/tmp",
    "/dev",
    "/dev/shm",
    "/fold",
    "/proc",
    "/etc",
    "/var/tmp",
    sys.prefix,
    str(HERE),
    "/run",
    "/usr",
)
LIBRARY = Path(pl.__file__)
NAME = "tipbench-courier"


class Courier:
    """``channel``: one of :data:`CHANNELS`. ``message``: what is sent; the receiver is given none."""

    needs = frozenset()
    stochastic = False

    def __init__(self, channel, message=None):
        self.channel, self.message, self.notes = channel, message, []

    def fit(self, fold, seed):
        send, receive = CHANNELS[self.channel]
        try:
            self.notes.append(f"got {receive()}" if self.message is None else f"sent {send(self.message)}")
        except Exception as error:
            self.notes.append(f"kept out: {type(error).__name__}: {error}")

    def predict(self, fold):
        return fold.to_predict().select(fold.task.unit, score=pl.lit(0.5)).collect()


def write_files(message):
    for place in PLACES:
        with suppress(OSError):
            Path(place, NAME).write_text(message, encoding="utf-8")
    return "files"


def read_files():
    return [
        Path(place, NAME).read_text(encoding="utf-8") for place in PLACES if Path(place, NAME).exists()
    ] or nothing()


def share_memory(message):
    block = shared_memory.SharedMemory(NAME, create=True, size=len(message))
    assert block.buf is not None
    block.buf[:] = message.encode()
    block.close()
    return "a block"


def read_memory():
    block = shared_memory.SharedMemory(NAME)
    assert block.buf is not None
    return bytes(block.buf[:16])


def stay_behind(message):
    """Leave a process that answers at an abstract socket."""
    code = (
        f"import socket; s = socket.socket(socket.AF_UNIX); s.bind('\\0{NAME}'); s.listen()\n"
        f"while True: s.accept()[0].send(b'{message}')"
    )
    subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    return "a process"


def ask_who_stayed():
    with socket.socket(socket.AF_UNIX) as there:
        there.connect("\0" + NAME)
        return there.recv(16)


def stamp_files(message):
    """Read, touch and lock files that every fence shows, so that their times or locks tell."""
    for path in (LIBRARY, Path("/dev/null"), Path("/usr/bin/env"), Path("/fold")):
        with suppress(OSError):
            path.read_bytes()
        with suppress(OSError):
            os.utime(path, (int(message, 2), int(message, 2)))
    with open("/dev/null", "wb") as null:
        null.write(b"x")
        fcntl.lockf(null, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return "times"


def read_stamps():
    """Times of shared files, to the nanosecond."""
    found = [os.stat(path) for path in (LIBRARY, "/dev/null", "/usr/bin/env")]
    return [(one.st_atime_ns, one.st_mtime_ns, one.st_ctime_ns) for one in found]


def cached(path):
    """Whether a page of a file is in memory, by each call that tells; then by a hint that drops it."""
    library = ctypes.CDLL(None, use_errno=True)
    told = []
    with open(path, "rb") as file:
        with mmap.mmap(
            file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE
        ) as mapped:
            start = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
            if (
                library.mincore(ctypes.c_void_p(start), ctypes.c_size_t(1), ctypes.create_string_buffer(1))
                == 0
            ):
                told.append("mincore")
        with suppress(OSError):
            os.preadv(file.fileno(), [bytearray(1)], 0, 0x8)  # RWF_NOWAIT
            told.append("preadv2")
        with suppress(OSError):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            told.append("fadvise")
    return told or nothing()


def lock_memory(message):
    """Move a counter of the machine that little else moves, to a number that is the message modulo 2**16."""
    library, page = ctypes.CDLL(None, use_errno=True), mmap.PAGESIZE
    wanted = (int(message, 2) - counter()) % 2**16
    block = mmap.mmap(-1, page, flags=mmap.MAP_PRIVATE)
    block[0] = 1
    start = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(block)))
    for _ in range(wanted):
        library.mlock(start, ctypes.c_size_t(page))
        library.munlock(start, ctypes.c_size_t(page))
    return f"{wanted} locks"


def counter():
    lines = dict(line.split() for line in Path("/proc/vmstat").read_text(encoding="utf-8").splitlines())
    return int(lines["unevictable_pgs_mlocked"])


def counters():
    """Counters of the machine that only grow."""
    found = []
    for name in (
        "vmstat",
        "interrupts",
        "softirqs",
        "schedstat",
        "diskstats",
        "zoneinfo",
        "buddyinfo",
        "swaps",
    ):
        with suppress(OSError):
            if text := Path("/proc", name).read_text(encoding="utf-8").strip():
                found.append(f"{name}: {text[:20]}")
    with suppress(OSError):
        stat = Path("/proc/stat").read_text(encoding="utf-8").split()
        found += [word for word in stat if word.isdigit() and int(word)]
    for folder in ("/proc/sys/fs", "/proc/pressure", "/proc/fs"):
        with suppress(OSError):
            found += os.listdir(folder)
    return found or nothing()


def clocks():
    """CPU seconds of itself, and of processes that its parents waited for, from before it began."""
    spent = os.times()
    return spent.children_user + spent.children_system


def world():
    """All that the system says of the process and its places, and the first bytes of the fold's files."""
    said = [repr(os.environ).encode()]
    for name in ("mountinfo", "environ", "cmdline", "maps", "cgroup", "status"):
        with suppress(OSError):
            said.append(Path("/proc/self", name).read_bytes())
    said += [path.read_bytes() for path in Path("/fold").rglob("*") if path.is_file()]
    said += ["\n".join(map(str, Path("/").glob("*"))).encode(), repr(sys.argv).encode(), os.getcwd().encode()]
    return (b"\n".join(said)).decode("latin-1").encode("ascii", "replace").decode()


def nothing():
    raise LookupError("nothing there")


CHANNELS = {
    "files": (write_files, read_files),
    "memory": (share_memory, read_memory),
    "a process": (stay_behind, ask_who_stayed),
    "times of files": (stamp_files, read_stamps),
    "cache": (lambda _: LIBRARY.read_bytes()[:0], lambda: cached(LIBRARY)),
    "a counter": (lock_memory, lambda: f"{counter() % 2**16:016b}"),
    "counters": (lambda _: None, counters),
    "clocks": (lambda _: None, clocks),
    "world": (lambda _: None, world),
    "temporary": (
        lambda _: tempfile.mkdtemp(prefix=NAME),
        lambda: [one for one in os.listdir(tempfile.gettempdir()) if one.startswith(NAME)] or nothing(),
    ),
}
"""How the first cell sends, and how the second receives."""
