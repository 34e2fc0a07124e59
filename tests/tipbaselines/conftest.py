"""What tests of methods import lies beside them: folds made by hand, and simulated crowds."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).with_name("flag_aggregation"))]
