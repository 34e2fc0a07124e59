"""``tipbench run``: fit, predict and score a method, or a grid of methods.

settings:
  key=value               overrides of the config: release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of
                          independent world 3), baseline=, ...; without any, experiment=quickstart

options:
  -m, --multirun          comma lists are run one by one
  --show                  print the resolved config and run nothing
  [--columns A,B]         columns of the table, in this order (all that fit); named below
  [--references [FOLDER]]
                          show the committed results of the shipped baselines in the same table (FOLDER: results of a
                          clone)
  [--log-file FILE]       write when each cell begins, ends or fails to this file
  --config-dir --json --quiet

examples:
  tipbench run                                                 the same as experiment=quickstart
  tipbench run baseline=advert_risk/tfidf_logreg release=small split=forward seed=0
  tipbench run baseline=advert_risk/tfidf_logreg baseline.method.c=1 --show
  tipbench run -m baseline=advert_risk/tfidf_logreg,advert_risk/lightgbm split=random,forward
  tipbench run experiment=board release=small engine.workers=4
your own data, and your own method:
  tipbench run baseline=advert_risk/tfidf_logreg data=sms_spam data.path=FOLDER
  tipbench run task=advert_risk baseline.method._target_=my_module.MyMethod baseline.method.depth=3
  tipbench run --config-dir configs baseline=advert_risk/mine

Runs are written to runs/DATA/TASK/SPLIT/METHOD/HASH-sSEED/ as result.json and
predictions.parquet. What is finished is not run again: overwrite=only_missing|always|never.
--references is explained in docs/guide.md.

A terminal shows a block per task; a pipe, or --columns, shows a row per method and split. --columns takes all, or
data, task, method, source, split, labels, metric, valid, score, seed_sd, interval, accused_per_find, share_of_oracle,
leakage, drift, accusations_per_find_20, accusations_per_find_50, worst_group_accused_50, wrongful_links,
accusations_per_find, worst_group_accused, harm_gap, protection_gap, coverage, interval_score, failed_intervals,
seconds.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import yaml
from tipcore.errors import CheckFailed, UsageError
from tipcore.spelling import count_of
from tipdata.core.world import release_name
from tipdata.release import open_release

from tipbench.config.compose import Composer, composer_of
from tipbench.config.settings import Settings
from tipbench.console import emit, emit_either, emit_json, emit_table, fit_terminal, notice
from tipbench.exit_codes import FAILED
from tipbench.runs import report
from tipbench.runs.cells import Cell
from tipbench.runs.figure import check_format, save
from tipbench.runs.findings import findings
from tipbench.runs.grid import allowed_splits, expand, runnable, sweep
from tipbench.runs.methods import limits_of
from tipbench.runs.results import Result
from tipbench.runs.runner import Outcome, run
from tipbench.tasks import task_of

OWN_CODE = True
QUICKSTART = "experiment=quickstart"
NO_FIGURE = "none, since no cell has a score"
LEGEND = (
    "random, operation, forward: splits, from the least to the most honest; interval and accused per find are of the "
    "last of them in the table.\n"
    "accused per find: lawful operations accused for each trafficking operation found, when half are found, or by the "
    "method's own decisions; for linkage, wrongful links per true link."
)
BY_FORM = "recall by form of exploitation, at the 1% budget or by timely alarms"
REFERENCES = "sorted by the score on the test part; source: yours, or a committed reference"
OF_COMMAND = ("experiment", "engine", "overwrite", "fence", "limits", "runs", "figure")
"""Settings of the whole command, not of a cell."""
WHAT = ("baseline", "experiment", "grid.baselines", "baseline.method._target_")


def call(options: argparse.Namespace) -> int:
    """Run what was typed."""
    quiet = options.quiet
    composer = composer_of(options.config_dir, options.overrides or [QUICKSTART])
    if all(composer.value(key) is None for key in WHAT):
        composer.settings(general=True)  # a misspelt key is named before what is missing
        raise UsageError(
            "There is nothing to run: add baseline=TASK/METHOD or experiment=NAME (see `tipbench list baselines`), "
            "or give no arguments for the quickstart."
        )

    splits = partial(allowed_splits, make=not options.show, quiet=quiet)
    expanded = sweep if options.multirun else expand
    cells = expanded(composer, splits, notice=partial(notice, quiet=quiet))
    drop = [one.key for one in composer.typed if one.key.partition(".")[0] not in OF_COMMAND]
    settings = composer.without(*drop).settings(general=True)
    if options.columns is not None:
        options.columns = [name.strip() for name in options.columns.split(",")]
    report.table([], options.columns)  # a misspelt column is refused before anything is run
    if options.show:
        return _show(cells, options.json)
    if settings.figure.path is not None:
        check_format(settings.figure.path, "figure.path=")
    beside = report.references_of(cells, options.references) if options.references is not None else []
    # Each release is made once, before workers start.
    wanted = {release_name(**one): one for cell in cells for one in cell.releases}
    for _, release in sorted(wanted.items()):
        open_release(**release, engine=settings.engine, quiet=quiet)

    single = len(cells) == 1
    outcomes = run(
        cells,
        engine="sequential" if single else settings.engine,
        overwrite=settings.overwrite,
        quiet=quiet,
        log_file=options.log_file,
        fence=limits_of(settings),
    )
    if single and outcomes[0].cause is not None:
        return _single_failure(outcomes[0], composer)
    return _report(outcomes, beside, settings, options)


def _show(cells: Sequence[Cell], as_json: bool) -> int:
    configs = [cell.config for cell in cells]
    shown: Any = configs[0] if len(configs) == 1 else {"cells": configs}
    emit_either(shown, yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=10_000), as_json)
    notice(f"{count_of(len(cells), 'cell')}; first run folder: {cells[0].folder}")
    return 0


def _single_failure(outcome: Outcome, composer: Composer) -> int:
    if outcome.unmapped:
        can = runnable(composer, outcome.cell.config["data"], task_of(outcome.cell.task))
        instead = f"or run one that can: {', '.join(can)}" if can else "no baseline can run without it"
        raise UsageError(f"{str(outcome.cause).rstrip('.')}; {instead}.")
    if outcome.usage:
        raise UsageError(str(outcome.cause))
    if outcome.trace:
        notice(outcome.trace)
    raise CheckFailed(f"{outcome.cell.name} failed: {outcome.cause}")


def _report(
    outcomes: Sequence[Outcome], beside: Sequence[Result], settings: Settings, options: argparse.Namespace
) -> int:
    """Show the outcomes of the cells; ``beside`` are references for the same table and figure."""
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    failures = [outcome for outcome in outcomes if outcome.result is None]
    lines = report.rows(results, beside if results else ())
    found = {(one.data, one.task): one.sentence for one in findings([*results, *beside] if results else [])}
    figure, trouble = _figure(lines, settings.figure.path)
    if options.json and len(outcomes) == 1 and not beside:
        emit_json(results[0].model_dump(mode="json"))
    elif options.json:
        emit_json({
            "rows": [report.document(line) for line in lines],
            "results": [result.model_dump(mode="json") for result in results],
            "findings": list(found.values()),
            "failures": [{"cell": failed.cell.name, "cause": failed.cause} for failed in failures],
            "figure": figure,
        })  # fmt: skip
    elif lines:
        if sys.stdout.isatty() and options.columns is None:
            _show_blocks(report.blocks(lines), found, options.quiet)
        else:
            columns, cells = report.table(lines, options.columns)
            left_out = emit_table(columns, cells, title=REFERENCES if beside else None)
            _notice_left_out(left_out, options.quiet)
            for sentence in found.values():
                notice(f"finding: {sentence}", options.quiet)
            if note := report.gap_note(lines, {column.title for column in columns}.difference(left_out)):
                notice(f"note: {note}", options.quiet)
        for result in results:
            if len(result.estimates) > 1:  # a single one stands among the scores
                title = f"{result.method_name}, split {result.split}: estimates"
                emit_table(*report.estimate_table(result.estimates, task_of(result.task).unit), title)
        columns, cells = report.form_table_of_results(results)
        if cells and len({result.task for result in results}) == 1:
            emit_table(columns, cells, BY_FORM)
    for note in _notes(results, alone=len(outcomes) == 1):
        notice(fit_terminal(f"note: {note}"), options.quiet or options.json)
    if len(outcomes) == 1:
        reused = " (was there already)" if outcomes[0].reused else ""
        notice(f"run: {outcomes[0].cell.folder}{reused}", options.quiet)
    if settings.figure.path is not None:
        notice(f"figure: {figure or NO_FIGURE}", options.quiet)
    for failed in failures:
        notice(f"failed: {failed.cell.name}: {failed.cause}")
    if trouble is not None:
        raise trouble
    if failures:
        notice(f"{len(failures)} of {len(outcomes)} cells failed; the others are finished.")
    return FAILED if failures else 0


def _show_blocks(shown: Sequence[report.Block], found: Mapping[tuple[str, str], str], quiet: bool) -> None:
    """Write a block per task, its finding first, and one legend for all of them."""
    left_out: dict[str, None] = {}
    for block in shown:
        if sentence := found.get(block.place):
            emit(fit_terminal(sentence))
        emit(fit_terminal(block.title))
        left_out |= dict.fromkeys(emit_table(block.columns, block.cells))
        emit("")
    notice(fit_terminal(LEGEND), quiet)
    _notice_left_out(left_out, quiet)


def _notice_left_out(titles: Iterable[str], quiet: bool) -> None:
    """Name the columns that a table had no room for."""
    if names := ", ".join(" ".join(title.split()) for title in titles):
        notice(fit_terminal(f"columns without room on this terminal: {names}; choose with --columns"), quiet)


def _notes(results: Sequence[Result], alone: bool) -> list[str]:
    """Return the notes of the results: with the warnings of a single run, else with the methods that have them."""
    if alone:
        return [note for result in results for note in (*result.notes, *result.warnings)]
    by_note: dict[str, dict[str, None]] = {}
    for result in results:
        for note in result.notes:
            by_note.setdefault(note, {})[result.method] = None
    return [f"{', '.join(methods)}: {note}" for note, methods in by_note.items()]


def _figure(lines: Sequence[report.Row], path: str | None) -> tuple[str | None, UsageError | None]:
    """Return the file of the figure, and the error that kept it from being written, to raise after the table."""
    try:
        return path if path is not None and save(lines, path) else None, None
    except UsageError as error:
        return None, error
