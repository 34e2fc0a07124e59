"""``python3 -m tipbench``, and the command ``tipbench``."""

import sys
from threading import Timer
from types import FrameType

from tipcore.operating_system import interrupt, on_interrupt

from tipbench.cli import main
from tipbench.exit_codes import INTERRUPTED

AGAIN_SECONDS = 0.05
"""Ctrl-C that Python ignored is sent again after this time."""


def run() -> int:
    """Run the command line. Ctrl-C ends it with one line, also while libraries are being loaded."""
    pressed: list[int] = []
    report = sys.unraisablehook

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    def send_again(ignored: "sys.UnraisableHookArgs") -> None:
        """Python ignores exceptions in finalizers and in callbacks of weak references and of native libraries."""
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            Timer(AGAIN_SECONDS, interrupt).start()
        else:
            report(ignored)

    on_interrupt(press)
    sys.unraisablehook = send_again
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
