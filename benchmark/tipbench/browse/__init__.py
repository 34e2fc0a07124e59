"""Static pages of a release, for reading: tables and distributions, adverts, cases with their networks; from disk.

:mod:`tipbench.browse.site` says how much of a release is read, :mod:`tipbench.browse.table_page` what a column holds,
:mod:`tipbench.browse.table_page` which rows are shown, :mod:`tipbench.browse.case_page` which cases are told, and
:mod:`tipbench.browse.build` writes the pages.
"""
