"""The board: what is kept of runs and submissions in ``results/``, and what is rendered from it.

In the order of the story: runs are collected (``collection``), their draws kept (``draws``) and stored (``files``);
submissions are accepted, scored again and reproduced (``acceptance``, ``rescoring``, ``reproduction``), their
predictions kept elsewhere (``predictions``). Entries (``entries``) become lines with tests and ranks (``comparisons``,
``ranks``, ``board_rows``), those become the columns of tables (``columns``), and tables the Markdown page (``page``),
files (``export``) and a site (:mod:`tipboard.site`). What a forest plot shows is ``forest_rows``. Orders over
independent worlds are ``world_orders`` and ``stability``; closed sealed rounds ``rounds``; a competition host's bundle
:mod:`tipboard.codabench`.
"""
