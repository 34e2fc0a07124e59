"""A bundle for a competition host (Codabench, format version 2) that scores a sealed round with its own evaluator.

The order of the files is that of an export: ``columns`` (what is shown of a score), ``competition`` (the format of
``competition.yaml`` and its rules), ``pages``, ``evaluator`` (the sources that travel along), ``archive``
(the zip), ``bundle`` (all of it). ``program/score.py`` is what the host starts, and ``hosted`` what it then does, from
the copy of tipbench inside the bundle.
"""
