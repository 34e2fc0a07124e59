"""Kinds of prediction: what a method hands in, and the ground truth that it is scored against.

A kind is one class in a file of its own here, and one object of it in :data:`KINDS`.
"""

from tipbench.kinds.alarms import ALARMS
from tipbench.kinds.answers import Answers
from tipbench.kinds.candidates import CANDIDATES
from tipbench.kinds.classes import CLASSES
from tipbench.kinds.clusters import CLUSTERS
from tipbench.kinds.estimates import ESTIMATES
from tipbench.kinds.forecasts import FORECASTS
from tipbench.kinds.kind import PredictionKind
from tipbench.kinds.labelsets import LABELSETS
from tipbench.kinds.links import LINKS
from tipbench.kinds.predictions import check_predictions
from tipbench.kinds.scores import SCORES

KINDS: dict[str, PredictionKind] = {
    kind.name: kind
    for kind in (SCORES, CLUSTERS, CANDIDATES, FORECASTS, ALARMS, LABELSETS, ESTIMATES, LINKS, CLASSES)
}
"""Every kind by name."""

__all__ = [
    "ALARMS",
    "CANDIDATES",
    "CLASSES",
    "CLUSTERS",
    "ESTIMATES",
    "FORECASTS",
    "KINDS",
    "LABELSETS",
    "LINKS",
    "SCORES",
    "Answers",
    "PredictionKind",
    "check_predictions",
]
