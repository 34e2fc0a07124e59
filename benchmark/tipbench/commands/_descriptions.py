"""What ``tipbench list`` says of metrics, releases, splits and tasks beside what their config files say."""

from typing import Any

from tipdata.core.world import entry_of, newest_released
from tipdata.release import RECEIPT, Release, locate_release, size_in_words, size_on_disk
from tipdata.release.builder import is_complete
from tipdata.release.release import StoredRelease

from tipbench.config.methods import is_shipped, method_class
from tipbench.data.custom.splits import summary_of
from tipbench.method import class_of
from tipbench.metrics.registry import families
from tipbench.tasks import task_of


def complete_metrics(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a line for each metric, with the kinds of prediction that it scores; metrics have no files."""
    found: dict[str, dict[str, Any]] = {}
    for family in families().values():
        for metric in family.metrics:
            line = found.setdefault(metric.name, {"name": metric.name, "kind": "", "summary": metric.about})
            kinds = [one for one in line["kind"].split(", ") if one]
            line["kind"] = ", ".join(dict.fromkeys((*kinds, family.kind.name)))
            line["better"] = "lower" if metric.lower_is_better else "higher"
            line["unit"] = metric.unit
    return [*lines, *found.values()]


def complete_baselines(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with the class of each method that comes with tipbench; nobody else's code is loaded."""
    targets = [str(line["method"]["_target_"]) for line in lines]
    return [
        {**line, "entry_class": class_of(method_class(target)) if is_shipped(target) else None}
        for line, target in zip(lines, targets, strict=True)
    ]


def complete_releases(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add version, regions, status and files of its release to each line. The smallest release comes first."""
    found = []
    for line in lines:
        release = locate_release(Release.of(line["version"] or newest_released(), line["size"]))
        status = entry_of(release.version)["status"]
        about = {"version": release.version, "regions": release.regions, "status": status}
        found.append({**line, **about, "made": _describe_files(release)})
    return sorted(found, key=lambda line: line["regions"])


def _describe_files(release: Release) -> str:
    """Return whether a release is made, and its size on disk."""
    if isinstance(release, StoredRelease):
        return f"yes, in {release.place}" if is_complete(release) else "not whole in the store"
    whole = (release.folder / RECEIPT).exists() and not any(
        map(release.missing_files, range(release.regions))
    )
    size = size_on_disk(release.folder)
    return f"{'yes' if whole else 'in part'}, {size_in_words(size)}" if size else "no"


def complete_splits(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with a description of each split."""
    return [{**line, "summary": summary_of(line["name"]) or line["summary"]} for line in lines]


def complete_tasks(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines with each task's title, unit, kind, default split and question."""
    found = []
    for line in lines:
        task = task_of(line["name"])
        about = {"title": task.title, "unit": task.unit, "kind": task.kind.name}
        found.append({**line, **about, "default split": task.splits[0], "summary": task.question})
    return found
