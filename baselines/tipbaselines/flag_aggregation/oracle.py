"""The posterior of harmful given the reviewers' true confusions and the true operation: the ceiling, never ranked.

It knows each vote's true probability under every kind and ease of advert, which votes are a brigade's, and all votes
on the operation's queued adverts. Needs hidden truth (log-odds in integer milli-nats). Cost: none.
"""

from tipbaselines.frames import LogOddsOracle


class Oracle(LogOddsOracle):
    needs = frozenset({"queue.advert", "queue.operation_log_odds"})
    log_odds = "operation_log_odds"
