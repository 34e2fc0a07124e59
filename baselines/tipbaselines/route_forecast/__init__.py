"""Baselines of the task route_forecast: each is handed circuits one stop at a time."""
