"""``tipbench data preview``: some rows of a table, adverts as cards; an overview of all tables; or your own data.

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world=; or data= and split= of your own data
  [table=TABLE]           adverts where none is given; all: tables, columns, and marginals beside published aggregates
  rows=10                 of each table
  [language=CODE]         rows of this language, such as ar

options:
  --config-dir --quiet --json

examples:
  tipbench data preview release=tiny
  tipbench data preview release=tiny table=adverts rows=5 language=ar
  tipbench data preview release=tiny table=all
  tipbench data preview data=sms_spam data.path=FOLDER rows=3          as methods are given them
"""

import argparse

from tipcore.errors import UsageError
from tipcore.spelling import check_word
from tipdata.documents.overview import describe, format_frame, preview

from tipbench.commands.data._release import check_rows, chosen_data, is_of_data, open_release_of
from tipbench.console import emit_either
from tipbench.loading import prepare


def call(options: argparse.Namespace) -> None:
    """Show some rows of a table of the release, or of a user's own data as methods are given them."""
    rows = check_rows(options.rows)
    if any(map(is_of_data, options.overrides)):
        _preview_own(rows, options)
        return
    what = "description" if options.table == "all" else "preview"
    release = open_release_of(options)
    if options.table == "all":
        if options.language is not None:
            raise UsageError("language= chooses rows of one table: add table=TABLE, or leave out language=.")
        text = describe(release)
    else:
        text = preview(release, table=options.table or "adverts", rows=rows, language=options.language)
    emit_either({"release": release.name, what: text}, text, options.json)


def _preview_own(rows: int, options: argparse.Namespace) -> None:
    keys = [word.partition("=")[0].lstrip("+") for word in options.overrides]
    keys += ["language"] if options.language is not None else []
    for key in keys:
        if key.partition(".")[0] not in ("data", "split"):
            raise UsageError(f"{key}= is for releases: own data take data=, split=, table= and rows=.")
    own, split = chosen_data(options, options.overrides)
    table = options.table
    prepared = prepare(own.task, own=own, split=split)
    fold = prepared.folds[0]
    if table is not None:
        check_word(table, fold.tables, f"data={own.name} has no table {table}")
    number = "" if len(prepared.folds) == 1 else f" (the first of {len(prepared.folds)})"
    parts = [f"data={own.name}, split {prepared.split}: {fold!r}{number}", *prepared.notes]
    for name, lazy in fold.tables.items():
        if table in (None, name):
            frame = lazy.head(rows).collect()
            if name == fold.task.table and fold.supervision.height:
                learnt = fold.supervision.drop("part")
                frame = frame.join(learnt, on=fold.task.unit, how="left", maintain_order="left")
            parts.append(f"{name}:\n{format_frame(frame, letters=80)}")
    text = "\n".join(parts)
    emit_either({"data": own.name, "preview": text}, text, options.json)
