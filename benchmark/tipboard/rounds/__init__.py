"""Run sealed rounds: inputs whose truth nobody outside the host has until the seed is published.

:func:`tipboard.rounds.folds.load` gives a participant's fold; the rest is behind ``tipbench seal``.
"""
