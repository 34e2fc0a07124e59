"""How like the published a release is: figure and page of the aggregates, and columns beside real data."""
