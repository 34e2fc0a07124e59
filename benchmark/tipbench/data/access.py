"""The information policy: which columns a method is shown, and what it would take to show it more."""

from __future__ import annotations

from collections.abc import Collection

from tipcore.errors import UsageError
from tipdata.core.tables import LABEL, TIERS
from tipdata.stages import all_tables

from tipbench.task import Task

LEVELS = TIERS[: TIERS.index("truth")]
"""Access that can be asked for, ascending."""

ORACLE_TABLES = ("operations",)
"""Hidden tables that an oracle is shown beside the task's own."""


def access_level(task: Task, access: str) -> str:
    """Return the access level; ``auto`` is the task's own. Raises UsageError for one that does not exist."""
    if access == "auto":
        return task.tier
    if access not in LEVELS:
        raise UsageError(f"access={access} does not exist: choose one of {', '.join(LEVELS)}.")
    return access


def visible_columns(task: Task, access: str, oracle: bool = False) -> dict[str, tuple[str, ...]]:
    """Return tables and columns that a run at this access is shown; a table with nothing to show is absent.

    An oracle is shown the hidden columns of the task's tables as well, those that are hidden altogether, and the
    hidden ``operations``.
    """
    tiers = set(TIERS[: TIERS.index(access) + 1])
    shown: dict[str, tuple[str, ...]] = {}
    for name, allowed in task.tables.items():
        table = all_tables()[name]
        seen = {c.name for c in table.columns if c.tier in tiers and c.name in allowed}
        if seen or (oracle and table.hidden_only):
            hidden = {c.name for c in table.columns if oracle and c.tier == "truth"}
            shown[name] = tuple(c.name for c in table.columns if c.name in seen | hidden)
    return shown | {name: all_tables()[name].names() for name in ORACLE_TABLES if oracle}


def check_needs(task: Task, needs: Collection[str], access: str, oracle: bool) -> None:
    """Refuse a method that needs what it is not shown. Raises UsageError that says what would do."""
    shown = visible_columns(task, access, oracle)
    lacking = sorted(n for n in needs if n.partition(".")[2] not in shown.get(n.partition(".")[0], ()))
    if not lacking:
        return
    tiers = {need: _tier(need) for need in lacking}
    unknown = [need for need, tier in tiers.items() if tier is None]
    if unknown:
        raise UsageError(f"the method needs {_listed(unknown)}, which no table has: correct its needs.")
    supervision = [need for need, tier in tiers.items() if tier == LABEL]
    if supervision:
        raise UsageError(
            f"the method needs {_listed(supervision)}, which no table shows: it is what labels are made of."
        )
    hidden = [need for need, tier in tiers.items() if tier not in LEVELS]
    if hidden:
        raise UsageError(
            f"the method needs {_listed(hidden)}, which is hidden truth: "
            "only a method marked oracle = True is shown it."
        )
    least = max((str(tier) for tier in tiers.values()), key=LEVELS.index)
    withheld = [n for n in lacking if n.partition(".")[2] not in task.tables.get(n.partition(".")[0], ())]
    if withheld:
        raise UsageError(
            f"the method needs {_listed(withheld)}, which {task.name} hides at every access: "
            "choose another method."
        )
    raise UsageError(
        f"the method needs {_listed(lacking)}, which access={access} does not show: set access={least}."
    )


def _tier(need: str) -> str | None:
    table, _, column = need.partition(".")
    if table not in all_tables():
        return None
    return next((c.tier for c in all_tables()[table].columns if c.name == column), None)


def _listed(names: list[str]) -> str:
    return ", ".join(names)
