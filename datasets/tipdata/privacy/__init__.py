"""Fit parameters to a private table under differential privacy, and attack what came of it."""
