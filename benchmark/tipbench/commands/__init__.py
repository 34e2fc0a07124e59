"""The verbs of the command line, one module each: ``add`` declares it, ``call`` does it and gives the exit code."""

from tipboard.commands import board, seal, submit

from tipbench.commands import compare, data, list_, run, score

VERBS = (run, score, compare, submit, list_, data, board, seal)
