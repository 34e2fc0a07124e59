"""Ties between accounts."""
