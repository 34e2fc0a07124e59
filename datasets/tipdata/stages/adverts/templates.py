"""Templates of adverts, and copies of them."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import probability
from tipdata.core.kinds import CATEGORIES, KINDS, MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.operations.lives import within
from tipdata.stages.operations.stage import Operations


@dataclass(frozen=True)
class Chains:
    """Adverts in the order of their templates and times; int64 arrays of length n.

    Attributes:
        row: local number of the advert (stable whatever other adverts exist).
        operation: local number of its operation.
        template: local number of its template, ``operation * MAX_TEMPLATES + t``.
        first: bool, the template's first advert.
    """

    row: np.ndarray
    operation: np.ndarray
    template: np.ndarray
    first: np.ndarray


def draw_copies(region: Region, o: Operations) -> np.ndarray:
    """For every template the template whose text it has: mostly itself, sometimes a stranger's of the same kind."""
    template = np.arange(len(o.id) * MAX_TEMPLATES)
    owner, number = template // MAX_TEMPLATES, template % MAX_TEMPLATES
    exists = o.posts[owner] & (number <= o.traits["templates"][owner])
    p = np.array([probability(region["writing.copies"][k]) for k in KINDS])[o.kind[owner]]
    copied = exists & region.stream("templates/copied").chance(template, p)
    group = (o.language[owner] * len(CATEGORIES) + o.category[owner]) * 3 + o.part[owner]
    other = within(region, "templates/source", template, group, exists & ~copied)
    foreign = copied & (other >= 0) & (owner != other // MAX_TEMPLATES)
    return np.where(foreign, other, template)
