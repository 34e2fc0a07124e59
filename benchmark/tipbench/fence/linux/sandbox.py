"""Fence a process in on Linux: namespaces, mounts, capabilities, limits, Landlock, and a file system of its own.

Calls go to the C library by ctypes, since Python 3.11 has none of them. Each function raises OSError with the name of
the call that failed. Sources: the manual pages user_namespaces(7), mount_namespaces(7), pivot_root(2), capset(2),
prctl(2), setrlimit(2), landlock(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tipbench.fence.linux.seccomp import number_of

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 0x1, 0x2, 0x4, 0x8, 0x20
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
_MOUNT_SETATTR, _RECURSIVE, _ATTRIBUTES = 442, 0x8000, MS_RDONLY | MS_NOSUID
"""The number of mount_setattr (Linux 5.12), the same on all machines, and its arguments."""
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
JOIN_SESSION_KEYRING = 1
LAST_CAPABILITY = 63
"""One more than any kernel has; the first that is refused ends the loop."""
CAPABILITY_VERSION_3 = 0x20080522
NOBODY = 65534
"""The user that a fenced process of root becomes: root is exempt from limits of processes."""


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def leave_namespaces() -> None:
    """Leave the user, mount, process, network and IPC namespaces of this process, which must have one thread.

    The next child is process 1 of the new process namespace.
    """
    _call("unshare", NAMESPACES)


def map_users(process: int, user: int, group: int) -> None:
    """Map users and groups of the namespace that another process has left into: its own, and of root also nobody."""
    extra = f"{NOBODY} {NOBODY} 1\n" if user == 0 else ""
    Path(f"/proc/{process}/setgroups").write_text("deny", encoding="ascii")
    Path(f"/proc/{process}/uid_map").write_text(f"{user} {user} 1\n{extra}", encoding="ascii")
    Path(f"/proc/{process}/gid_map").write_text(f"{group} {group} 1\n{extra}", encoding="ascii")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount as mount(2) does."""
    names = (source.encode(), target.encode(), kind.encode() or None)
    _call("mount", *names, ctypes.c_ulong(flags), options.encode())


def make_private() -> None:
    """Let no mount of this namespace be seen outside, nor one outside here."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def bind(source: str, target: str, writable: bool = False) -> None:
    """Show a file or folder at another place, for reading only unless it is to be written."""
    mount(source, target, flags=MS_BIND | MS_REC)
    if not writable and not _make_read_only(target):
        # Flags that the source has are locked here: they must be given again.
        held = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC)
        mount("none", target, flags=MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | held)


def _make_read_only(path: str) -> bool:
    """Let nothing be written at a place and in what is mounted below it; return whether the kernel can (Linux 5.12)."""
    held = (ctypes.c_uint64 * 4)(_ATTRIBUTES)
    size = ctypes.c_size_t(ctypes.sizeof(held))
    made = _library().syscall(_MOUNT_SETATTR, -1, path.encode(), _RECURSIVE, ctypes.byref(held), size)
    if made != 0 and ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM):
        raise OSError(ctypes.get_errno(), f"mount_setattr: {os.strerror(ctypes.get_errno())}")
    return made == 0


def turn_root(folder: str, old: str = "") -> None:
    """Make a folder, itself a mount, the root of the file system; the old one is at ``old`` below it, or gone."""
    os.chdir(folder)
    _call("pivot_root", b".", f".{old}".encode())
    if not old:
        unmount(".")
    os.chdir("/")


def unmount(path: str) -> None:
    """Let go of what is mounted at a place and below it."""
    _call("umount2", path.encode(), MNT_DETACH)


def forbid_namespaces() -> None:
    """Forbid further user namespaces inside this one: a process would have capabilities in them again."""
    # Where no /proc could be mounted, as in some containers: what is locked there stays locked anyway.
    with suppress(OSError):
        Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")


def give_up_rights(user: int, group: int) -> None:
    """Become a user without any capability, for good."""
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(LAST_CAPABILITY):
        if _library().prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def leave_keys() -> None:
    """Begin an empty session keyring: keys know no namespace, and whoever has a session's may read and revoke them."""
    if _library().syscall(number_of("keyctl"), ctypes.c_int(JOIN_SESSION_KEYRING), None) < 0:
        number = ctypes.get_errno()
        # A kernel without keys, or a container that refuses them to all.
        if number not in (errno.ENOSYS, errno.EPERM):
            raise OSError(number, f"keyctl: {os.strerror(number)}")


