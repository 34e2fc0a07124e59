"""Build the documentation site from pages of the repository, code and data."""
