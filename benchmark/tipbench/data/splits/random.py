"""Divide rows at random, as the literature does: operations are on both sides."""

from tipbench.data.splits.policy import Split, no_shift

SPLIT = Split(
    "random", "Rows at random, as in the literature: leaks templates.", no_shift, place=2, by_cluster=False
)
