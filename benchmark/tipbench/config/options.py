"""Config folders and the options in them."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.operating_system import check_regular

from tipbench.entry_points import EntryPoint, entry_points

GROUP = "tipbench.configs"
"""The entry points by which packages add configs: ``name = "package.with.baseline.in.it"``."""


def config_folder() -> Path:
    """Return the absolute folder that holds ``config.yaml`` and its groups.

    Raises UsageError where neither the installed package nor a checkout around it has one.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "configs", package.parents[1] / "configs"):
        if (folder / "config.yaml").is_file():
            return folder
    raise UsageError(f"no configs beside {package}: install tipbench again.")


def config_folders(own: str | None) -> tuple[Path, ...]:
    """Return the folders of tipbench's configs, of those that packages add, and of a user's ``--config-dir``.

    Raises UsageError where the user's folder is not there or changes a file of tipbench, and where a package has a
    file that is there already.
    """
    folders = (config_folder(), *added_folders())
    if own is None:
        return folders
    folder = expand_home(own).resolve()
    if not folder.is_dir():
        raise UsageError(
            f"--config-dir {own} is not a folder: give one that holds baseline/, data/ or experiment/."
        )
    for path in sorted(folders[0].rglob("*.yaml")):
        mine = folder / path.relative_to(folders[0])
        # Of two files of one name Hydra takes tipbench's; a copy of it may stay.
        if mine.is_file() and mine.read_bytes() != path.read_bytes():
            raise UsageError(f"{mine} has the name of {path}, which would be taken instead: rename yours.")
    return *folders, folder


def added_folders() -> list[Path]:
    """Return the folders that packages add; one that cannot be found is named in the log and left out.

    Raises UsageError where two packages, or a package and tipbench, have a config of one name.
    """
    home: dict[str, str] = dict.fromkeys(_configs(config_folder()), "tipbench")
    found = []
    for entry in entry_points(GROUP):
        folder = _folder_of(entry)
        if folder is None:
            continue
        for config in _configs(folder):
            if config in home:
                raise UsageError(
                    f"the packages {home[config]} and {entry.package} both have {config}: uninstall one of them."
                )
            home[config] = entry.package
        found.append(folder)
    return found


def _configs(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/**/*.yaml"))


def _folder_of(entry: EntryPoint) -> Path | None:
    """Return the folder of a package of configs, which is not imported."""
    reason = ""
    try:
        spec = find_spec(entry.value)
        if spec and spec.submodule_search_locations:
            return Path(spec.submodule_search_locations[0]).resolve()
    except Exception as error:  # anything may happen in another's package
        reason = f" ({type(error).__name__}: {error})"
    import logging  # every start of the command line would wait for it

    logging.getLogger(__name__).warning(
        "the configs of the package %s are not found at %s%s: update or uninstall it.",
        entry.package,
        entry.value,
        reason,
    )
    return None


Options = dict[str, dict[str, Path]]
"""Group -> option -> its file. An option of a nested folder is named by its path, as ``advert_risk/prior``."""


def options(folders: Sequence[Path]) -> Options:
    """Return every option of every group in these folders; a later folder's file stands for an earlier one's."""
    found: Options = {}
    for folder in folders:
        for group in sorted(filter(Path.is_dir, folder.glob("[!._]*"))):
            paths = group.rglob("*.yaml")
            files = {path.relative_to(group).with_suffix("").as_posix(): path for path in paths}
            found[group.name] = dict(sorted((found.get(group.name, {}) | files).items()))
    return found


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
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"{path} cannot be read: {reason}; correct or remove it.") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} is not a mapping: write it as `key: value` lines.")
    comments = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
    comment = next((line for line in comments if line and not line.startswith("@package")), "")
    return {**content, "summary": content.get("summary") or content.get("question") or comment}
