"""Gravity: the next town is drawn by its size over a power of its distance, less across a border.

Zipf (1946), as a conditional logit (McFadden 1974) whose exponents are fitted to the moves of training by maximum
likelihood. Needs towns of stops, size and coordinates of towns; uses jurisdictions where there are any. Cost: seconds.
"""

from dataclasses import dataclass

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.route_forecast.itineraries import NEEDS, Histories, Moves, TownMethod, Towns

START = (1.0, -1.0, -1.0)
"""Exponents of size and distance, and what a border costs in nats, before any training."""


@dataclass(eq=False)
class Gravity(TownMethod):
    """``soften_km``: added to distances, so that towns close by are not all there is."""

    soften_km: float = 30.0
    needs = NEEDS | {f"places.{name}" for name in ("population", "x_km", "y_km")}

    def fit(self, fold: Fold, seed: int) -> None:
        from scipy.optimize import minimize

        stops = self.start(fold)
        moves = Moves.of(stops, self.unit, self.towns)
        self._pull, self._weights = attraction(self.towns, self.soften_km), np.array(START)
        moved = moves.town != moves.origin
        region, origin, town = moves.region[moved], moves.origin[moved], moves.town[moved]
        if len(town):
            left = self.towns.there[region] & (np.arange(self.towns.most) != origin[:, None])
            given = self._pull[region, origin], left, town
            self._weights = minimize(_unlikely, self._weights, given, jac=True, method="L-BFGS-B").x

    def scores(self, past: Histories, at: np.ndarray) -> np.ndarray:
        return self._pull[past.region[at], past.here(at)] @ self._weights


def attraction(towns: Towns, soften: float) -> np.ndarray:
    """Return (regions, from, to, 3) logarithms of size and distance, and whether there is a border between."""
    size = np.log(towns.sizes() + 1e-9)
    x, y = towns.value("x_km", 0.0), towns.value("y_km", 0.0)
    apart = np.hypot(x[:, :, None] - x[:, None, :], y[:, :, None] - y[:, None, :])
    of = towns.value("jurisdiction", -1.0) if "jurisdiction" in towns.table.columns else np.zeros_like(x)
    border = (of[:, :, None] != of[:, None, :]).astype(float)
    return np.stack([np.broadcast_to(size[:, None, :], apart.shape), np.log(apart + soften), border], axis=-1)


def _unlikely(
    weights: np.ndarray, drawn: np.ndarray, left: np.ndarray, town: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return mean negative log-likelihood of the moves in nats, and its gradient."""
    pull = np.where(left, drawn @ weights, -np.inf)
    top = pull.max(axis=1, keepdims=True)
    total = top + np.log(np.exp(pull - top).sum(axis=1, keepdims=True))
    p = np.exp(pull - total)
    rows = np.arange(len(town))
    expected = np.einsum("nt,ntf->nf", p, drawn)
    return float(np.mean(total[:, 0] - pull[rows, town])), (expected - drawn[rows, town]).mean(axis=0)
