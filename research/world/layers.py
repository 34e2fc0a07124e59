"""Which layer of an operation tells its kind? python research/world/layers.py [--regions 64] [--world 1]

The mutual information of kind (trafficking or not) and each layer alone, over operations that post, in milli-nats an
operation: mean of log P(kind | layer) - log P(kind), by the exact law that the operation was drawn from, and the
layer's share of the sum. *Life* is how an operation lives, what it says of it, and whether it tours. Words are no
layer: they are drawn without the kind (``wording.py`` measures that).
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from drawn import asking
from tipdata.core.draw import log, log_sum, normalise, probability
from tipdata.core.kinds import KINDS, TRAFFICKING
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables
from tipdata.stages.operations.habits import TOURING, draw_levels

LAYER = {
    "obfuscation": "contacts", "churn": "contacts", "discount": "price", "hours": "time", "volume": "time",
    "templates": "time", "images": "images", "migrant": "migration",
}  # fmt: skip


def main() -> None:
    """Print the table."""
    options = asking(__doc__).parse_args()
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    world = World.of(newest_released(), options.world)
    for index in range(options.regions):
        for name, told in told_by(world, index).items():
            found[name].append(told)
    milli = {name: float(np.concatenate(parts).mean()) for name, parts in found.items()}
    whole, layers = milli.pop("all"), sum(milli.values())
    print(f"{'layer':12} {'milli-nats':>10} {'share':>7}")
    for name, value in sorted(milli.items(), key=lambda item: -item[1]):
        print(f"{name:12} {value:10.2f} {value / layers:7.1%}")
    print(f"{'together':12} {whole:10.2f}")


def told_by(world: World, index: int) -> dict[str, np.ndarray]:
    """Return of each layer, and of all, what it tells of each posting operation's kind, milli-nats [operations]."""
    region = world.region(index)
    o = draw_tables(region, ("places", "operations"))[0]["operations"]
    local = np.arange(len(o.id))
    layers: dict[str, np.ndarray] = {"life": o.life.log, "category": o.category_log[o.category]}
    for name, listed in region.group("operations.traits").items():
        if name == TOURING:
            continue
        streams = ("parameter/trait", "operations")
        levels, told = draw_levels(region, local, o.kind, KINDS, {name: listed}, streams)
        assert (levels[name] == o.traits[name]).all()
        layers[LAYER[name]] = layers.get(LAYER[name], np.zeros_like(told)) + told
    prior = log(normalise(np.array([probability(region[f"operations.kind.{k}"]) for k in KINDS])))
    layers["all"] = np.sum(list(layers.values()), axis=0)
    positive = (o.kind == TRAFFICKING)[o.posts]
    return {name: _told(prior, told[o.posts], positive) for name, told in layers.items()}


def _told(prior: np.ndarray, told: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Return log P(kind | layer) - log P(kind), milli-nats, of each operation; ``told``: (operations, kinds)."""

    def binary(logs: np.ndarray) -> np.ndarray:
        lawful = log_sum(logs[:, TRAFFICKING + 1 :])
        return np.where(positive, logs[:, TRAFFICKING], lawful) - log_sum(logs)

    return binary(prior + told) - binary(np.broadcast_to(prior, told.shape))


if __name__ == "__main__":
    main()
