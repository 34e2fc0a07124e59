"""Whose firms are: truth, for answers and stories."""

import polars as pl

from tipbench.task import Source


def owned_firms(source: Source) -> pl.LazyFrame:
    """Return all firms in their order; ``operation`` is the one through which a firm exploits, else the agency that it
    takes most of its people from, else null."""
    agencies = source.scan("agencies", truth=True).select(main_agency="agency", agent="operation")
    firms = source.scan("firms", truth=True)
    joined = firms.join(agencies, on="main_agency", how="left", maintain_order="left")
    return joined.with_columns(operation=pl.coalesce("operation", "agent")).drop("agent")
