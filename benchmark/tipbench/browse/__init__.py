"""Static pages of a release, for reading: tables and distributions, adverts, cases with their networks; from disk.

:mod:`tipbench.browse.source` says how much of a release is read, :mod:`tipbench.browse.columns` what a column holds,
:mod:`tipbench.browse.rows` which rows are shown, :mod:`tipbench.browse.cases` which cases are told, and
:mod:`tipbench.browse.build` writes the pages.
"""
