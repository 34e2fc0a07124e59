"""The command line: verbs, exit codes, and one sentence instead of a traceback for a user's mistake.

Exit codes: 0 fine, 1 a check or cell failed, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

FAILED, USAGE, INTERRUPTED = 1, 2, 130

ABOUT = """\
An open benchmark for methods that detect technology-facilitated trafficking in persons, on fully
synthetic data. A synthetic score does not estimate field performance."""

EXAMPLES = """\
examples:
  tipbench run                                    the quickstart: three tasks, honest beside leaky scores
  tipbench run baseline=advert_risk/tfidf_logreg release=small split=forward
  tipbench run experiment=board release=small     a grid; finished cells are skipped
  tipbench list baselines
  tipbench data preview release=tiny language=es
  tipbench score predictions.csv task=advert_risk release=tiny split=forward
  tipbench compare RUN RUN

`tipbench VERB --help` teaches a verb."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _interrupted(leave=arguments is None)
    except BrokenPipeError:
        return _close(sys.stdout)
    except OSError as error:
        _say(f"{error.filename or 'the output'} cannot be read or written: {error.strerror or error}.")
        _close(sys.stdout)
        return USAGE


def _run(arguments: Sequence[str] | None) -> int:
    from tipdata.core.errors import CheckFailed, UsageError

    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if unknown := [word for word in rest if word.startswith("-")]:
        parser.error(
            f"unknown option {unknown[0]}: see `tipbench {options.verb or ''} --help`".replace("  ", " ")
        )
    if options.verb is None:
        parser.print_help()
        return USAGE
    if rest and not hasattr(options, "overrides"):
        parser.error(f"{rest[0]} is one word too many: see `tipbench {options.verb} --help`")
    if hasattr(options, "overrides"):
        options.overrides = [*options.overrides, *rest]
    _hush_workers()
    try:
        return options.call(options)
    except UsageError as error:
        _say(str(error))
        return USAGE
    except CheckFailed as error:
        _say(str(error))
        return FAILED


def _parser() -> argparse.ArgumentParser:
    import argparse

    from tipbench import __version__
    from tipbench.commands import VERBS

    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tipbench", description=ABOUT, epilog=EXAMPLES, formatter_class=form)
    parser.add_argument("--version", action="version", version=f"tipbench {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for verb in VERBS:
        verb.add(verbs)
    return parser


def _hush_workers() -> None:
    """Joblib's helper process is not to warn about what an interrupted command left to it to clean up."""
    import os

    rule = "ignore::UserWarning:joblib.externals.loky.backend.resource_tracker"
    rules = [rules for rules in (os.environ.get("PYTHONWARNINGS"), rule) if rules]
    os.environ["PYTHONWARNINGS"] = ",".join(dict.fromkeys(rules))


def _say(text: str) -> None:
    sys.stderr.write(f"tipbench: {text.rstrip()}\n")


def _interrupted(leave: bool) -> int:
    """Say so in one line and, as a command, leave at once, whatever workers and libraries would still like to say."""
    import os
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _say(
        "interrupted: what is finished is kept, nothing is half-written; the same command goes on from there."
    )
    sys.stderr.flush()
    if leave:
        os._exit(INTERRUPTED)
    return INTERRUPTED


def _close(stream: object) -> int:
    """Point an output that can take no more at nothing, so that leaving Python says nothing about it."""
    import os

    if stream is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
