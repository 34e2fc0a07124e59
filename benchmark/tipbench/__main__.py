"""``python3 -m tipbench``, and the command ``tipbench``."""

import sys

INTERRUPTED = 130


def run() -> int:
    """The command line, with Ctrl-C answered in one line even while the package is still being loaded."""
    try:
        from tipbench.cli import main

        return main()
    except KeyboardInterrupt:
        sys.stderr.write("tipbench: interrupted before anything was done.\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(run())
