"""``python3 -m tipbench``."""

import sys

from tipbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
