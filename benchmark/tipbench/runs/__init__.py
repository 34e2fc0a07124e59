"""Runs: from a config to cells, from cells to results, and from results to tables and figures."""
