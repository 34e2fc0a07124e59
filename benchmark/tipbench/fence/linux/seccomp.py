"""System calls that no fenced process may make: a filter that the kernel holds over it and all that it starts.

Whatever is not named here is allowed. Refused is what reaches past the namespaces: sockets of other families than
AF_UNIX, keys, watches, locks and the page cache of files that several fences see, memory that no process is charged
with, new namespaces and mounts, and doors that would lead around the filter. Sources: seccomp(2) and the kernel's
include/uapi/linux/{filter,seccomp,audit}.h; numbers from asm/unistd_64.h and asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""By the name of a machine: which of a call's two numbers is its own, and the kernel's word for it (AUDIT_ARCH)."""
X32 = 0x40000000
"""What the numbers of a second set of calls begin with, which x86_64 alone has."""

REFUSED = {
    # keys of the kernel's, which are of a user and a session and not of a namespace
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # the kernel's log, which tells what happened outside and before
    "syslog": (103, 116),
    # who reads, holds or keeps in memory a file that another fence sees too
    "flock": (73, 32), "mincore": (27, 232), "readahead": (187, 213), "cachestat": (451, 451),
    "inotify_init": (253, None), "inotify_init1": (294, 26), "fanotify_init": (300, 262),
    # reads and sends that this filter does not see
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_setup": (206, 0), "process_madvise": (440, 440),
    # memory that is in no process and in no file of the fence
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "semget": (64, 190), "mq_open": (240, 180),
    # the parts of a kernel where most holes were found, and which no method needs
    "userfaultfd": (323, 282), "bpf": (321, 280), "perf_event_open": (298, 241),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "mount_setattr": (442, 442), "clone3": (435, 435),
}  # fmt: skip
"""Numbers of calls on x86_64 and aarch64."""
SECCOMP = (317, 277)
UNKNOWN = ("clone3", "flock")
"""Those that are refused as if the kernel had none (ENOSYS), upon which programs take another way."""


@dataclass(frozen=True)
class Argument:
    """A call that is refused by one of its arguments, of which the low 32 bits count.

    ``numbers``: of the call. ``index``: of the argument. ``mask``: which of its bits are compared. ``values``: with
    what. ``refused``: whether these are refused, or all others.
    """

    numbers: tuple[int, int]
    index: int
    mask: int
    values: tuple[int, ...]
    refused: bool = True
    error: int = errno.EPERM


_ALL = 0xFFFFFFFF
ARGUMENTS = (
    # socket, socketpair: AF_UNIX alone; AF_VSOCK and AF_ALG know no network namespace
    Argument((41, 198), 0, _ALL, (1,), refused=False),
    Argument((53, 199), 0, _ALL, (1,), refused=False),
    # fadvise64: DONTNEED, NOREUSE; madvise: COLD, PAGEOUT; preadv2, pwritev2: any flag, such as NOWAIT
    Argument((221, 223), 3, _ALL, (4, 5)),
    Argument((28, 233), 2, _ALL, (20, 21)),
    Argument((327, 286), 5, _ALL, (0,), refused=False),
    Argument((328, 287), 5, _ALL, (0,), refused=False),
    # fcntl: GETLK and OFD_GETLK, which tell of a reader's lock; leases, watches and hints of a file
    Argument((72, 25), 1, _ALL, (5, 36, *range(1024, 1027), *range(1035, 1039))),
    # fcntl: SETLK, SETLKW and OFD_SETLK, OFD_SETLKW say that all went well and hold nothing. A lock of /dev/null, which
    # all may write to, would tell other fences; databases want one of files that are in this fence alone.
    Argument((72, 25), 1, _ALL, (6, 7, 37, 38), error=0),
    # setsockopt: SO_SNDBUF says that all went well and enlarges nothing, so that the kernel's memory can be counted
    Argument((54, 208), 2, _ALL, (7,), error=0),
    # mmap: shared memory without a file, which stays when it is in no process's tables; huge pages
    Argument((9, 222), 3, 0x21, (0x21,)),
    Argument((9, 222), 3, 0x40000, (0x40000,)),
    # clone: a user namespace, in which a process had capabilities again, or any other
    *(
        Argument((56, 220), 0, flag, (flag,))
        for flag in (0x10000000, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x20000000, 0x40000000)
    ),
)

_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_SET_MODE_FILTER, _SPEC_ALLOW = 1, 4


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def restrict() -> None:
    """Refuse :data:`REFUSED` and :data:`ARGUMENTS` to this process and all that it starts, for good.

    The process must have one thread, and have said that it wants no new privileges. Raises OSError.
    """
    number, code = number_of("seccomp"), program(os.uname().machine)
    held = _Program(len(code) // 8, code)
    library = ctypes.CDLL(None, use_errno=True)
    flags = ctypes.c_ulong(_SPEC_ALLOW)  # what others may guess of this process is not what is kept here
    if library.syscall(number, ctypes.c_ulong(_SET_MODE_FILTER), flags, ctypes.byref(held)) != 0:
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")


def number_of(name: str) -> int:
    """Return the number of a call of :data:`REFUSED`, or of seccomp, here. Raises OSError on an unknown machine."""
    machine = os.uname().machine
    if machine not in ARCHITECTURES or struct.calcsize("P") != 8:
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {machine}")
    number = {**REFUSED, "seccomp": SECCOMP}[name][ARCHITECTURES[machine][0]]
    if number is None:
        raise OSError(errno.ENOSYS, f"{machine} has no {name}")
    return number


def program(machine: str) -> bytes:
    """Return the filter for a machine, as the kernel's instructions."""
    return b"".join(struct.pack("<HBBI", *one) for one in _instructions(*ARCHITECTURES[machine]))


def _instructions(which: int, architecture: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (what, how many to skip where it holds, and where not, with what)."""
    refuse = (_RETURN, 0, 0, _ERROR | errno.EPERM)
    yield (_LOAD, 0, 0, _ARCHITECTURE)
    yield (_EQUAL, 1, 0, architecture)  # such as the calls of 32 bits
    yield refuse
    yield (_LOAD, 0, 0, _NUMBER)
    yield (_AT_LEAST, 0, 1, X32)
    yield refuse
    for name, numbers in REFUSED.items():
        if (number := numbers[which]) is not None:
            yield (_EQUAL, 0, 1, number)
            yield (_RETURN, 0, 0, _ERROR | errno.ENOSYS) if name in UNKNOWN else refuse
    for one in ARGUMENTS:
        body = list(_compare_argument(one))
        yield (_EQUAL, 0, len(body), one.numbers[which])
        yield from body
    yield (_RETURN, 0, 0, _ALLOW)


def _compare_argument(one: Argument) -> Iterator[tuple[int, int, int, int]]:
    """Yield what refuses a call by an argument, and loads its number again where it does not."""
    refuse = (_RETURN, 0, 0, _ERROR | one.error)
    yield (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * one.index)
    yield (_AND, 0, 0, one.mask)
    last = len(one.values) - 1
    for place, value in enumerate(one.values):
        if one.refused:
            yield (_EQUAL, 0, 1, value)
            yield refuse
        else:
            yield (_EQUAL, last - place + 1, 0, value)  # over the refusal
    if not one.refused:
        yield refuse
    yield (_LOAD, 0, 0, _NUMBER)
