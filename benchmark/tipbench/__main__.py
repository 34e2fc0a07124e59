"""``python3 -m tipbench``, and the command ``tipbench``."""

import sys
from threading import Timer
from types import FrameType

from tipcore.operating_system import interrupt, on_interrupt

from tipbench.cli import main
from tipbench.exit_codes import INTERRUPTED

UNHEARD = ("cb", "__del__")
"""Functions whose exceptions Python ignores: the callback of the import lock, and finalizers."""
AGAIN_SECONDS = 0.05
"""Ctrl-C that arrives in one of them is sent again after this time."""


def run() -> int:
    """Run the command line. Ctrl-C ends it with one line, also while libraries are being loaded."""
    pressed: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        if frame is not None and frame.f_code.co_name in UNHEARD:
            Timer(AGAIN_SECONDS, interrupt).start()
            return
        raise KeyboardInterrupt

    on_interrupt(press)
    try:
        return main()
    except BaseException as error:
        # A native library that is being loaded may raise another error: pydantic's panics.
        if not isinstance(error, KeyboardInterrupt) and (not pressed or isinstance(error, SystemExit)):
            raise
        sys.stderr.write("tipbench: interrupted before anything was done.\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
