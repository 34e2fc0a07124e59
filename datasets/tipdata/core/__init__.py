"""What every stage builds on: draws, tables, digests, parameters, regions and releases."""
