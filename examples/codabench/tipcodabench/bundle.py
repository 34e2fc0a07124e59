"""A sealed round as a competition bundle: for the upload to a host, and for nobody else, since it holds the answers.

Of the host's folder only answers, galleries and ``round.json`` go in: not the seed, not the whole tables, not the
ledger. One host task scores all tasks of the round, because a file that is refused then fails its whole submission, as
it does in ``tipbench seal score`` (of several host tasks those that are well would be scored and counted).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from tipbench.tasks import task_of
from tipboard.rounds.components import sources
from tipboard.rounds.host import PUBLISHED, SEED, open_secret, published_folder, read_answers
from tipboard.rounds.ledger import read_ledger
from tipboard.rounds.make_round import ANSWERS, GALLERIES
from tipboard.rounds.record import REVEALED, ROUND, Round
from tipboard.submissions.messages import quote
from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipcodabench.archive import write_archive
from tipcodabench.columns import COUNT, columns
from tipcodabench.competition import (
    TIME,
    YAML,
    Competition,
    NotTaken,
    check_competition,
    problems_of_files,
)
from tipcodabench.evaluator import check_evaluator, requirements, sums
from tipcodabench.pages import FOLDER, PAGES, TERMS, pages

PROGRAM, REFERENCE, EVALUATOR, LOGO = "scoring_program", "reference_data", "evaluator", "logo.png"
HERE = Path(__file__).parent
COMMAND = "python3 /app/program/score.py /app/input /app/output"
"""Where the host's worker mounts the program, its input and its output; it starts no shell."""

LONGEST = 200
"""Characters of what is said of a value."""

SECONDS = {"tiny": 1_800, "small": 3_600, "full": 14_400}
"""That a submission may take, installing libraries included."""


@dataclass(frozen=True)
class BundleOrder:
    """What a host asks for.

    ``image``: a docker image that has the libraries; without one they are installed at every run into Python's own.
    ``round_folder``: the published folder, where it is not where it was published to.
    """

    secret: Path
    to: Path
    image: str | None = None
    title: str | None = None
    round_folder: Path | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class Exported:
    """A bundle that was written. ``competition``: what ``competition.yaml`` holds; ``files``: how many are in it."""

    round: Round
    competition: Competition
    file: Path
    files: int

    @property
    def image(self) -> str:
        """Return the docker image that the host scores with."""
        return self.competition["docker_image"]

    @property
    def columns(self) -> list[str]:
        """Return the keys of the board's columns, in order."""
        return [column["key"] for column in self.competition["leaderboards"][0]["columns"]]


def export(order: BundleOrder) -> Exported:
    """Write the bundle of a round, checked against the host's format.

    Raises UsageError where the folder is not the host's of a round, the round was revealed, the evaluator here is not
    the one it is committed to, and for a place that is taken, published, or in a git checkout.
    """
    described, _ = open_secret(order.secret)
    _check_sealed(order.secret, described)
    to = _checked_place(order, described)
    check_evaluator(described)
    contents = {
        **_texts(described, order),
        **_reference(order.secret, described),
        **_program(described, order),
    }
    competition = _competition(described, order)
    _check_taken(competition, contents)
    contents[YAML] = _yaml(competition)
    write_archive(to, contents)
    return Exported(described, competition, to, len(contents))


def _check_sealed(secret: Path, described: Round) -> None:
    revealed = read_ledger(secret).revealed
    if revealed is not None:
        raise UsageError(
            f"round {described.name} was revealed on {revealed} and is retired: export one that is sealed."
        )


def _checked_place(order: BundleOrder, described: Round) -> Path:
    """Return where the bundle goes."""
    to = expand_home(order.to).resolve()
    if to.suffix != ".zip":
        raise UsageError(f"--to {to} is not a .zip file: name one, such as bundle.zip.")
    if to.is_dir() or (to.exists() and not order.overwrite):
        raise UsageError(f"--to {to} exists: give another, or replace it with --overwrite.")
    public = _public(order, described)
    for above in to.parents:
        published = (above / ROUND).is_file() and not (above / SEED).is_file()
        if above == public or published or (above / REVEALED).is_file():
            raise UsageError(
                f"--to {to} lies in what is published at {above}, and holds the answers: write it elsewhere."
            )
        if (above / ".git").exists():
            raise UsageError(
                f"--to {to} lies in the git checkout {above}, from where it would be pushed: write it elsewhere."
            )
    return to


def _public(order: BundleOrder, described: Round) -> Path | None:
    """Return the published folder as far as it is known. Raises UsageError for one that is of another round."""
    if order.round_folder is not None:
        return published_folder(order.secret, expand_home(order.round_folder), described).resolve()
    noted = order.secret / PUBLISHED
    return Path(noted.read_text(encoding="utf-8").strip()).resolve() if noted.is_file() else None


def _texts(described: Round, order: BundleOrder) -> dict[str, bytes]:
    return {LOGO: (HERE / LOGO).read_bytes(), **pages(described, _title(described, order))}


def _title(described: Round, order: BundleOrder) -> str:
    return order.title or f"tipbench sealed round {described.name}"


