"""Ways past namespaces, most of which work outside a fence."""

import ctypes
import fcntl
import mmap
import os
import socket


def works(way) -> bool:
    try:
        return way() is not False
    except OSError:
        return False


def called(x86_64, aarch64, *arguments) -> bool:
    number = x86_64 if os.uname().machine == "x86_64" else aarch64
    return ctypes.CDLL(None, use_errno=True).syscall(number, *arguments) >= 0


def on_a_file(way):
    with open(os.__file__, "rb") as file:
        return way(file)


WAYS = {
    "add_key": lambda: called(248, 217, b"user", b"hostile", b"x", ctypes.c_size_t(1), ctypes.c_int(-3)),
    "keyctl": lambda: called(250, 219, ctypes.c_int(0), ctypes.c_int(-3), ctypes.c_int(1)),
    "flock": lambda: on_a_file(lambda file: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)),
    "getlk": lambda: on_a_file(lambda file: fcntl.fcntl(file, fcntl.F_GETLK, bytes(32))),
    "touch": lambda: os.utime("/dev/null"),
    "lease": lambda: on_a_file(lambda file: fcntl.fcntl(file, fcntl.F_GETLEASE)),
    "evict": lambda: on_a_file(lambda file: os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)),
    "cached": lambda: on_a_file(lambda file: os.preadv(file.fileno(), [bytearray(1)], 0, os.RWF_HIPRI)),
    "readahead": lambda: on_a_file(lambda file: called(187, 213, file.fileno(), ctypes.c_long(0), 4096)),
    "inotify": lambda: called(294, 26, 0),
    "mincore": lambda: called(27, 232, ctypes.c_void_p(0), ctypes.c_size_t(0), ctypes.c_void_p(0)),
    "memfd": lambda: os.memfd_create("hostile"),
    "shmget": lambda: called(29, 194, 0, ctypes.c_size_t(4096), 0o1600),
    "msgget": lambda: called(68, 186, 0, 0o1600),
    "shared": lambda: mmap.mmap(-1, 4096),
    "zero": lambda: open("/dev/zero", "rb").close(),
    "inet": lambda: socket.socket(socket.AF_INET),
    "vsock": lambda: socket.socket(40, socket.SOCK_STREAM),
    "alg": lambda: socket.socket(38, socket.SOCK_SEQPACKET),
    "netlink": lambda: socket.socket(16, socket.SOCK_RAW),
}
