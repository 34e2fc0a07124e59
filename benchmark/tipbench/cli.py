"""The command line: commands, exit codes, and one sentence instead of a traceback for a user's mistake."""

import os
import sys
from collections.abc import Sequence

from tipcore.display import printable_lines
from tipcore.errors import CheckFailed, MachineFault, UsageError
from tipcore.operating_system import ignore_interrupts, write_utf8

from tipbench import completion
from tipbench.console import emit, emit_either
from tipbench.declarations import WORDS, Command, Parser, find_command, overview, unknown_option
from tipbench.exit_codes import FAILED, INTERRUPTED, USAGE
from tipbench.help_text import format_table, format_text, format_usage
from tipbench.version import __version__

ABOUT = """\
An open benchmark for methods that detect technology-facilitated trafficking in persons, on fully
synthetic data. A synthetic score does not estimate field performance."""

PANIC = "PanicException"
"""The error of polars that is not an Exception. It is known by its name, since few commands import polars."""

NOTATION = """\
how to read usage and help:
  CAPITALS                a value that you choose: a NAME, a FILE, a number N
  [...]                   may be left out
  RUN...                  one or more; ... alone at the end of an example: further settings
  a|b                     one of these words
  key=value               a setting, which chooses data, methods or numbers; rows=10 in a list of settings means that
                          10 is the default
  --option                says where output goes or how it looks; one without a value switches something on

examples:
  tipbench run            the quickstart: all tasks on tiny, honest beside leaky scores
  tipbench run baseline=advert_risk/tfidf_logreg release=small split=forward
  tipbench run experiment=board release=small   a grid; finished cells are skipped
  tipbench list baselines
  tipbench data preview release=tiny language=es
  tipbench data story release=tiny              one case from all tables, for teaching
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
        return _close_output()
    except OSError as error:
        _write(f"{error.filename or 'the output'} cannot be read or written: {error.strerror or error}.")
        _close_output()
        return USAGE
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        _write(
            f"a table could not be read or computed ({' '.join(str(error).split())[:160]}): check your files, and the "
            "release with `tipbench data verify`."
        )
        return FAILED


def _run(arguments: Sequence[str] | None) -> int:
    words = _replace_aliases(sys.argv[1:] if arguments is None else list(arguments))
    try:
        if completion.ASKED in os.environ:
            completion.complete()
        if words[:1] == ["--version"]:
            emit_either({"version": __version__}, f"tipbench {__version__}", "--json" in words)
            return 0
        command, rest = find_command(words)
        if command is not None and not command.actions:
            options = Parser(command, f"tipbench {command.name}").read(rest)
            _hush_workers()
            return command.call(options)
        asks_help = bool({"-h", "--help"} & set(rest))
        if rest and not asks_help:
            raise unknown_option(rest[0], ["--help", *([] if command else ["--version"])], command)
        if command is not None and not asks_help:
            prog, listed = f"tipbench {command.name}", ", ".join(command.actions)
            raise UsageError(f"`{prog}` needs ACTION (one of {listed}). See `{prog} --help`.")
        emit(_help(command))
        return 0 if asks_help else USAGE
    except (UsageError, MachineFault) as error:
        _write(str(error))
        return USAGE
    except CheckFailed as error:
        _write(str(error))
        return FAILED


def _help(command: Command | None) -> str:
    """Return the help of a group, or without one, that which lists all commands."""
    if command is not None:
        usage = format_usage([f"tipbench {command.name}", "ACTION", "[key=value ...]", "[options]"])
        actions = format_table({name: one.summary for name, one in command.actions.items()})
        return f"{usage}\n\n{format_text(command.help)}\n\nactions:\n{actions}"
    known, problems = overview()
    for problem in problems:
        _write(problem)
    usage = format_usage(["tipbench", "COMMAND", "[key=value ...]", "[options]"])
    return f"{usage}\n\n{format_text(ABOUT)}\n\ncommands:\n{format_table(known)}\n\n{format_text(NOTATION)}"


def _replace_aliases(words: list[str]) -> list[str]:
    """Return ``--help`` and ``--version`` for the words that other programs have for them.

    Of these two words themselves the help is that which lists all commands.
    """
    first, rest = words[:1], words[1:]
    if first == ["help"]:
        return ["--help"] if not rest or rest[0] in WORDS else [*rest, "--help"]
    if first == ["version"]:
        return ["--help"] if {"-h", "--help"} & set(rest) else ["--version", *rest]
    return words


def _hush_workers() -> None:
    """Keep helper processes from warning about what an interrupted command left to them to clean up."""
    trackers = ("joblib.externals.loky.backend.resource_tracker", "multiprocessing.resource_tracker")
    rules = [os.environ.get("PYTHONWARNINGS"), *(f"ignore::UserWarning:{tracker}" for tracker in trackers)]
    os.environ["PYTHONWARNINGS"] = ",".join(dict.fromkeys(filter(None, rules)))


def _write(text: str) -> None:
    """Write a sentence or more; what they quote of a user's files may hold what a terminal obeys."""
    sys.stderr.write(f"tipbench: {printable_lines(text.rstrip())}\n")


def _interrupted(leave: bool) -> int:
    """Write one line and, as a command, leave at once, before workers and libraries write more."""
    ignore_interrupts()
    _write(
        "interrupted: what is finished is kept, nothing is half-written; the same command goes on from there."
    )
    sys.stderr.flush()
    if leave:
        os._exit(INTERRUPTED)
    return INTERRUPTED


def _close_output() -> int:
    """Redirect standard output, which can take no more, to nothing, so that leaving Python says nothing about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
