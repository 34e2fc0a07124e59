"""Seasons: entries run on worlds that nobody knew before their packages were frozen."""
