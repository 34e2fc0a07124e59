"""Submissions to the leaderboard: packed by an author, checked and scored alike by author and maintainer.

A check reads the folder (``folder``, ``files``), ``submission.json`` (``record``), compares what was declared with what
there is (``terms``), reads the untrusted files in a process of their own (``guard``, ``reader``) and scores them
(``check``). ``pack`` writes a submission.
"""
