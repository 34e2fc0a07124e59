"""Which columns a method may see at each access level, and what to set where it needs more."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tipcore.errors import UsageError
from tipcore.spelling import nearest
from tipdata.core.tables import LABEL, TIERS
from tipdata.stages import all_tables

from tipbench.task import Task

LEVELS = TIERS[: TIERS.index("truth")]
"""Access levels of methods, ascending."""


def access_level(task: Task, access: str) -> str:
    """Return the access level; ``auto`` is the task's own. Raises UsageError for one that does not exist."""
    if access == "auto":
        return task.tier
    if access not in LEVELS:
        raise UsageError(f"access={access} does not exist: choose one of {', '.join(LEVELS)}.")
    return access


def visible_columns(task: Task, access: str, oracle: bool = False) -> dict[str, tuple[str, ...]]:
    """Return the visible columns by table at an access level; a table without any is absent.

    An oracle also sees the hidden columns of the task's tables, its hidden tables, and ``operations``.
    """
    tiers = set(TIERS[: TIERS.index(access) + 1])
    visible: dict[str, tuple[str, ...]] = {}
    for name, allowed in task.tables.items():
        table = all_tables()[name]
        seen = {c.name for c in table.columns if c.tier in tiers and c.name in allowed}
        if seen or (oracle and table.hidden_only):
            hidden = {c.name for c in table.columns if oracle and c.tier == "truth"}
            visible[name] = tuple(c.name for c in table.columns if c.name in seen | hidden)
    if oracle:
        visible["operations"] = all_tables()["operations"].names()
    return visible


def correction(needs: Collection[str], tables: Mapping[str, Collection[str]]) -> str:
    """Return what to do about needs that do not exist; it names the nearest columns of the tables."""
    known = [f"{table}.{column}" for table, columns in tables.items() for column in columns]
    near = dict.fromkeys(one for need in needs for one in nearest(need, known, most=1))
    return "correct its needs" + (f", perhaps to {', '.join(near)}" if near else "")


class NotShown(UsageError):
    """A method needs columns that its fold does not show."""


def check_needs(task: Task, needs: Collection[str], access: str, oracle: bool) -> None:
    """Refuse a method that needs columns it may not see. Raises NotShown, which says what to set."""
    visible = visible_columns(task, access, oracle)
    tiers: dict[str, str | None] = {}
    for need in sorted(needs):
        table, _, column = need.partition(".")
        if column not in visible.get(table, ()):
            columns = all_tables()[table].columns if table in all_tables() else ()
            tiers[need] = next((c.tier for c in columns if c.name == column), None)
    withheld = [
        need for need in tiers if need.partition(".")[2] not in task.tables.get(need.partition(".")[0], ())
    ]
    unknown = [need for need, tier in tiers.items() if tier is None]
    for lacking, reason in (
        (unknown, f"which no table has: {correction(unknown, visible)}"),
        (
            [n for n, tier in tiers.items() if tier == LABEL],
            "which no table shows: it is what labels are made of",
        ),
        (
            [n for n, tier in tiers.items() if tier not in LEVELS],
            "which is hidden truth: only a method marked oracle = True is shown it",
        ),
        (withheld, f"which {task.name} hides at every access: choose another method"),
    ):
        if lacking:
            raise NotShown(f"the method needs {', '.join(lacking)}, {reason}.")
    if tiers:
        least = max((str(tier) for tier in tiers.values()), key=LEVELS.index)
        raise NotShown(
            f"the method needs {', '.join(tiers)}, which access={access} does not show: set access={least}."
        )
