"""A new round: draw its seed, make it, commit to it, and publish it."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tipbench.data.id_labels import SEED_BYTES
from tipbench.tasks import task_of, tasks
from tipcore.atomic import fill_folder_atomically, write_file_atomically
from tipcore.engines import Engine
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.operating_system import require_confinement
from tipdata.core.world import check_status, is_draft, makeable_versions, newest_released, sizes, versions

from tipboard.rounds.components import components, wheel
from tipboard.rounds.damage import WRITTEN
from tipboard.rounds.host import PUBLISHED, SEED, UNPUBLISHED
from tipboard.rounds.make_round import Plan, digests_of, digests_of_truth, make_round, set_times
from tipboard.rounds.prefixes import lengths_of
from tipboard.rounds.publishing import ROOM, check_place, publish, unpublished
from tipboard.rounds.record import (
    DIGESTS,
    FIRST_REGION,
    ROUND,
    Round,
    commitment,
    terms,
    to_json,
)
from tipboard.rounds.regions import published_columns

SIZES = ("tiny", "small", "full")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class RoundOrder:
    """What a host asks for. ``tasks``: names, all where there are none. ``version``: of the data, None for the newest
    released one. ``draft``: whether it may be a draft."""

    name: str
    size: str
    closes: str
    secret: Path
    public: Path
    tasks: tuple[str, ...] = ()
    version: str | None = None
    draft: bool = False


def new_round(order: RoundOrder, now: datetime, engine: Engine | str = "loky", quiet: bool = False) -> Round:
    """Make and publish a round. Where that was interrupted, the same order goes on from there.

    Args:
        now: the time, with its zone.

    Raises:
        UsageError: for an order that cannot be fulfilled, in one sentence.
        LabelCollision: where two ids got one label; nothing is left behind.
    """
    require_confinement("Hosting a sealed round")
    today = now.date()
    closes = _checked(order, today)
    public, secret = (expand_home(folder).resolve() for folder in (order.public, order.secret))
    version = order.version or newest_released()
    names = tuple(task_of(name).name for name in order.tasks) or tuple(tasks())
    if (begun := unpublished(secret, public)) is not None:
        _check_same(order, begun, names, version)
        publish(secret, public, begun.opens)
        return begun
    _check_free(secret, public)
    check_place(public)
    seed = secrets.token_bytes(SEED_BYTES)
    plan = Plan(
        version=version,
        numbers=range(FIRST_REGION, FIRST_REGION + sizes()[order.size]),
        tasks=names,
        prefixes=lengths_of(names),
        columns=published_columns(names, version),
    )
    with fill_folder_atomically(secret, replace=False, advice=ROOM, mode=0o700) as beside:
        shown = beside / UNPUBLISHED
        shown.mkdir()
        whole = make_round(seed, plan, shown, beside, engine, quiet)
        digests = to_json(digests_of(shown, whole))
        (shown / DIGESTS).write_text(digests, encoding="utf-8")
        made = _described(order, plan, today, closes, seed, hashlib.sha256(digests.encode()).hexdigest())
        (shown / ROUND).write_text(made.to_json(), encoding="utf-8")
        set_times(shown, made.opens)
        _write_secret(beside, seed, made, public)
    publish(secret, public, made.opens)
    return made


def _check_same(order: RoundOrder, begun: Round, names: tuple[str, ...], version: str) -> None:
    """Refuse to finish another round than the one that is asked for. Raises UsageError."""
    asked = (order.name, order.size, order.closes, names, version)
    if asked != (begun.name, begun.size, begun.closes.isoformat(), tuple(begun.tasks), begun.data):
        raise UsageError(
            f"--secret {order.secret} holds round {begun.name}, which was stopped before it was published and is not "
            "the one that is asked for: run the command that began it again, or delete the folder."
        )


def _described(order: RoundOrder, plan: Plan, opens: date, closes: date, seed: bytes, digests: str) -> Round:
    blank = "0" * 64
    made = Round(
        name=order.name,
        size=order.size,
        regions=len(plan.numbers),
        data=plan.version,
        opens=opens,
        closes=closes,
        tasks=list(plan.tasks),
        prefixes=plan.prefixes,
        columns=plan.columns,
        components=components(plan.version),
        wheel=wheel(),
        commitment=blank,
        digests=digests,
        draft=True if is_draft(plan.version) else None,
    )
    bound = terms(made.model_dump(mode="json"))
    return made.model_copy(update={"commitment": commitment(seed, bound)})


def _write_secret(folder: Path, seed: bytes, made: Round, public: Path) -> None:
    write_file_atomically(folder / SEED, seed.hex() + "\n", mode=0o600)
    (folder / ROUND).write_text(made.to_json(), encoding="utf-8")
    (folder / WRITTEN).write_text(json.dumps(digests_of_truth(folder), indent=1) + "\n", encoding="utf-8")
    (folder / PUBLISHED).write_text(f"{public}\n", encoding="utf-8")


def _checked(order: RoundOrder, today: date) -> date:
    """Return the closing day. Raises UsageError for whatever is wrong with the order."""
    if not SLUG.fullmatch(order.name):
        raise UsageError(
            f"{order.name!r} cannot name a round: use small letters, digits and single hyphens, such as spring-2027."
        )
    if order.size not in SIZES:
        raise UsageError(f"release={order.size} does not exist for a round: choose {', '.join(SIZES)}.")
    if repeated := sorted({name for name in order.tasks if order.tasks.count(name) > 1}):
        raise UsageError(f"{repeated[0]} is given twice: name each task once.")
    if order.version is not None and order.version not in versions():
        raise UsageError(
            f"data version {order.version} does not exist: choose one of {', '.join(makeable_versions())}."
        )
    check_status(order.version or newest_released(), order.draft)
    try:
        closes = date.fromisoformat(order.closes)
    except ValueError:
        raise UsageError(f"closes={order.closes} is not a day: write it as 2027-03-01.") from None
    if closes < today:
        raise UsageError(f"closes={order.closes} is over: give today, {today}, or a later day (UTC).")
    _check_folders(expand_home(order.secret).resolve(), expand_home(order.public).resolve())
    return closes


def _check_free(secret: Path, public: Path) -> None:
    for option, folder in (("--secret", secret), ("--to", public)):
        if folder.exists() or folder.is_symlink():
            raise UsageError(f"{option} {folder} exists: name a folder that does not.")


def _check_folders(secret: Path, public: Path) -> None:
    if secret == public or public in secret.parents:
        raise UsageError(
            f"--secret {secret} lies in what is published at {public}: keep the secret elsewhere."
        )
    if secret in public.parents:
        raise UsageError(f"--to {public} lies in the secret folder {secret}: publish elsewhere.")
    checkout = next((above for above in secret.parents if (above / ".git").exists()), None)
    if checkout is not None:
        raise UsageError(
            f"--secret {secret} lies in the git checkout {checkout}, from where it would be pushed: keep it elsewhere."
        )
