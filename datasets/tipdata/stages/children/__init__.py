"""Children among those detected: counts, and nothing else."""
