"""The file system that a fenced process sees: what Python and the method need, the fold, and a place for notes."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tipbench.fence.linux import calls

FOLD = "/fold"
"""Where the files of the fold are, for reading only."""
SCRATCH = ("/tmp", "/dev/shm")  # nosec B108 # of the fence's own file system
"""Where a method may write; in memory, and gone with it."""
DEVICES = ("null", "full", "random", "urandom")
"""Without zero: what is mapped of it is memory of no process and no file, which nobody counts."""
UNTOLD = ("keys", "key-users", "locks")
"""Files of /proc that tell of more than the fence's own processes, and that nothing needs."""
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
"""What programs of the system need; those that are links stay links."""
LEAST_FILES, BYTES_PER_FILE = 1024, 16_384
"""How many files a method may write: each takes memory of the kernel, an empty one too."""
ABSENT = "this is not there behind the fence"
OLD, NEW = "/old", "/new"
"""Where both file systems are while the new one is filled."""
_PLAIN = calls.MS_NOSUID | calls.MS_NODEV


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


def build(view: View, user: int, group: int) -> None:
    """Make the view the file system of this process, process 1 of its namespaces. Raises OSError."""
    calls.make_private()
    _set_aside()
    _scratch(view.scratch)
    for path in (*SYSTEM, *sorted(view.shown)):  # a folder before what is in it
        _show(path)
    for path in view.hidden:
        if os.path.isdir(NEW + path):
            _hide(NEW + path)
    _devices()
    os.makedirs(NEW + FOLD)
    calls.bind(OLD + view.fold, NEW + FOLD)
    os.makedirs(f"{NEW}/etc", exist_ok=True)
    Path(NEW, "etc", "passwd").write_text(f"method:x:{user}:{group}::/tmp:/bin/false\n", encoding="utf-8")
    os.makedirs(f"{NEW}/proc")
    # Some containers hide parts of theirs and let nobody mount another: Python needs none.
    with suppress(PermissionError):
        calls.mount("proc", f"{NEW}/proc", "proc", _PLAIN | calls.MS_NOEXEC)
        for name in UNTOLD:
            if os.path.exists(f"{NEW}/proc/{name}"):
                calls.mount(f"{OLD}/dev/null", f"{NEW}/proc/{name}", flags=calls.MS_BIND)
    calls.forget(OLD)
    calls.turn_root(NEW)
    calls.forbid_namespaces()
    calls.mount("none", "/", flags=calls.MS_REMOUNT | calls.MS_BIND | calls.MS_RDONLY | calls.MS_NOSUID)


def _set_aside() -> None:
    """Put the host's file system at :data:`OLD`, and an empty one to be filled at :data:`NEW`."""
    base = SCRATCH[0]
    calls.mount("tmpfs", base, "tmpfs", _PLAIN, "mode=755,size=16m")
    os.mkdir(base + OLD)
    os.mkdir(base + NEW)
    calls.turn_root(base, OLD)
    calls.mount(NEW, NEW, flags=calls.MS_BIND)


def _scratch(size: int) -> None:
    """Make :data:`SCRATCH`: folders of one file system, so that they share its limits of bytes and of files."""
    whole = OLD + "-scratch"
    os.mkdir(whole)
    files = max(LEAST_FILES, size // BYTES_PER_FILE)
    calls.mount("tmpfs", whole, "tmpfs", _PLAIN, f"mode=755,size={size},nr_inodes={files}")
    for place in SCRATCH:
        part = f"{whole}/{os.path.basename(place)}"
        os.mkdir(part)
        os.chmod(part, 0o1777)  # nosec B103 # as /tmp is; it is seen behind this one fence alone
        os.makedirs(NEW + place, exist_ok=True)
        calls.bind(part, NEW + place, writable=True)
    calls.forget(whole)


def _hide(path: str) -> None:
    """Put an empty folder over one, which cannot be imported either: an empty folder is a package to Python."""
    calls.mount("tmpfs", path, "tmpfs", _PLAIN, "size=8k,mode=755")
    Path(path, "__init__.py").write_text(f"raise ModuleNotFoundError({ABSENT!r})\n", encoding="utf-8")
    calls.mount("none", path, flags=calls.MS_REMOUNT | calls.MS_BIND | calls.MS_RDONLY | _PLAIN)


def _show(path: str) -> None:
    """Show a file or folder of the host at its own place; what is not there is left out."""
    source, target = OLD + path, NEW + path
    if os.path.lexists(target):
        return
    if os.path.islink(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(source), target)
    elif os.path.isdir(source):
        os.makedirs(target)
        calls.bind(source, target)
    elif os.path.isfile(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
        calls.bind(source, target)


def _devices() -> None:
    for name in DEVICES:
        Path(NEW, "dev", name).touch()
        calls.bind(f"{OLD}/dev/{name}", f"{NEW}/dev/{name}")  # written to all the same, but for its times
