"""The posterior of proceeds or control given a scheme's true habits and parameters: a reference, never ranked.

Needs hidden truth: log-odds of payments (integer milli-nats). It knows which payments are of one scheme, and its
habits; nothing of who else the scheme deals with. Cost: a join.
"""

from tipbaselines.frames import LogOddsOracle


class Oracle(LogOddsOracle):
    needs = frozenset({"payments.log_odds"})
