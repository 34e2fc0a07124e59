"""Holding a round's folder against what it says of itself and, once the seed is out, against the seed.

Before the seed is published anyone can check that the files are those that were published. Afterwards the commitment
is recomputed, every region is made again, every published column, every unit and every answer is compared, and every
submission is scored again from its published predictions.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal
from tipcore.digest import column_digest
from tipcore.engines import Engine, run_all
from tipcore.errors import MachineFault, UsageError
from tipcore.table_files import UNREADABLE, read_parquet

from tipboard.rounds.audit import audit, read_scores, rescored
from tipboard.rounds.chain import Intake, link_hash
from tipboard.rounds.components import check_wheel, components, differences
from tipboard.rounds.make_round import (
    ANSWERS,
    GALLERIES,
    INPUTS,
    UNITS,
    Plan,
    Whole,
    file_digest,
    files_of,
    make_round,
)
from tipboard.rounds.record import (
    DIGESTS,
    HEX,
    PREDICTIONS,
    REVEALED,
    ROUND,
    SCORES,
    Digests,
    Revealed,
    Round,
    commitment_of,
    read,
    read_round,
)
from tipboard.rounds.scores import Scores
from tipboard.submissions.messages import quote

LATER = (REVEALED, SCORES)
LATER_FOLDERS = (ANSWERS, GALLERIES, PREDICTIONS)
"""Files and folders that join a round's folder when it is over."""


@dataclass(frozen=True)
class Verified:
    """``differences``: one clause for each thing that is not as it should be; ``notes``: what explains some of them,
    and what was not checked; ``receipts``: what was found of each that is in the chain."""

    round: Round
    revealed: bool
    files: int
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)


def verify(
    folder: Path,
    engine: Engine | str = "loky",
    quiet: bool = False,
    receipts: Sequence[str] = (),
) -> Verified:
    """Check a round's public folder.

    Files, columns, the chain of submissions, receipts of them and the commitment to the seed are checked by any
    tipbench, what the seed gives by the round's alone.

    Raises UsageError where it is not a round, its files or a receipt cannot be read, or all that is left to check takes
    another tipbench.
    """
    described = read_round(folder)
    receipts = [_receipt(word) for word in receipts]
    content = _bytes(folder / DIGESTS)
    if hashlib.sha256(content).hexdigest() != described.digests:
        return Verified(described, False, 0, [f"{DIGESTS} is not the file that {ROUND} names"])
    digests: Digests = read(folder / DIGESTS, Digests, "sealed round")
    found = _file_differences(folder, digests)
    if not found:
        found += _column_differences(folder, digests, quiet)
    revealed = (folder / REVEALED).is_file()
    notes = differences(described.components, components(described.data))
    scores = read_scores(folder)
    held, told, said = _scores_held(scores, described, revealed, receipts)
    found += held
    if revealed:
        seed = bytes.fromhex(read(folder / REVEALED, Revealed, "revealed round").seed)
        if commitment_of(seed, described) != described.commitment:
            found.append(f"{ROUND}: the seed in {REVEALED} does not give the commitment")
        elif not notes:
            found += _made_again(folder, described, seed, digests, engine, quiet)
            found += _score_differences(folder, scores, described) if scores is not None else []
        elif not found:
            check_wheel(
                described, "make it again from its seed; its files and its commitment are as published"
            )
    found = list(dict.fromkeys(found))
    return Verified(described, revealed, len(digests.files), found, [*notes, *told], said)


def _receipt(word: str) -> str:
    found = word.strip().lower()
    if not re.fullmatch(HEX, found):
        raise UsageError(
            f"{quote(word)} is not a receipt: give the 64 signs that `tipbench seal score` printed."
        )
    return found


def _scores_held(
    scores: Scores | None, described: Round, revealed: bool, receipts: Sequence[str]
) -> tuple[list[str], list[str], list[str]]:
    """Return what differs in scores, what was not checked, and what was found of receipts."""
    if scores is None:
        told = [f"receipt {one} was not checked: {SCORES} is not published" for one in receipts]
        return ([f"{SCORES}: is missing", *told], [], []) if revealed else ([], told, [])
    found, said = audit(scores, described), list[str]()
    links = {link_hash(link): link for link in scores.chain}
    for one in receipts:
        link = links.get(one)
        if one == described.commitment:
            said.append(f"receipt {one}: the commitment, before any submission")
        elif link is None:
            found.append(f"receipt {one}: nothing in the chain of {SCORES} has it")
        elif isinstance(link, Intake):
            said.append(
                f"receipt {one}: in the chain, submission {link.number}, the {link.turn} of {quote(link.team)}, "
                f"taken in {link.taken_in.isoformat()}"
            )
        else:
            said.append(
                f"receipt {one}: in the chain, submission {link.number} void since {link.at.isoformat()}"
            )
    return found, [], said


