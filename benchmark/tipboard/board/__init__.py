"""The board: what is kept of runs and submissions in ``results/``, and what is rendered from it.

Runs and their draws are collected (``collection``) and stored (``files``, ``storage``). Submissions are accepted,
scored again and reproduced (``acceptance``, ``rescoring``, ``reproduction``). Entries (``entries``) get tests
(``standings``), which become columns (``columns``) of tables (``tables``), the Markdown page (``page``), a
forest plot (``forest``) and a site (:mod:`tipboard.site`). The board is open
practice: seasons rank.
"""