def die_with_parent() -> None:
    """Let this process be killed when the one that forked it ends."""
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def data_bytes() -> int:
    """Return the bytes of this process that RLIMIT_DATA counts: private memory that can be written, used or not."""
    with open("/proc/self/status", "rb") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(b"VmData:"))


def set_limits(threads: int, memory: int, files: int = 1024) -> None:
    """Limit threads of this user in this namespace (before Linux 5.14: in all), bytes that each process maps and its
    open files; no file of a crash is written."""
    import resource  # Windows has none, and may import this module

    for what, most in (
        (resource.RLIMIT_NPROC, threads),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READ = 0b1101  # execute, read_file, read_dir
_ALL = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Rights over files that each version of Landlock knows; later versions know those of 5."""
_NETWORK, _SCOPED = 0b11, 0b11


def restrict_paths(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Allow files below these paths only, no TCP and no signal or socket to outside; return whether the kernel can.

    A second fence: what is mounted is the first.
    """
    version = _library().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    everything = _ALL[min(version, 5)]
    held = (ctypes.c_uint64 * 3)(everything, _NETWORK if version >= 4 else 0, _SCOPED if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _call("syscall", _CREATE_RULESET, ctypes.byref(held), ctypes.c_size_t(size), ctypes.c_uint32(0))
    for paths, rights in ((readable, _READ), (writable, everything)):
        for path in paths:
            _allow_below(rules, path, rights, everything)
    _call("syscall", _RESTRICT_SELF, rules, ctypes.c_uint32(0))
    os.close(rules)
    return True


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _allow_below(rules: int, path: str, rights: int, everything: int) -> None:
    # Execute, write_file, read_file, truncate, ioctl.
    of_files = 0b111 | (everything & ((1 << 14) | (1 << 15)))
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        given = rights if os.path.isdir(path) else rights & of_files
        beneath = _Beneath(given, place)
        _call("syscall", _ADD_RULE, rules, ctypes.c_int(1), ctypes.byref(beneath), ctypes.c_uint32(0))
    finally:
        os.close(place)


def _call(name: str, *arguments: object) -> int:
    """Call a function of the C library. Raises OSError where it returns below 0."""
    made = getattr(_library(), name)(*arguments)
    if made < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return made


FOLD = "/fold"
"""Where the files of the fold are, for reading only."""
SCRATCH = ("/tmp", "/dev/shm")  # nosec B108 # of the fence's own file system
"""Where a method may write; in memory, and gone with it."""
DEVICES = ("null", "full", "random", "urandom")
"""Without zero: memory mapped from it belongs to no process and no file, so it is not counted."""
KEPT_IN_PROC = ("cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "sys", "uptime", "version")
"""What /proc shows beside processes and links. Other files tell of keys and locks, and of counters of the machine,
by which one cell could leave a number for the next."""
HIDDEN_IN_PROC = ("sys/fs",)
"""Counters below what is kept."""
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
"""What programs of the system need; those that are links stay links."""
LEAST_FILES, BYTES_PER_FILE = 1024, 16_384
"""How many files a method may write: each takes memory of the kernel, an empty one too."""
ABSENT = "this is not there behind the fence"
OLD, NEW = "/old", "/new"
"""Where both file systems are while the new one is filled."""
_PLAIN = MS_NOSUID | MS_NODEV


@dataclass(frozen=True)
class View:
    """What is seen beside :data:`SYSTEM`.

    ``shown``: files and folders at their own places, for reading only. ``hidden``: folders among them that are empty
    in the fence. ``fold``: the folder that is seen as :data:`FOLD`. ``scratch``: bytes that fit into all folders of
    :data:`SCRATCH` together.
    """

    shown: tuple[str, ...]
    hidden: tuple[str, ...]
    fold: str
    scratch: int


def build_root(view: View, user: int, group: int) -> None:
    """Make the view the file system of this process, process 1 of its namespaces. Raises OSError."""
    make_private()
    _move_host_root_aside()
    _make_scratch(view.scratch)
    for path in (*SYSTEM, *sorted(view.shown)):  # a folder before what is in it
        _show_path(path)
    for path in view.hidden:
        if os.path.isdir(NEW + path):
            _hide_folder(NEW + path)
    _show_devices()
    os.makedirs(NEW + FOLD)
    bind(OLD + view.fold, NEW + FOLD)
    os.makedirs(f"{NEW}/etc", exist_ok=True)
    Path(NEW, "etc", "passwd").write_text(f"method:x:{user}:{group}::/tmp:/bin/false\n", encoding="utf-8")
    os.makedirs(f"{NEW}/proc")
    # Some containers hide parts of theirs and let nobody mount another: Python needs none.
    with suppress(PermissionError):
        mount("proc", f"{NEW}/proc", "proc", _PLAIN | MS_NOEXEC)
        _hide_counters(f"{NEW}/proc")
    unmount(OLD)
    turn_root(NEW)
    forbid_namespaces()
    mount("none", "/", flags=MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)


def _hide_counters(proc: str) -> None:
    """Hide all of /proc but processes, links and :data:`KEPT_IN_PROC`, and show a ``stat`` whose times are 0."""
    for name in (*os.listdir(proc), *HIDDEN_IN_PROC):
        path = f"{proc}/{name}"
        if name.isdigit() or name in KEPT_IN_PROC or os.path.islink(path):
            continue
        if os.path.isdir(path):
            mount("tmpfs", path, "tmpfs", _PLAIN | MS_RDONLY, "size=4k,mode=555")
        elif os.path.exists(path):
            mount(f"{OLD}/dev/null", path, flags=MS_BIND)
    lines = Path(proc, "stat").read_text(encoding="utf-8").splitlines()
    processors = (line.split()[0] for line in lines if line.startswith("cpu"))
    idle = Path(NEW, "etc", "stat")  # libraries count processors by it
    idle.write_text("".join(f"{one} {'0 ' * 10}\n" for one in processors) + "btime 0\n", encoding="utf-8")
    mount(str(idle), f"{proc}/stat", flags=MS_BIND)


def _move_host_root_aside() -> None:
    """Put the host's file system at :data:`OLD`, and an empty one to be filled at :data:`NEW`."""
    base = SCRATCH[0]
    mount("tmpfs", base, "tmpfs", _PLAIN, "mode=755,size=16m")
    os.mkdir(base + OLD)
    os.mkdir(base + NEW)
    turn_root(base, OLD)
    mount(NEW, NEW, flags=MS_BIND)


def _make_scratch(size: int) -> None:
    """Make :data:`SCRATCH`: folders of one file system, so that they share its limits of bytes and of files."""
    whole = OLD + "-scratch"
    os.mkdir(whole)
    files = max(LEAST_FILES, size // BYTES_PER_FILE)
    mount("tmpfs", whole, "tmpfs", _PLAIN, f"mode=755,size={size},nr_inodes={files}")
    for place in SCRATCH:
        part = f"{whole}/{os.path.basename(place)}"
        os.mkdir(part)
        os.chmod(part, 0o1777)  # nosec B103 # as /tmp is; it is seen behind this one fence alone
        os.makedirs(NEW + place, exist_ok=True)
        bind(part, NEW + place, writable=True)
    unmount(whole)


def _hide_folder(path: str) -> None:
    """Put an empty folder over one, which cannot be imported either: an empty folder is a package to Python."""
    mount("tmpfs", path, "tmpfs", _PLAIN, "size=8k,mode=755")
    Path(path, "__init__.py").write_text(f"raise ModuleNotFoundError({ABSENT!r})\n", encoding="utf-8")
    mount("none", path, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | _PLAIN)


def _show_path(path: str) -> None:
    """Show a file or folder of the host at its own place; what is not there is left out."""
    source, target = OLD + path, NEW + path
    if os.path.lexists(target):
        return
    if os.path.islink(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(source), target)
    elif os.path.isdir(source):
        os.makedirs(target)
        bind(source, target)
    elif os.path.isfile(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
        bind(source, target)


def _show_devices() -> None:
    for name in DEVICES:
        Path(NEW, "dev", name).touch()
        bind(f"{OLD}/dev/{name}", f"{NEW}/dev/{name}")  # written to all the same, but for its times
