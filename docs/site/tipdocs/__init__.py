"""What the documentation site is made of: pages of the repository, and what is made of code and data."""
