"""Where the tests of this folder find the digests of what is released."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
