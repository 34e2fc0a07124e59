"""Hold a release against published aggregates: each is declared once, with its target, its source and its use."""

from tipdata.documents.fidelity.holding import AggregateResult, compare_release
from tipdata.documents.fidelity.not_modelled import NOT_MODELLED, NotModelled
from tipdata.documents.fidelity.registry import aggregates

__all__ = ["NOT_MODELLED", "AggregateResult", "NotModelled", "aggregates", "compare_release"]
