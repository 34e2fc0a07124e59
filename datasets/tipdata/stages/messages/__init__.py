"""Conversations of coded acts."""
