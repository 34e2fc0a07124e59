"""The board: what is kept of runs and submissions in ``results/``, and what is rendered from it.

Runs and their draws are collected (``collection``) and stored (``files``). Submissions are accepted, scored again and
reproduced (``acceptance``, ``rescoring``, ``reproduction``). Entries (``entries``) become lines with tests
(``standings``), which are shown in columns (``columns``) of tables (``tables``), on the Markdown page (``page``), in
forest plots (``forest``) and on a site (:mod:`tipboard.site`). They are open practice; closed seasons (``season``)
rank.
"""
