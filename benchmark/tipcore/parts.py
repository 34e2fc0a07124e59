"""The parts of a split."""

PARTS = ("train", "valid", "test")
"""Learn from the first, tune on the second, be scored on the third."""
