"""Metrics: each family computes values, each metric is one entry of the registry."""
