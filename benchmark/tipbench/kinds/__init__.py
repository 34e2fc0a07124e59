"""Kinds of prediction: what a method hands in, and the ground truth that it is scored against.

A kind is one class here, and one object of it in :data:`KINDS`.
"""

from tipbench.kinds.clusters import CLUSTERS
from tipbench.kinds.estimates import ESTIMATES
from tipbench.kinds.kind import PredictionKind
from tipbench.kinds.labelsets import CLASSES, LABELSETS
from tipbench.kinds.lists import CANDIDATES, FORECASTS, LINKS
from tipbench.kinds.scores import ALARMS, SCORES

KINDS: dict[str, PredictionKind] = {
    kind.name: kind
    for kind in (SCORES, CLUSTERS, CANDIDATES, FORECASTS, ALARMS, LABELSETS, ESTIMATES, LINKS, CLASSES)
}
"""Every kind by name."""
