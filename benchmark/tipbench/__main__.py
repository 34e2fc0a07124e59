"""``python3 -m tipbench``, and the command ``tipbench``."""

import signal
import sys
from types import FrameType

from tipbench.cli import main
from tipbench.exit_codes import INTERRUPTED


def run() -> int:
    """Run the command line, with Ctrl-C answered in one line even while libraries are still being loaded."""
    pressed: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, press)
    try:
        return main()
    except BaseException as error:
        # A native library that is being loaded may make something else of it: pydantic's panics.
        if not isinstance(error, KeyboardInterrupt) and (not pressed or isinstance(error, SystemExit)):
            raise
        sys.stderr.write("tipbench: interrupted before anything was done.\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
