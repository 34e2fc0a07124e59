"""The ways in which tipbench says no: a user's mistake or what this machine lacks, and a check that failed."""


class UsageError(Exception):
    """A user's mistake. The message is one sentence: what, where, what to do. The command line exits with 2."""


class MachineFault(Exception):
    """A fault of this machine, not of the input: a full disk, a damaged release. The message is one sentence. It must
    not be taken for the fault of a submission. The command line exits with 2."""


class NotMapped(UsageError):
    """A method needs a column that a user's own data does not map; another method may do without it."""


class CheckFailed(Exception):
    """A check that ran and did not hold (a digest that differs, a cell that failed). The command line exits with 1."""


def error_line(error: object) -> str:
    """Return the first line of an error or of what is said of it, short and without a full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:160].rstrip(".")
