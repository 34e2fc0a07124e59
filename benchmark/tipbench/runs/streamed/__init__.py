"""Predictions of a test that is handed over step by step: alarms, or forecasts of each next row."""
