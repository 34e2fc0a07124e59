"""``tipbench score``: score a parquet or CSV file of predictions.

arguments:
  PREDICTIONS             a .parquet or .csv file

settings:
  key=value               task=, and release= (SIZE, or VERSION/SIZE) or data=, split=, replicates=

options:
  --config-dir --json --quiet

examples:
  tipbench score predictions.parquet task=advert_risk release=small split=forward
  tipbench score predictions.csv task=advert_linkage release=tiny --json
  tipbench score predictions.csv task=advert_risk data=sms_spam data.path=FOLDER

columns of predictions, by the kind of the task:
  scores                  UNIT, score: a score per unit, for every unit of valid and test
  clusters                UNIT, cluster: a cluster per unit, for every unit of test
  candidates              query, candidate, score: ranked candidates per query, ten at most for each query of
                          test
  forecasts               query, candidate, score: ranked candidates per step, ten at most for each query of
                          test, of its region
  alarms                  UNIT, step: an alarm, or none, per unit, for every unit of test; an empty step is
                          not an alarm
  labelsets               UNIT, score_*: a score per label and unit, for every unit of test (of valid too if
                          thresholds are tuned); score_urgency too if urgency is known
  estimates               UNIT, estimate, lower, upper: an estimate with its interval per unit, for every unit
                          of test; empty where there is no estimate
  links                   query, view, candidate, score: ranked rows of other tables per seed, ten at most of
                          each view for each seed of test, of its region
  classes                 UNIT, score_*: a score per class and unit, of which the highest decides, for every
                          unit of a user's own data of several classes

UNIT is the task's own: see `tipbench list tasks`. Labels of the test are always the truth. Malformed
predictions are refused, never repaired.
"""

import argparse

from tipcore.errors import UsageError
from tipcore.progress import progress
from tipdata.release import open_release

from tipbench.config.compose import composer_of
from tipbench.console import Column, emit_json, emit_table, notice
from tipbench.evaluation.evaluation import Evaluation
from tipbench.kinds.refusals import PredictionsRefused
from tipbench.loading import prepare
from tipbench.runs import report
from tipbench.runs.report import estimate_table, interval, number
from tipbench.runs.scoring import evaluate_prepared, read_predictions_file
from tipbench.tasks import score_version, task_of


def call(options: argparse.Namespace) -> None:
    """Score the file."""
    settings = composer_of(options.config_dir, options.overrides).settings()
    if settings.task is None:
        raise UsageError("The predictions need a task: add task=NAME; see `tipbench list tasks`.")

    task = task_of(settings.task.name)
    release, engine = settings.release, settings.engine
    predictions = read_predictions_file(options.predictions, task if release else None)
    source = release and open_release(release.version, release.size, engine, options.quiet, release.world)
    prepared = prepare(task, release=source, own=settings.data, split=settings.split.name)
    try:
        with progress("replicates", settings.replicates, options.quiet) as advance:
            found = evaluate_prepared(task, prepared, predictions, settings.replicates, advance=advance)
    except PredictionsRefused as error:
        raise UsageError(f"{options.predictions}: {error.said.rstrip('.')}.") from None
    for note in (f"{task.name} on {prepared.data}, split {prepared.split}", *prepared.notes, *found.warnings):
        notice(note, options.quiet)
    _emit(found, task.name, prepared.data, prepared.split, options.json)


def _emit(found: Evaluation, task: str, data: str, split: str, as_json: bool) -> None:
    if as_json:
        about = {"task": task, "data": data, "split": split, "versions": {"evaluator": score_version(task)}}
        emit_json({**about, **found.to_dict()})
        return
    columns = [Column("metric"), Column("value", True), Column("95% interval", True)]
    rows = [[n, number(s.value), interval(s.low, s.high, s.note)] for n, s in found.scores.items()]
    emit_table(columns, rows)
    if len(found.estimates) > 1:
        emit_table(*estimate_table(found.estimates, task_of(task).unit))
    if found.groups:
        metrics = list(dict.fromkeys(name for values in found.groups.values() for name in values))
        lines = [[g, *(number(values.get(name)) for name in metrics)] for g, values in found.groups.items()]
        emit_table([Column("group"), *(Column(name, True) for name in metrics)], lines)
    if found.by_form:
        emit_table(*report.form_table(found.by_form), title="recall by form of exploitation")
    if found.oracle:
        columns = [Column("reference"), Column("value", True)]
        emit_table(columns, [[name, number(value)] for name, value in found.oracle.items()])
