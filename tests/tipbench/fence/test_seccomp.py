"""The filter of system calls: what it refuses, on both machines, and that honest methods need none of it."""

import errno
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tipbench.data.fold import Prepared
from tipbench.fence.linux.seccomp import ARCHITECTURES, REFUSED, UNKNOWN, program
from tipbench.fence.method import FencedMethod

HERE = Path(__file__).parent
ALLOWED, REFUSAL, UNKNOWN_CALL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the kernel would make of a call: the filter, interpreted."""
    given = [*arguments, *(0,) * (6 - len(arguments))]
    word = ARCHITECTURES[machine][1] if architecture is None else architecture
    data, code = struct.pack("<IIQ6Q", number, word, 0, *given), program(machine)
    held, at = 0, 0
    while True:
        what, yes, no, value = struct.unpack_from("<HBBI", code, 8 * at)
        at += 1
        if what == 0x06:
            return value
        if what == 0x20:
            (held,) = struct.unpack_from("<I", data, value)
        elif what == 0x54:
            held &= value
        else:
            at += yes if (held == value if what == 0x15 else held >= value) else no


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_what_is_named_is_refused_and_all_else_allowed(machine: str) -> None:
    which = ARCHITECTURES[machine][0]
    refused = {numbers[which]: name for name, numbers in REFUSED.items()}
    for number in range(500):
        said = verdict(machine, number, 1)
        if number in refused:
            assert said == (UNKNOWN_CALL if refused[number] in UNKNOWN else REFUSAL), refused[number]
        else:
            assert said == ALLOWED, number


@pytest.mark.parametrize(
    ("x86_64", "aarch64", "arguments", "allowed"),
    [
        (41, 198, (1, 1), True),
        (41, 198, (2, 1), False),
        (41, 198, (40, 1), False),
        (41, 198, (1 << 32 | 2, 1), False),
        (53, 199, (1, 1), True),
        (53, 199, (16, 1), False),
        (221, 223, (3, 0, 0, 2), True),
        (221, 223, (3, 0, 0, 4), False),
        (28, 233, (0, 0, 4), True),
        (28, 233, (0, 0, 21), False),
        (327, 286, (3, 0, 1, 0, 0, 0), True),
        (327, 286, (3, 0, 1, 0, 0, 8), False),
        (328, 287, (3, 0, 1, 0, 0, 1), False),
        (72, 25, (3, 3), True),
        (72, 25, (3, 5), False),
        (72, 25, (3, 1025), False),
        (9, 222, (0, 1, 3, 0x22), True),
        (9, 222, (0, 1, 3, 0x01), True),
        (9, 222, (0, 1, 3, 0x21), False),
        (9, 222, (0, 1, 3, 0x23), False),
        (9, 222, (0, 1, 3, 0x40022), False),
        (56, 220, (0x3D0F00,), True),
        (56, 220, (0x10000011,), False),
    ],
)
def test_a_call_may_be_refused_for_an_argument(
    x86_64: int, aarch64: int, arguments: tuple[int, ...], allowed: bool
) -> None:
    for machine, number in (("x86_64", x86_64), ("aarch64", aarch64)):
        assert verdict(machine, number, *arguments) == (ALLOWED if allowed else REFUSAL), machine


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("command", [6, 7, 37, 38])
def test_a_lock_is_said_to_be_held_and_is_not(machine: str, command: int) -> None:
    assert verdict(machine, {"x86_64": 72, "aarch64": 25}[machine], 3, command) == 0x00050000


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_the_buffer_of_a_socket_is_not_enlarged(machine: str) -> None:
    number = {"x86_64": 54, "aarch64": 208}[machine]
    assert verdict(machine, number, 3, 1, 7) == 0x00050000
    assert verdict(machine, number, 3, 1, 2) == ALLOWED


def test_calls_of_another_set_are_refused() -> None:
    assert verdict("x86_64", 39, architecture=0x40000003) == REFUSAL  # those of 32 bits
    assert verdict("x86_64", 0x40000000 | 39) == REFUSAL  # x32
    assert verdict("aarch64", 172, architecture=0x40000028) == REFUSAL


def test_honest_methods_need_nothing_that_is_refused(
    put: Callable[..., FencedMethod], fenced: Prepared
) -> None:
    method = put("Attack", what="libraries")
    method.fit(fenced.folds[0], 0)
    assert method.notes == ["got []"]


SESSION = """
from ways import called, ctypes
from tipbench.fence.linux.sandbox import leave_keys
assert called(250, 219, 1, None)
assert called(248, 217, b"user", b"of-the-host", b"x", ctypes.c_size_t(1), ctypes.c_int(-3))
print(called(249, 218, b"user", b"of-the-host", None, ctypes.c_int(0)), end=" ")
leave_keys()
print(called(249, 218, b"user", b"of-the-host", None, ctypes.c_int(0)))
"""


def test_keys_of_the_hosts_session_stay_outside(put: Callable[..., FencedMethod], fenced: Prepared) -> None:
    """Which no fence can ask for either: it is told of none."""
    done = subprocess.run(
        [sys.executable, "-c", SESSION], capture_output=True, text=True, cwd=HERE, check=True
    )
    assert done.stdout == "True False\n"
    method = put("Attack", what="keys")
    method.fit(fenced.folds[0], 0)
    assert method.notes == ["kept out: LookupError: nothing there"]
