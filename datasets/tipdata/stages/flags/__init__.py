"""Flags by the crowd."""
