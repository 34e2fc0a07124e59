"""The posterior of exploitation given all that causes it, and what came to light: a reference, never ranked.

Needs hidden truth: the log-odds (integer milli-nats) of a firm given its buyers' pressure, its care, who its agency is,
its audits and complaints, and when exploitation would have been in force. Cost: a look-up.
"""

from tipbaselines.frames import LogOddsOracle


class Oracle(LogOddsOracle):
    needs = frozenset({"firms.log_odds"})
