"""The release and the engine that the words of a command choose."""

import argparse

from tipcore.engines import KEYS, Engine
from tipcore.errors import UsageError
from tipcore.spelling import check_word
from tipdata.release import Release, locate_release, open_release

from tipbench.config.compose import composer_of, parse
from tipbench.data.custom.config import OwnData, own_data

VALID = (
    *(f"release{key}" for key in ("", ".version", ".size", ".world")),
    *("engine", *(f"engine.{key}" for key in KEYS)),
)


def chosen_release(options: argparse.Namespace, retired: bool = False) -> tuple[Release, Engine]:
    """Return the release and the engine that were chosen; ``retired``: whether a retired version may be chosen.

    Raises UsageError for a setting that is of neither, a release that does not exist, and none.
    """
    for one in parse(options.overrides):
        if not one.added and not one.key.startswith("engine.parameters."):
            check_word(one.key, [*VALID, *options.settings], f'Unknown setting "{one.key}"')
    settings = composer_of(options.config_dir, options.overrides).settings()
    if settings.release is None:
        raise UsageError("No release was given: add release=tiny; see `tipbench list releases`.")
    chosen = settings.release
    return locate_release(Release.of(chosen.version, chosen.size, chosen.world, retired)), settings.engine


def open_release_of(options: argparse.Namespace) -> Release:
    """Return the chosen release, made first where it is missing. Raises UsageError as :func:`chosen_release`."""
    return open_chosen(*chosen_release(options), options)


def open_chosen(release: Release, engine: Engine, options: argparse.Namespace) -> Release:
    """Return the release, made first where it is missing."""
    return open_release(release.version, release.size, engine, options.quiet, release.world)


def is_of_data(word: str) -> bool:
    """Return whether an override chooses or describes a user's own data."""
    return word.lstrip("+").partition("=")[0].partition(".")[0] == "data"


def chosen_data(options: argparse.Namespace, words: list[str]) -> tuple[OwnData, str]:
    """Return a user's own data and the split, of these overrides. Raises UsageError where they name none."""
    settings = composer_of(options.config_dir, words).settings()
    if settings.data is None:
        raise UsageError("No data were given: add data=NAME; see `tipbench list data`.")
    return own_data(settings.data), settings.split.name


def check_open(words: list[str], so: str) -> None:
    """Raise UsageError for a user's own data, which have no truth to show; ``so``: the consequence, in its words."""
    for word in words:
        if is_of_data(word):
            raise UsageError(f"{word}: your own data have no operations, {so}: name a release=.")


def check_rows(rows: int) -> int:
    """Return a number of rows. Raises UsageError for less than one."""
    if not 1 <= rows < 10**9:
        raise UsageError(f"rows={rows} is not a number of rows: give 1 or more.")
    return rows
