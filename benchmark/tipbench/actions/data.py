"""``tipbench data``: make, verify, remove, describe or preview a release."""

import argparse
from collections.abc import Callable

from tipcore.engines import KEYS, Engine
from tipcore.errors import CheckFailed, UsageError
from tipcore.locations import expand_home
from tipdata.core.world import register
from tipdata.documents.overview import describe, preview
from tipdata.release import (
    Release,
    locate_release,
    make_release,
    open_release,
    remove_release,
    size_in_words,
    verify_release,
)  # fmt: skip

from tipbench.actions.own_preview import own_preview
from tipbench.actions.typed import composer_of
from tipbench.commands.data_actions import ACTIONS
from tipbench.config.compose import parse
from tipbench.config.options import suggestion
from tipbench.console import emit, emit_json, emit_result
from tipbench.data import releases


def call_make(options: argparse.Namespace) -> int:
    """Make the release; of a world of the user's own, once its file is registered."""
    world = own_world_of(options)
    release, engine, _ = asked(options)
    try:
        make_release(release, engine=engine, quiet=options.quiet)
    except (ValueError, KeyError, IndexError, ArithmeticError) as error:
        if world is None:
            raise
        raise UsageError(
            f"world={world} cannot be drawn: {error}; bring its parameters nearer to the released ones."
        ) from error
    if options.json:
        emit_json({"release": release.name, "regions": release.regions, "folder": release.place})
    else:
        emit(f"release {release.name}: {release.regions:,} regions in {release.place}")
        if world is not None:
            emit(f"use it anywhere as release={release.size} release.version={release.version}")
    return 0


def own_world_of(options: argparse.Namespace) -> str | None:
    """Register the world file that ``world=`` names, and put its name in the place of the version, in what was typed.

    Returns:
        The file as it was typed, None where there is none.

    Raises:
        UsageError: for a version beside it, and as :func:`tipdata.core.world.register`.
    """
    typed = {word.partition("=")[0]: word.partition("=")[2] for word in options.overrides}
    if "world" not in typed:
        return None
    if "release.version" in typed:
        raise UsageError(
            "world= and release.version= exclude each other: a world file says its version itself."
        )
    name = register(expand_home(typed["world"])).name
    words = [word for word in options.overrides if word.partition("=")[0] != "world"]
    options.overrides = [*words, f"release.version={name}"]
    return typed["world"]


def call_verify(options: argparse.Namespace) -> int:
    """Verify the release. Raises CheckFailed where it differs from what was published."""
    release, engine, _ = asked(options)
    differences = verify_release(release, engine=engine, quiet=options.quiet)
    if options.json:
        emit_json({"release": release.name, "differences": differences})
    elif differences:
        emit("\n".join(f"differs: {difference}" for difference in differences))
    else:
        emit(f"release {release.name}: all files match their checksums")
    if differences:
        raise CheckFailed(f"release {release.name} differs in {len(differences):,} places.")
    return 0


def call_remove(options: argparse.Namespace) -> int:
    """Remove the release's files; of a retired version too."""
    release, _, _ = asked(options, retired=True)
    freed = remove_release(release)
    emit_result(
        {"release": release.name, "folder": release.place, "bytes": freed},
        f"release {release.name}: {size_in_words(freed)} removed from {release.place}",
        options,
    )
    return 0


def call_describe(options: argparse.Namespace) -> int:
    """Describe the release."""
    release, engine, _ = asked(options)
    return _text("description", open_asked(release, engine, options), describe, options)


def call_preview(options: argparse.Namespace) -> int:
    """Show some rows of a table of the release, or of a user's own data as methods are handed them."""
    typed = parse(options.overrides)
    if any(o.key.partition(".")[0] == "data" for o in typed):
        return _preview_own({o.key: o.value for o in typed}, options)
    release, engine, own = asked(options)
    chosen = {"table": own.get("table", "adverts"), "rows": rows_of(own), "language": own.get("language")}
    opened = open_asked(release, engine, options)
    return _text("preview", opened, lambda one: preview(one, **chosen), options)


def _preview_own(typed: dict[str, str], options: argparse.Namespace) -> int:
    for key in typed:
        if key.partition(".")[0] not in ("data", "split", "table", "rows"):
            raise UsageError(f"{key}= is for releases: own data take data=, split=, table= and rows=.")
    words = [word for word in options.overrides if word.partition("=")[0] not in ("table", "rows")]
    settings = composer_of(options, words).settings()
    if settings.data is None:
        raise UsageError("No data were given: add data=NAME; see `tipbench list data`.")
    text = own_preview(settings.data, settings.split.name, rows_of(typed), typed.get("table"))
    if options.json:
        emit_json({"data": settings.data["name"], "preview": text})
    else:
        emit(text)
    return 0


def rows_of(typed: dict[str, str], usual: int = 10) -> int:
    """Return the number of rows that was typed. Raises UsageError for what is none."""
    rows = typed.get("rows", str(usual))
    if not (rows.isascii() and rows.isdigit() and len(rows) < 10) or int(rows) < 1:
        raise UsageError(f"rows={rows} is not a number of rows: give 1 or more.")
    return int(rows)


def asked(options: argparse.Namespace, retired: bool = False) -> tuple[Release, Engine, dict[str, str]]:
    """Return the release and the engine that were asked for, and the keys of the action's own."""
    mine = ACTIONS[options.action].keys
    typed = parse(options.overrides)
    _check_keys([o.key for o in typed if not o.added], mine)
    own = {o.key: o.value for o in typed if o.key in mine}
    words = [word for word in options.overrides if word.partition("=")[0] not in mine]
    settings = composer_of(options, words).settings()
    if settings.release is None:
        raise UsageError("No release was given: add release=tiny; see `tipbench list releases`.")
    named = settings.release
    release = locate_release(Release.of(named.version, named.size, named.world, retired))
    return release, settings.engine, own


def _check_keys(keys: list[str], mine: tuple[str, ...]) -> None:
    valid = [f"release{of}" for of in ("", ".version", ".size", ".world")]
    valid += ["engine", *(f"engine.{key}" for key in KEYS), *mine]
    for key in keys:
        if key not in valid and not key.startswith("engine.parameters."):
            raise UsageError(f'Unknown setting "{key}". {suggestion(key, valid)}')


def check_open(words: list[str], so: str) -> None:
    """Refuse a source whose truth cannot be shown: a user's own data, and a sealed round.

    Args:
        words: overrides as they were typed.
        so: what follows from it for own data.

    Raises:
        UsageError: for such a source.
    """
    for word in words:
        key, _, value = word.partition("=")
        if key.partition(".")[0] == "data":
            raise UsageError(f"{word}: your own data have no operations, {so}: name a release=.")
        if key == "release":
            releases.refuse_sealed_round(value)


def opened(options: argparse.Namespace) -> Release:
    """Return the release that was asked for, ready to read. Raises UsageError for one that does not exist."""
    release, engine, _ = asked(options)
    return open_asked(release, engine, options)


def open_asked(release: Release, engine: Engine, options: argparse.Namespace) -> Release:
    """Return the release, made first where it is missing."""
    quiet = options.quiet
    return open_release(release.version, release.size, engine, quiet, release.world)


def _text(what: str, release: Release, make: Callable[[Release], str], options: argparse.Namespace) -> int:
    text = make(release)
    if options.json:
        emit_json({"release": release.name, what: text})
    else:
        emit(text)
    return 0
