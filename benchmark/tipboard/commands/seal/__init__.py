"""``tipbench seal``: make, enter, score, reveal and verify sealed rounds.

examples, for the host:
  tipbench seal new spring-2027 release=small closes=2027-03-01 --secret ~/secret/spring-2027 --to spring-2027
  tipbench seal score ~/secret/spring-2027 their-submission
  tipbench seal score ~/secret/spring-2027                   after the close: scores.json
  tipbench seal score ~/secret/spring-2027 void=4 reason="Withdrawn by its authors."
  tipbench seal score ~/secret/spring-2027 reveal=true --to spring-2027
examples, for everyone:
  tipbench seal verify spring-2027
  tipbench seal predict spring-2027 baseline=advert_risk/tfidf_logreg release=small --to scores.parquet
  tipbench submit advert_risk/sealed/s0=scores.parquet round=spring-2027 --to ours ...

A round is open until the end of the closing day (UTC). A team may hand in three submissions; all are
shown at the close, with three decimals, and for each task only the last submission counts. Which columns a team
looked at is declared and cannot be checked. See docs/seal.md.
"""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time by which rounds open and close, in UTC."""
    return datetime.now(UTC)
