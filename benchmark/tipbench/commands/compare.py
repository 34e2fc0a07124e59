"""``tipbench compare``: test whether runs differ from the first run, by a paired cluster bootstrap.

arguments:
  RUN...                  run folders of the same data, task and split

settings:
  replicates=1000         of the paired cluster bootstrap

options:
  --json

example:
  tipbench compare runs/0.5.0/small/advert_risk/forward/{tfidf_logreg,lightgbm}/*-s0

The first run is the reference. Differences of the primary metric come from a paired cluster
bootstrap, p values are corrected by Holm over the runs compared; differences that are not significant say n.s.
"""

import argparse
from dataclasses import asdict

from tipbench.console import Column, emit_json, emit_table, notice
from tipbench.metrics.registry import metric_of
from tipbench.runs.api import compare_runs
from tipbench.runs.report import interval, number, signed

OWN_CODE = True


def call(options: argparse.Namespace) -> None:
    """Compare the runs."""
    found, results, names = compare_runs(options.run, "runs", options.replicates, notice)
    first = results[0]
    scores = {name: result.scores[result.primary] for name, result in zip(names, results, strict=True)}
    if options.json:
        about = {"task": first.task, "data": first.data, "split": first.split, "reference": names[0]}
        emit_json({**about, "metric": first.primary, "comparisons": [asdict(one) for one in found]})
        return
    numbers = (first.primary, "difference", "95% interval", "p (Holm)")
    columns = [Column("method"), *(Column(name, True) for name in numbers), Column("")]
    reference = scores[names[0]]
    rows = [[names[0], number(reference.value), "reference", "", "", ""]]
    for one in found:
        between = interval(one.low, one.high, one.note)
        verdict = "significant" if one.significant else "n.s."
        values = [number(scores[one.method].value), signed(one.difference), between, number(one.p_holm)]
        rows.append([one.method, *values, verdict])
    direction = ", lower is better" if metric_of(first.primary).lower_is_better else ""
    emit_table(columns, rows, title=f"{first.task} on {first.data}, split {first.split}{direction}")
