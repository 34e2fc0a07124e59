"""The verbs of the command line, one module each: ``add`` declares it, ``call`` does it and gives the exit code."""

from tipbench.verbs import board, compare, data, list_, run, score, seal, submit

VERBS = (run, score, compare, submit, list_, data, board, seal)
