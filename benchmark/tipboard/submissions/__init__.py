"""Submissions to the leaderboard: packed by an author, checked and scored alike by author and maintainer.

The order of the files is that of a check: ``text``, ``record`` and ``record_file`` (``submission.json``), ``limits``,
``opening`` and ``folder`` (what lies there), ``terms`` (what was declared against what can be), ``guard``, ``reader``
and ``parquet`` (untrusted files, read in a process of their own), ``truth``, ``check``; then ``pack`` and ``pinned``.
"""
