"""Static pages of a release, for reading: tables and distributions, adverts, cases with their networks; from disk.

:mod:`tipbench.browse.site` says how much of a release is read, :mod:`tipbench.browse.table_page` describes columns and
rows, :mod:`tipbench.browse.case_page` chooses cases, and :mod:`tipbench.browse.build` writes the pages.
"""
