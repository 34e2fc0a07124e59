"""Reviews by moderators of a queue."""
