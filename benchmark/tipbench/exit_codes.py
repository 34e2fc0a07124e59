"""The exit codes of every command; 0 is: done, and everything held."""

FAILED = 1
"""A check or a run failed."""
USAGE = 2
"""The user's mistake, said in one sentence."""
INTERRUPTED = 130
"""Stopped by Ctrl-C."""
