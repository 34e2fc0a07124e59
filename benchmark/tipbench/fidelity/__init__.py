"""Compare a release with published aggregates, in a figure and a page, and its columns with a user's real data."""
