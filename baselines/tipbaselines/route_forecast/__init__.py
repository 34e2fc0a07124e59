"""Baselines of route_forecast, which receive circuits one stop at a time."""
