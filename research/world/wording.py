"""Does the wording of adverts tell the kind? python research/world/wording.py [--regions 64] [--world 1]

For each language: the information of the frame about the kind (trafficking or not) given category, fact and level, in
milli-nats a sentence, less its mean over permutations in which kinds are dealt anew among the operations of a
language and category that say about as many sentences. Both matter: nouns restrict frames, and whoever writes more
templates repeats a frame more often. The interval is that of the permutations; it must cover the excess, whose *z* is
in their standard deviations. *Planted found*: how often a tilt is seen in which a twentieth of all frames, one in
every other level, takes half of trafficking's sentences of its level. One advert a template.
"""

from __future__ import annotations

import numpy as np
from drawn import NEEDED, asking
from tipdata.core.kinds import CATEGORIES, LANGUAGES, TRAFFICKING
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables
from tipdata.stages.operations.state import SILENT

FRAMES = 32
SENTENCES = (1, 12, 18, 26, 34, 44, 56, 70, 90)
"""Bounds between operations that say about as many."""


def sentences(world: World, regions: int) -> dict[str, np.ndarray]:
    """Return of each fact said in a template's first advert its language, cell (category, fact, level), frame and
    operation; and of each operation its stratum, and whether it is of trafficking."""
    rows: dict[str, list[np.ndarray]] = {name: [] for name in ("language", "cell", "frame", "operation")}
    of: dict[str, list[np.ndarray]] = {"stratum": [], "positive": []}
    count = 0
    for index in range(regions):
        past, _ = draw_tables(world.region(index), NEEDED)
        o, adverts = past["operations"], past["adverts"]
        first = np.unique(adverts.template, return_index=True)[1]
        said, operation = adverts.statements, adverts.operation
        row, fact = np.nonzero(said.level[first] != SILENT)
        at = first[row]
        rows["language"].append(o.language[operation[at]])
        rows["cell"].append((o.category[operation[at]] * 64 + fact) * 8 + said.level[at, fact])
        rows["frame"].append(said.frame[at, fact])
        rows["operation"].append(operation[at] + count)
        # Kinds are dealt among those that post: most of the rest are trafficking.
        of["stratum"].append((o.language * len(CATEGORIES) + o.category) * 2 + o.posts)
        of["positive"].append(o.kind == TRAFFICKING)
        count += len(o.id)
    found = {name: np.concatenate(parts) for name, parts in {**rows, **of}.items()}
    said = np.bincount(found["operation"], minlength=count)
    found["stratum"] = found["stratum"] * (len(SENTENCES) + 1) + np.digitize(said, SENTENCES)
    return found


def information(cell: np.ndarray, frame: np.ndarray, positive: np.ndarray) -> float:
    """Return the conditional mutual information of frame and kind given the cell, milli-nats a sentence."""
    size = int(cell.max()) + 1
    joint = np.bincount((cell * FRAMES + frame) * 2 + positive, minlength=size * FRAMES * 2).reshape(
        size, FRAMES, 2
    )
    by_frame, by_kind, total = joint.sum(2), joint.sum(1), joint.sum((1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = joint * total[:, None, None] / (by_frame[:, :, None] * by_kind[:, None, :])
        return float(1000 * np.nansum(joint * np.log(ratio)) / len(cell))


def dealt(stratum: np.ndarray, positive: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return kinds dealt anew within strata."""
    order = np.argsort(stratum, kind="stable")
    mixed = np.lexsort((generator.random(len(stratum)), stratum))
    made = np.empty_like(positive)
    made[order] = positive[mixed]
    return made


def planted(
    cell: np.ndarray, frame: np.ndarray, positive: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Return frames in which trafficking leans to the first frame of levels with a twentieth of all frames."""
    levels = np.unique(cell)
    tilted = generator.random(int(cell.max()) + 1) < 0.5
    tilted &= np.isin(np.arange(len(tilted)), levels)
    moved = positive & tilted[cell] & (generator.random(len(cell)) < 0.5)
    return np.where(moved, 0, frame)


def main() -> None:
    """Print the table."""
    parser = asking(__doc__)
    parser.add_argument("--permutations", type=int, default=200)
    options = parser.parse_args()
    data = sentences(World.of(newest_released(), options.world), options.regions)
    generator = np.random.default_rng(0)
    deals = [dealt(data["stratum"], data["positive"], generator) for _ in range(options.permutations)]
    print("language  sentences  observed   excess      z   95% of permutations  planted found")
    for number, language in enumerate(LANGUAGES):
        here = data["language"] == number
        cell = np.unique(data["cell"][here], return_inverse=True)[1]
        frame, owner = data["frame"][here], data["operation"][here]
        none = np.array([information(cell, frame, deal[owner]) for deal in deals])
        low, high = np.quantile(none - none.mean(), [0.025, 0.975])
        observed = information(cell, frame, data["positive"][owner])
        found = []
        for _ in range(20):
            other = planted(cell, frame, data["positive"][owner], generator)
            base = np.mean([information(cell, other, deal[owner]) for deal in deals[:20]])
            found.append(information(cell, other, data["positive"][owner]) - base > high)
        print(
            f"{language:9} {here.sum():9,} {observed:9.2f} {observed - none.mean():8.2f} "
            f"{(observed - none.mean()) / none.std():6.2f} "
            f"{f'{low:.2f} to {high:.2f}':>21} {np.mean(found):14.2f}"
        )


if __name__ == "__main__":
    main()
