"""The exit codes of every command; 0 means success."""

FAILED = 1
"""A check or a run failed."""
USAGE = 2
"""A user's mistake, explained in one sentence."""
INTERRUPTED = 130
"""Stopped by Ctrl-C."""
