"""``tipbench season``: open, enter, run, close and verify seasons, in which methods are ranked on hidden worlds.

examples, for the host:
  tipbench season open spring-2027 release=small closes=2027-03-01T12:00 --secret ~/secret/spring --to spring-2027
  tipbench season enter ~/secret/spring their-submission wheelhouse=their-wheels
  tipbench season run ~/secret/spring
  tipbench season close ~/secret/spring
  tipbench season wordbook check ~/secret/spring.yaml
examples, for everyone:
  tipbench submit season=spring-2027 package=acme==1.0 entry_class=fold baseline=advert_risk/tfidf_logreg --to ours ...
  tipbench season verify spring-2027

Packages are taken until the season closes; they are then frozen, and its worlds follow from a secret key and from
them. A team may enter three times; the last entry counts. Before the close, the season publishes for
each entry only "ran" or why it failed. Times are UTC. See docs/seasons.md.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time by which seasons open and close, in UTC."""
    return datetime.now(UTC)
