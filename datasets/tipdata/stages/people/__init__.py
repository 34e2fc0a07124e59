"""Hidden people."""
