"""Test on other operations, on all days."""

from tipbench.data.splits.policy import Split, no_shift

SPLIT = Split("operation", "Operation-disjoint, all days.", no_shift, place=1)
