"""Spread independent work, regions of a release or cells of a grid, over processes, a cluster or nothing at all.

One function, :func:`run_all`, does it for every caller. What an engine adds is how items get to workers and results
back: ``spread(function, items, engine, quiet)`` of the module that has its name, which yields number and result of each
item as it is done. Results do not depend on the engine, since every random draw comes from a keyed stream.
"""

from tipcore.engines.engine import ENGINES, KEYS, Engine, engine_of
from tipcore.engines.spreading import run_all

__all__ = ["ENGINES", "KEYS", "Engine", "engine_of", "run_all"]
