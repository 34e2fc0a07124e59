"""Captures of hidden people by lists."""
