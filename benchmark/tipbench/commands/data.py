"""``tipbench data``: make, verify, describe or preview a release."""

import argparse
from collections.abc import Callable

from tipdata.core.errors import CheckFailed, UsageError
from tipdata.documents.describe import describe
from tipdata.documents.preview import preview
from tipdata.release import Release, make_release, open_release, verify_release

from tipbench.commands.options import add_json, add_overrides, add_quiet, composer_of, parser_of
from tipbench.config.choices import suggestion
from tipbench.config.compose import parse
from tipbench.config.settings import Engine
from tipbench.console import emit, emit_json

ABOUT = {
    "make": "generate a release, region by region; goes on where it was interrupted",
    "verify": "hold a release's files against the published digests; exit 1 names what differs",
    "describe": "tables, columns, and marginals beside the published aggregates",
    "preview": "some rows of a table, adverts as cards",
}

EXAMPLES = """\
examples:
  tipbench data make release=small engine=loky engine.workers=4
  tipbench data verify release=small
  tipbench data make release=small release.world=3             an independent world, for stability of rankings
  tipbench data describe release=tiny
  tipbench data preview release=tiny table=adverts rows=5 language=ar

Releases live in $TIPBENCH_HOME, by default the user's cache folder."""

OWN_KEYS = {"preview": ("table", "rows", "language")}
"""Keys of an action's own, beside release and engine."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for action, about in ABOUT.items():
        one = parser_of(actions, action, about, EXAMPLES)
        own = "".join(f", {key}=" for key in OWN_KEYS.get(action, ()))
        add_overrides(one, f"release=, engine=, engine.workers={own}")
        add_quiet(one)
        add_json(one)
        one.set_defaults(call=call, config_dir=None)


def call(options: argparse.Namespace) -> int:
    """Do it to the release."""
    mine = OWN_KEYS.get(options.action, ())
    typed = parse(options.overrides)
    _check_keys([o.key for o in typed if not o.added], mine)
    own = {o.key: o.value for o in typed if o.key in mine}
    words = [word for word in options.overrides if word.partition("=")[0] not in mine]
    settings = composer_of(options, words).settings()
    if settings.release is None:
        raise UsageError("nothing says which release: add release=tiny; see `tipbench list releases`.")
    release = Release.of(settings.release.version, settings.release.size, settings.release.world)
    return ACTIONS[options.action](release, settings.engine, options, own)


def _check_keys(keys: list[str], mine: tuple[str, ...]) -> None:
    valid = [f"release{of}" for of in ("", ".version", ".size", ".world")]
    valid += ["engine", "engine.workers", *mine]
    for key in keys:
        if key not in valid:
            raise UsageError(f"{key} is no key of this command: {suggestion(key, valid)}.")


def _make(release: Release, engine: Engine, options: argparse.Namespace, own: dict[str, str]) -> int:
    make_release(release, engine=engine.name, workers=engine.workers, quiet=options.quiet)
    if options.json:
        emit_json({"release": release.name, "regions": release.regions, "folder": str(release.folder)})
    else:
        emit(f"release {release.name}: {release.regions:,} regions in {release.folder}")
    return 0


def _verify(release: Release, engine: Engine, options: argparse.Namespace, own: dict[str, str]) -> int:
    differences = verify_release(release, engine=engine.name, workers=engine.workers, quiet=options.quiet)
    if options.json:
        emit_json({"release": release.name, "differences": differences})
    elif differences:
        emit("\n".join(f"differs: {difference}" for difference in differences))
    else:
        emit(f"release {release.name}: every digest is as it should be")
    if differences:
        raise CheckFailed(f"release {release.name} differs in {len(differences):,} places.")
    return 0


def _describe(release: Release, engine: Engine, options: argparse.Namespace, own: dict[str, str]) -> int:
    return _text("description", _opened(release, engine, options), describe, options)


def _preview(release: Release, engine: Engine, options: argparse.Namespace, own: dict[str, str]) -> int:
    rows = own.get("rows", "10")
    if not rows.isdigit() or int(rows) < 1:
        raise UsageError(f"rows={rows} is no number of rows: give 1 or more.")
    chosen = {"table": own.get("table", "adverts"), "rows": int(rows), "language": own.get("language")}
    opened = _opened(release, engine, options)
    return _text("preview", opened, lambda one: preview(one, **chosen), options)


def _opened(release: Release, engine: Engine, options: argparse.Namespace) -> Release:
    quiet = options.quiet
    return open_release(release.version, release.size, engine.name, engine.workers, quiet, release.world)


def _text(what: str, release: Release, make: Callable[[Release], str], options: argparse.Namespace) -> int:
    text = make(release)
    if options.json:
        emit_json({"release": release.name, what: text})
    else:
        emit(text)
    return 0


ACTIONS = {"make": _make, "verify": _verify, "describe": _describe, "preview": _preview}
