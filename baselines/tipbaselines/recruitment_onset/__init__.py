"""Baselines of recruitment_onset, which receive conversations one message at a time."""
