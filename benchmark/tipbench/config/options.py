"""What can be chosen: the options of every config group, read off the folders, and the nearest of a misspelling."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from tipcore.errors import UsageError
from tipcore.operating_system import check_regular

Options = dict[str, dict[str, Path]]
"""Group -> option -> its file. An option of a nested folder is named by its path, as ``advert_risk/prior``."""

NEAR, BESIDE = 0.6, 0.2
"""The least likeness of a suggestion, and how much less than the best one it may be."""
MOST_LISTED = 16


def options(folders: Sequence[Path]) -> Options:
    """Return every option of every group in these folders; a later folder's file stands for an earlier one's."""
    found: Options = {}
    for folder in folders:
        for group in sorted(
            path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))
        ):
            files = {
                path.relative_to(group).with_suffix("").as_posix(): path for path in group.rglob("*.yaml")
            }
            found[group.name] = dict(sorted((found.get(group.name, {}) | files).items()))
    return found


def check_option(group: str, option: str, known: Options) -> None:
    """Raises UsageError, naming the nearest that exist, for an option that its group does not have."""
    if option not in known[group]:
        raise UsageError(f"{group}={option} does not exist. {suggestion(option, known[group])}")


def suggestion(word: str, valid: Iterable[str]) -> str:
    """Return a sentence on what to try instead of a word: the nearest valid ones or, where none is near, all."""
    words = list(valid)
    near = nearest(word, words)
    if near:
        return f"Did you mean {' or '.join(map(_quoted, near))}?"
    if 0 < len(words) <= MOST_LISTED:
        return f"Choose one of {', '.join(words)}."
    return f"None of the {len(words)} that exist is like it; see `tipbench list`."


def nearest(word: str, valid: Iterable[str], most: int = 3) -> list[str]:
    """Return the valid words most like this one, best first; names are compared by what follows their last ``/`` or
    ``.``."""
    likeness = {candidate: _likeness(word, candidate) for candidate in valid}
    ranked = sorted(likeness, key=lambda candidate: (-likeness[candidate], candidate))
    best = likeness[ranked[0]] if ranked else 0.0
    return [candidate for candidate in ranked if likeness[candidate] >= max(NEAR, best - BESIDE)][:most]


def _likeness(word: str, candidate: str) -> float:
    """Of the words, or of their last parts where what is before is the same or left out."""
    above, _, last = candidate.lower().replace(".", "/").rpartition("/")
    word_above, _, word_last = word.lower().replace(".", "/").rpartition("/")
    if word_above in ("", above):
        return max(_ratio(word_last, last), 0.0 if word_above else _ratio(word_last, f"{above}/{last}"))
    return _ratio(word.lower(), candidate.lower())


def _quoted(word: str) -> str:
    return f'"{word}"'


def _ratio(left: str, right: str) -> float:
    return SequenceMatcher(None, left, right).ratio()


def describe_option(path: Path) -> dict[str, Any]:
    """Return the top level of a config file, with ``summary``: its own, its question, or its first comment."""
    import yaml

    try:
        check_regular(path)
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not readable YAML: {str(error).splitlines()[0]}; correct it.") from None
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"{path} cannot be read: {said}; correct or remove it.") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} is not a mapping: write it as `key: value` lines.")
    comments = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
    comment = next((line for line in comments if line and not line.startswith("@package")), "")
    return {**content, "summary": content.get("summary") or content.get("question") or comment}
