"""Configs: where they are, what can be chosen, and one checked config of what a user typed."""
