"""The board: what ``results/`` keeps of runs and submissions, and what is rendered from it.

Runs are collected with their draws (``collection``) and stored (``files``); submissions are accepted (``acceptance``),
scored again (``rescoring``) and reproduced (``reproduction``, ``fresh``, ``fresh_worlds``), and their predictions are
kept elsewhere (``storage``). Entries (``entries``) become lines with tests and ranks (``standings``, ``ranks``), lines
become tables (``columns``, ``tables``), and tables the Markdown page (``page``), files and a site
(:mod:`tipboard.site`). Figures show what ``forest`` says. Orders over independent worlds are ``worlds``, and sealed
rounds that have closed ``rounds``.
"""
