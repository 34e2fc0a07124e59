"""The modules that make the documentation site, and the tables of costs, are on the path."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs" / "site"))
sys.path.append(str(ROOT / "research" / "cost"))
