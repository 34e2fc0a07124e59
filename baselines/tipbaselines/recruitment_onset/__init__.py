"""Baselines of the task recruitment_onset: each is handed conversations one message at a time."""
