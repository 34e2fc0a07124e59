"""Test on every unit, for questions whose truth nobody ever knows."""

from tipbench.data.splits.policy import Split, no_shift

SPLIT = Split(
    "all",
    "Every unit tested, nothing to learn from: where nobody ever knows the truth.",
    no_shift,
    place=8,
    all_tested=True,
)
