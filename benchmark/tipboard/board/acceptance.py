"""A submission is accepted: checked and scored as its authors could, its predictions kept, its scores written down.

Each accepted submission is a folder of its own that is renamed into place, and predictions lie under their digests;
there is no list to update, so any number of submissions can be accepted at the same moment.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tipcore.atomic import fill_folder_atomically
from tipcore.errors import UsageError
from tipcore.operating_system import require_confinement
from tipdata.core.world import check_status

from tipboard.board.collection import REPLICATES, draws_of_evaluation, is_kept
from tipboard.board.files import RECORD, SUBMISSIONS, UPLOADED, store_results
from tipboard.submissions.check import Checked, check
from tipboard.submissions.messages import Problem, Refused, quote
from tipboard.submissions.record import to_json
from tipboard.submissions.storage import store_of


def accept(
    submission: Path, results: Path, replace: bool = False, quiet: bool = False, draft: bool = False
) -> tuple[Path, Checked]:
    """Check a submission, keep its predictions in the board's store and its scores in ``results``.

    ``replace``: whether it takes the place of an earlier one of the same team and method; ``draft``: whether it may be
    on a draft of the data. Returns the folder that it was written to, and what was checked.

    Raises:
        Refused: as :func:`tipboard.submissions.check.check` does.
        UsageError: where it is there already, is of a season or of a draft, or something cannot be written; on a
            system that cannot confine what reads it.
    """
    require_confinement("Accepting a submission")
    store = store_of(results)
    with tempfile.TemporaryDirectory(prefix="tipbench-accept-") as work:
        checked = check(submission, workdir=Path(work), replicates=REPLICATES, quiet=quiet)
        record = checked.record
        if (name := submission.resolve().name) != record.id:
            said = f"it is of {record.id} and its folder is {quote(name)}; rename the folder {record.id}."
            raise Refused(submission, [Problem(RECORD, said)])
        check_status(record.versions.data, draft)
        place = results / record.data / SUBMISSIONS / record.id
        if place.exists() and not replace:
            raise UsageError(
                f"{record.id} is on the board of {record.data} already: add overwrite=true, or raise the method's name."
            )
        for one in checked.scored:
            if one.predictions is not None:
                store.put(one.predictions.read_bytes())
        advice = "add overwrite=true, or give another --to"
        with fill_folder_atomically(place, replace=replace, advice=advice) as beside:
            (beside / RECORD).write_text(to_json(record), encoding="utf-8")
            kept = [one for one in checked.scored if is_kept(one.result)]
            drawn = [draws_of_evaluation(one.result, one.evaluation) for one in kept]
            store_results(beside / UPLOADED, [one.result for one in checked.scored], drawn)
    return place, checked