def _reference(secret: Path, described: Round) -> dict[str, bytes]:
    """Return the answers, read once to see that they are whole."""
    found = {f"{REFERENCE}/{ROUND}": (secret / ROUND).read_bytes()}
    for name in described.tasks:
        read_answers(secret, name)
        found[f"{REFERENCE}/{ANSWERS}/{name}.parquet"] = (secret / ANSWERS / f"{name}.parquet").read_bytes()
        if task_of(name).forecast is not None or task_of(name).views:
            found[f"{REFERENCE}/{GALLERIES}/{name}.parquet"] = (
                secret / GALLERIES / f"{name}.parquet"
            ).read_bytes()
    return found


def _program(described: Round, order: BundleOrder) -> dict[str, bytes]:
    """Return what the host starts, and the evaluator beside it."""
    evaluator = sources()
    own = {f"{PROGRAM}/{HERE.name}/{path.name}": path.read_bytes() for path in sorted(HERE.glob("*.py"))}
    command = COMMAND if order.image else f"{COMMAND} --install"
    return {
        f"{PROGRAM}/metadata.yaml": yaml.safe_dump({"command": command}).encode(),
        f"{PROGRAM}/score.py": (HERE / "program" / "score.py").read_bytes(),
        f"{PROGRAM}/requirements.txt": requirements(described),
        **own,
        f"{PROGRAM}/{EVALUATOR}/SHA256SUMS": sums(evaluator),
        **{f"{PROGRAM}/{EVALUATOR}/{name}": content for name, content in evaluator.items()},
    }


def _competition(described: Round, order: BundleOrder) -> dict[str, Any]:
    """Return ``competition.yaml``: nothing is run, and nothing shown, before the host does so by hand after the
    close."""
    python = described.components.dependencies["python"]
    return {
        "version": 2,
        "title": _title(described, order),
        "description": f"Sealed round {described.name} of tipbench, wholly synthetic data: {described.release}",
        "image": LOGO,
        "terms": f"{FOLDER}/{TERMS}",
        "registration_auto_approve": False,
        "docker_image": order.image or f"python:{python}-slim",
        "make_programs_available": False,
        "make_input_data_available": False,
        "enable_detailed_results": False,
        "auto_run_submissions": False,
        "can_participants_make_submissions_public": False,
        "pages": [{"title": title, "file": f"{FOLDER}/{name}"} for title, name in PAGES.items()],
        "phases": [_phase(described)],
        "tasks": [
            {
                "index": 0,
                "name": f"Round {described.name}",
                "description": f"All {len(described.tasks)} tasks of the round",
                "scoring_program": f"{PROGRAM}/",
                "reference_data": f"{REFERENCE}/",
            }
        ],
        "fact_sheet": _questions(),
        "leaderboards": [_leaderboard(described)],
    }


def _phase(described: Round) -> dict[str, Any]:
    return {
        "index": 0,
        "name": f"Round {described.name}",
        "description": f"Open until the end of {described.closes} (UTC); scores are shown after it",
        "start": _midnight(described.opens),
        "end": _midnight(described.closes + timedelta(days=1)),
        "tasks": [0],
        "max_submissions": described.rules.submissions,
        "max_submissions_per_day": described.rules.submissions,
        "execution_time_limit": SECONDS[described.size],
        "hide_output": True,
        "hide_prediction_output": True,
        "hide_score_output": True,
        "accepts_only_result_submissions": True,
    }


def _midnight(day: date) -> str:
    return f"{day:{TIME.partition(' ')[0]}} 00:00:00"


def _questions() -> dict[str, Any]:
    """Return what the host's board says beside the scores, as ``submission.json`` says it elsewhere."""
    asked = {
        "method": ("Method", "text", ""),
        "access": ("Most private data used", "select", ["public", "platform", "legal"]),
    }
    return {
        key: {
            "key": key,
            "type": kind,
            "title": title,
            "selection": selection,
            "is_required": "true",
            "is_on_leaderboard": "true",
        }
        for key, (title, kind, selection) in asked.items()
    }


def _leaderboard(described: Round) -> dict[str, Any]:
    listed = [
        {
            "title": column.title,
            "key": column.key,
            "index": index,
            "sorting": column.sorting,
            "precision": 0 if column.key == COUNT else described.rules.decimals,
        }
        for index, column in enumerate(columns(described.tasks))
    ]
    return {
        "title": "Results",
        "key": "main",
        "submission_rule": "Force_Last",
        "hidden": True,
        "columns": listed,
    }


def _check_taken(competition: Competition, contents: dict[str, bytes]) -> None:
    """Raises UsageError for what the host would refuse, so that no wrong bundle is ever written."""
    try:
        check_competition(competition)
    except NotTaken as error:
        option = {"title": "--title", "docker_image": "--image"}.get(error.where, error.where)
        said = quote(error.reason, LONGEST)
        raise UsageError(f"{option} is not as the host takes it: {said}; give another.") from None
    if problems := problems_of_files(competition, contents):
        raise UsageError(f"the bundle would not be whole: {problems[0]}; install tipbench again.")


def _yaml(competition: Competition) -> bytes:
    text = yaml.safe_dump(dict(competition), sort_keys=False, allow_unicode=True, width=110)
    return f"# A sealed round of tipbench. The bundle holds its answers: for the host's upload only.\n{text}".encode()
