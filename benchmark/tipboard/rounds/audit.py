"""What can be told of ``scores.json`` without scoring: its chain, numbers, turns, days, notes, and what counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from tipbench.kinds.answers import Answers
from tipbench.runs.results import digest_of

from tipboard.rounds.chain import Voiding, chain_differences, day_of, void_note, voids_of
from tipboard.rounds.host import read_answers
from tipboard.rounds.ledger import same_team
from tipboard.rounds.record import PREDICTIONS, SCORES, Round, read
from tipboard.rounds.scores import ScoredEntry, Scores, counted, outcome_of, places_of
from tipboard.rounds.submissions import FILE
from tipboard.submissions.messages import quote, quote_name

FAILED = re.compile(r"could not be scored \(\w+\)")


def audit(scores: Scores, described: Round) -> list[str]:
    """Return where the scores of a round contradict themselves, its chain or its terms."""
    if (scores.name, scores.commitment) != (described.name, described.commitment):
        return [f"{SCORES}: is of another round"]
    found: list[str] = []
    by_number = {entry.number: entry for entry in scores.entries if entry.number is not None}
    found += chain_differences(scores.chain, by_number, described.commitment)
    found += _number_differences([entry.number for entry in scores.entries])
    turns: Counter[str] = Counter()
    voids = voids_of(scores.chain)
    for place, entry in enumerate(scores.entries, 1):
        turns[same_team(entry.team)] += 1
        said = _entry_differences(entry, turns[same_team(entry.team)], scores, voids, described)
        found += [f"{SCORES}: submission {entry.number or place} {one}" for one in said]
    return list(dict.fromkeys(found))


def _number_differences(numbers: list[int | None]) -> list[str]:
    wanted = range(1, len(numbers) + 1)
    found = [f"{SCORES}: submission {place} has no number" for place in wanted if numbers[place - 1] is None]
    if not found:
        found = [f"{SCORES}: lacks submission {number}" for number in sorted(set(wanted) - set(numbers))]
    return found or ([] if numbers == [*wanted] else [f"{SCORES}: submissions are not in the order taken in"])


def _entry_differences(
    entry: ScoredEntry, turn: int, scores: Scores, voids: Mapping[int, Voiding], described: Round
) -> list[str]:
    found, rules = [], described.rules
    if entry.turn != turn:
        found.append(f"is turn {turn} of {quote(entry.team)} and not {entry.turn}")
    if turn > rules.submissions:
        found.append(f"is one more than the {rules.submissions} that a team has")
    if not described.opens <= day_of(entry.taken_in) <= described.closes:
        found.append(f"was taken in on {day_of(entry.taken_in)}, when the round was not open")
    if entry.kept.keys() != entry.files.keys():
        found.append("does not say what was scored of each of its files")
    found += [
        f"names {quote(name)}, which is no file of the round"
        for name in entry.files
        if not _known(name, described)
    ]
    found += _note_differences(entry, voids, described)
    if entry.counts != counted(entry, scores.entries, voids):
        found.append("says that other tasks count than those of which it is the team's last")
    return found


def _note_differences(entry: ScoredEntry, voids: Mapping[int, Voiding], described: Round) -> list[str]:
    void = voids.get(entry.number or 0)
    if void is not None and entry.note != void_note(void, described.closes):
        return ["is void in the chain and not for that reason in its note"]
    there = {(task, seed) for task, seeds in entry.scores.items() for seed in seeds}
    if entry.note is not None and there:
        return ["has scores and a note why it has none"]
    if entry.note is None and there != places_of(entry):
        return ["has not the scores of its files"]
    known = entry.note is None or void is not None or FAILED.fullmatch(entry.note)
    return [] if known else ["has a note that is none of a void one or of one that could not be scored"]


def _known(name: str, described: Round) -> bool:
    found = FILE.fullmatch(name)
    return found is not None and found[1] in described.tasks


def read_scores(folder: Path) -> Scores | None:
    """Return what is published of a round's scores. Raises UsageError where it is none."""
    return read(folder / SCORES, Scores, "scored round") if (folder / SCORES).is_file() else None


def rescored(folder: Path, scores: Scores, described: Round) -> list[str]:
    """Return where the scores of a revealed round are not those of its published predictions."""
    numbers = {entry.number for entry in scores.entries}
    there = {int(one.name) for one in (folder / PREDICTIONS).glob("*") if one.name.isdecimal()}
    found = [f"{SCORES}: lacks submission {number}" for number in sorted(there - numbers)]
    answers_of, voids = cache(partial(read_answers, folder)), voids_of(scores.chain)
    for entry in scores.entries:
        if entry.number is not None and all(_known(name, described) for name in (*entry.files, *entry.kept)):
            found += _extra_files(folder / PREDICTIONS / str(entry.number), entry)
            found += _score_differences(entry, voids, folder, described, answers_of)
    return found


def _extra_files(place: Path, entry: ScoredEntry) -> list[str]:
    there = {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}
    where, extra = f"{PREDICTIONS}/{entry.number}", sorted(there - entry.kept.keys())
    return [f"{where}/{quote_name(name)}: does not belong to the round" for name in extra]


def _score_differences(
    entry: ScoredEntry,
    voids: Mapping[int, Voiding],
    folder: Path,
    described: Round,
    answers_of: Callable[[str], Answers],
) -> list[str]:
    where = f"{PREDICTIONS}/{entry.number}"
    for name, digest in entry.kept.items():
        if not (folder / where / name).is_file():
            return [f"{where}/{name}: is missing"]
        if digest_of((folder / where / name).read_bytes()) != digest:
            return [f"{where}/{name}: is not what {SCORES} says was scored"]
    if entry.number in voids:
        return []
    found, note = outcome_of(entry, folder / where, described, answers_of)
    if note != entry.note:
        said = "can be scored" if note is None else note
        return [f"{SCORES}: submission {entry.number} {said}, which is not what its note says"]
    return (
        []
        if found == entry.scores
        else [f"{SCORES}: the scores of submission {entry.number} are not those of {where}"]
    )
