"""Where the tests of this folder find the records that they attack."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
