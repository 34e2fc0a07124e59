"""Test on other operations, on all days."""

from __future__ import annotations

from tipbench.data.splits.policy import Split, everywhere

SPLIT = Split("operation", "Operation-disjoint, all days.", everywhere, place=1)
