"""Declare the metrics that several families compute: of one name there is one entry."""

from tipbench.metrics.metric import Metric

ACCURACY = Metric("accuracy", "accuracy")
PRECISION = Metric("precision", "precision")
RECALL = Metric("recall", "recall")
F1 = Metric("f1", "F1")
PAIRWISE_F1 = Metric("pairwise_f1", "pairwise F1")
PAIRWISE_PRECISION = Metric("pairwise_precision", "pairwise precision")
PAIRWISE_RECALL = Metric("pairwise_recall", "pairwise recall")