def _score_differences(folder: Path, scores: Scores, described: Round) -> list[str]:
    try:
        return rescored(folder, scores, described)
    except MachineFault as error:  # answers that no one can read any more, or predictions
        return [str(error).rstrip(".")]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}; get the round again.") from None


def _file_differences(folder: Path, digests: Digests) -> list[str]:
    there = {path.relative_to(folder).as_posix(): path for path in files_of(folder)}
    found = [f"{name}: is missing" for name in sorted(digests.files.keys() - there.keys())]
    known = {*digests.files, ROUND, DIGESTS, *LATER}
    extra = (n for n in sorted(there.keys() - known) if n.split("/")[0] not in LATER_FOLDERS)
    found += [f"{name}: does not belong to the round" for name in extra]
    found += [
        f"{name}: differs from the published file"
        for name, digest in digests.files.items()
        if name in there and file_digest(there[name]) != digest
    ]
    return found


def _column_differences(folder: Path, digests: Digests, quiet: bool) -> list[str]:
    """Return columns whose file is as published and which are not what their digest says."""
    work = partial(_region_differences, folder, digests)
    regions = list(digests.columns)
    found = [
        said
        for one in run_all(work, regions, engine="sequential", label="regions", quiet=quiet)
        for said in one
    ]
    for task, digest in digests.units.items():
        path = f"{UNITS}/{task}.parquet"
        if path not in digests.files:
            found.append(f"{path}: does not belong to the round")
        elif column_digest(read_parquet(folder / path).to_series()) != digest:
            found.append(f"{path}: the units differ from their digest")
    return found


def _region_differences(folder: Path, digests: Digests, region: str) -> list[str]:
    found = []
    for table, columns in digests.columns[region].items():
        path = f"{INPUTS}/{region}/{table}.parquet"
        if path not in digests.files:
            found.append(f"{path}: does not belong to the round")
            continue
        frame = read_parquet(folder / path)
        strange = sorted(set(frame.columns) ^ set(columns))
        found += [f"{path}: column {name} was not published" for name in strange]
        found += [
            f"{path}: column {name} differs from its digest"
            for name, digest in columns.items()
            if name in frame.columns and column_digest(frame[name]) != digest
        ]
    return found


def _made_again(
    folder: Path,
    described: Round,
    seed: bytes,
    digests: Digests,
    engine: Engine | str,
    quiet: bool,
) -> list[str]:
    plan = plan_of(described)
    with tempfile.TemporaryDirectory() as place:
        whole = make_round(seed, plan, Path(place) / "public", Path(place) / "secret", engine, quiet)
    found = [
        f"{INPUTS}/{region}/{table}.parquet: column {name} does not match the seed"
        for region, tables in whole.columns.items()
        for table, columns in tables.items()
        for name, digest in columns.items()
        if digests.columns.get(region, {}).get(table, {}).get(name) != digest
    ]
    return found + _truth_differences(folder, whole, digests)


def _truth_differences(folder: Path, whole: Whole, digests: Digests) -> list[str]:
    found = []
    for task, truth in whole.truths.items():
        if column_digest(truth.units.to_series()) != digests.units.get(task):
            found.append(f"{UNITS}/{task}.parquet: the units do not match the seed")
        found += _answer_differences(folder, f"{ANSWERS}/{task}.parquet", truth.answers.frame)
        if truth.answers.gallery is not None:
            found += _answer_differences(folder, f"{GALLERIES}/{task}.parquet", truth.answers.gallery)
    return found


def _answer_differences(folder: Path, path: str, made: pl.DataFrame) -> list[str]:
    if not (folder / path).is_file():
        return [f"{path}: is missing"]
    try:
        # Logarithms of references may differ in their last bits between processors.
        assert_frame_equal(read_parquet(folder / path), made, rel_tol=1e-9)
    except (AssertionError, *UNREADABLE):
        return [f"{path}: the answers do not match the seed"]
    return []


def plan_of(described: Round) -> Plan:
    """Return what a round was made by, but for its seed."""
    return Plan(
        version=described.data,
        numbers=described.region_numbers,
        tasks=tuple(described.tasks),
        prefixes=dict(described.prefixes),
        columns={name: list(columns) for name, columns in described.columns.items()},
    )
