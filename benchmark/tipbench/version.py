"""Say which version of the distribution this is."""

__version__ = "0.6.0"
