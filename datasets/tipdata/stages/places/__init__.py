"""Places and platforms."""
