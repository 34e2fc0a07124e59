"""The command line: commands, exit codes, and one sentence instead of a traceback for a user's mistake."""

import argparse
import os
import sys
from collections.abc import Sequence

from tipcore.display import printable_lines
from tipcore.errors import CheckFailed, MachineFault, UsageError
from tipcore.operating_system import ignore_interrupts, write_utf8

from tipbench import completion
from tipbench.commands import WORDS, Command, command_of, declare, names
from tipbench.commands.parser import Parser, unknown_option
from tipbench.config.options import suggestion
from tipbench.console import emit_json
from tipbench.exit_codes import FAILED, INTERRUPTED, USAGE
from tipbench.version import __version__

ABOUT = """\
An open benchmark for methods that detect technology-facilitated trafficking in persons, on fully
synthetic data. A synthetic score does not estimate field performance."""

PANIC = "PanicException"
"""What polars raises where it cannot go on, which is no Exception; known by its name, as few commands load polars."""

EXAMPLES = """\
examples:
  tipbench run                                    the quickstart: all tasks on tiny, honest beside leaky scores
  tipbench run baseline=advert_risk/tfidf_logreg release=small split=forward
  tipbench run experiment=board release=small     a grid; finished cells are skipped
  tipbench list baselines
  tipbench data preview release=tiny language=es
  tipbench data story release=tiny                one case told from all tables, for teaching
  tipbench score predictions.csv task=advert_risk release=tiny split=forward
  tipbench compare RUN RUN
  tipbench check my_module.MyMethod task=advert_risk

`tipbench help COMMAND` teaches a command, `tipbench completion bash` makes your shell complete it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        write_utf8(stream)
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
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        _say(
            f"a table could not be read or computed ({' '.join(str(error).split())[:160]}): check your files, and the "
            "release with `tipbench data verify`."
        )
        return FAILED


def _run(arguments: Sequence[str] | None) -> int:
    words = _aliased(sys.argv[1:] if arguments is None else list(arguments))
    try:
        if completion.ASKED in os.environ:
            typed = completion.typed_command()
            completion.complete(_parser(command_of(typed) if typed else None))
        if words[:1] == ["--version"] and "--json" in words:
            emit_json({"version": __version__})
            return 0
        command = _command(words[0]) if words and not words[0].startswith("-") else None
        parser = _parser(command)
        options, rest = parser.parse_known_args(words)
        if unknown := [word for word in rest if word.startswith("-")]:
            raise unknown_option(parser, options, unknown[0])
        if command is None:
            parser.print_help()
            return USAGE
        if rest and not hasattr(options, "overrides"):
            raise UsageError(f"{rest[0]} is an argument too many: see `tipbench {options.command} --help`.")
        if hasattr(options, "overrides"):
            options.overrides = [*options.overrides, *rest]
        if getattr(options, "own_code", False) and "" not in sys.path:
            sys.path.append("")  # a user's own modules are found in the folder that the command is run in
        _hush_workers()
        return command.call(options)
    except (UsageError, MachineFault) as error:
        _say(str(error))
        return USAGE
    except CheckFailed as error:
        _say(str(error))
        return FAILED


def _aliased(words: list[str]) -> list[str]:
    """Return ``--help`` and ``--version`` for the words that other programs have for them.

    Of these two words themselves the help is that which lists all commands.
    """
    match words:
        case ["help", *rest] if not rest or rest[0] in WORDS:
            return ["--help"]
        case ["help", *rest]:
            return [*rest, "--help"]
        case ["version", *rest] if not {"-h", "--help"} & set(rest):
            return ["--version", *rest]
        case ["version", *_]:
            return ["--help"]
    return words


def _command(typed: str) -> Command:
    command = command_of(typed)
    if command is None:
        near = suggestion(typed, [*names(), *WORDS])
        raise UsageError(f'Unknown command "{typed}". {near}')
    return command


def _parser(command: Command | None) -> argparse.ArgumentParser:
    """Return the parser of the command that was typed; without one, of the help that lists all of them."""
    form = argparse.RawDescriptionHelpFormatter
    parser = Parser("tipbench", description=ABOUT, epilog=EXAMPLES, formatter_class=form)
    parser.add_argument("--version", action="version", version=f"tipbench {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for said in declare(commands, command):
        _say(said)
    return parser


def _hush_workers() -> None:
    """Keep helper processes from warning about what an interrupted command left to them to clean up."""
    trackers = ("joblib.externals.loky.backend.resource_tracker", "multiprocessing.resource_tracker")
    rules = [os.environ.get("PYTHONWARNINGS"), *(f"ignore::UserWarning:{tracker}" for tracker in trackers)]
    os.environ["PYTHONWARNINGS"] = ",".join(dict.fromkeys(filter(None, rules)))


def _say(text: str) -> None:
    """Write a sentence or more; what they quote of a user's files may hold what a terminal obeys."""
    sys.stderr.write(f"tipbench: {printable_lines(text.rstrip())}\n")


def _interrupted(leave: bool) -> int:
    """Say so in one line and, as a command, leave at once, whatever workers and libraries would still like to say."""
    ignore_interrupts()
    _say(
        "interrupted: what is finished is kept, nothing is half-written; the same command goes on from there."
    )
    sys.stderr.flush()
    if leave:
        os._exit(INTERRUPTED)
    return INTERRUPTED


def _close(stream: object) -> int:
    """Redirect an output that can take no more to nothing, so that leaving Python says nothing about it."""
    if stream is sys.stdout:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
