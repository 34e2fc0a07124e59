"""What ``tipbench list`` says of metrics, releases, splits and tasks beside what their config files say."""

from collections.abc import Callable, Sequence
from typing import Any

from tipdata.core.world import entry_of, newest_released
from tipdata.release import RECEIPT, Release, locate_release, size_in_words, size_on_disk
from tipdata.release.builder import is_complete
from tipdata.release.release import StoredRelease

from tipbench.config.methods import is_shipped, method_class
from tipbench.data.custom.splits import summary_of
from tipbench.data.further_worlds import FOLD_ALONE, count_worlds
from tipbench.method import class_of
from tipbench.metrics.registry import families
from tipbench.tasks import task_of

Line = dict[str, Any]


def complete(what: str, lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a list with what their files do not say; metrics have no files, and so no lines yet."""
    if what == "metrics":
        return _describe_metrics()
    found = [{**line, **DESCRIBED[what](line)} for line in lines]
    return sorted(found, key=lambda line: line["regions"]) if what == "releases" else found


def _describe_metrics() -> list[Line]:
    """Return a line for each metric, with the kinds of prediction that it scores."""
    found: dict[str, Line] = {}
    for family in families().values():
        for metric in family.metrics:
            line = found.setdefault(metric.name, {"name": metric.name, "kind": "", "summary": metric.about})
            kinds = [one for one in line["kind"].split(", ") if one]
            line["kind"] = ", ".join(dict.fromkeys((*kinds, family.kind.name)))
            line["better"] = "lower" if metric.lower_is_better else "higher"
            line["unit"] = metric.unit
    return list(found.values())


def _describe_baseline(line: Line) -> Line:
    """Return the class of a method that comes with tipbench; nobody else's code is loaded."""
    target, worlds = str(line["method"]["_target_"]), count_worlds(line.get("train") or FOLD_ALONE)
    return {"entry_class": class_of(method_class(target), worlds) if is_shipped(target) else None}


def _describe_release(line: Line) -> Line:
    release = locate_release(Release.of(line["version"] or newest_released(), line["size"]))
    status = entry_of(release.version)["status"]
    about = {"version": release.version, "regions": release.regions, "status": status}
    return {**about, "made": _describe_files(release)}


def _describe_files(release: Release) -> str:
    """Return whether a release is made, and its size on disk."""
    if isinstance(release, StoredRelease):
        return f"yes, in {release.place}" if is_complete(release) else "not whole in the store"
    whole = (release.folder / RECEIPT).exists() and not any(
        map(release.missing_files, range(release.regions))
    )
    size = size_on_disk(release.folder)
    return f"{'yes' if whole else 'in part'}, {size_in_words(size)}" if size else "no"


def _describe_task(line: Line) -> Line:
    task = task_of(line["name"])
    about = {"title": task.title, "unit": task.unit, "kind": task.kind.name}
    return {**about, "default split": task.splits[0], "summary": task.question}


DESCRIBED: dict[str, Callable[[Line], Line]] = {
    "baselines": _describe_baseline,
    "releases": _describe_release,
    "splits": lambda line: {"summary": summary_of(line["name"]) or line["summary"]},
    "tasks": _describe_task,
}
"""For each list, the function that returns what a line says beside the contents of its file."""
