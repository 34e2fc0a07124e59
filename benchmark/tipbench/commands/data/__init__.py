"""``tipbench data``: make a release, check it, look at it, compare it with what is known, and publish it.

examples:
  tipbench data make release=small engine=loky engine.workers=4
  tipbench data verify release=small
  tipbench data preview release=tiny table=all
  tipbench data preview release=tiny table=adverts rows=5 language=ar
  tipbench data browse release=tiny
  tipbench data story find="form=labour views>=3"
  tipbench data fidelity release=small --figure fidelity.png
  tipbench data export release=tiny --to exports/tiny
  tipbench data story --help                                   each action teaches itself

Releases live in $TIPBENCH_HOME, by default the user's cache folder.
"""
