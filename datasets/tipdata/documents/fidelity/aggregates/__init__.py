"""Published aggregates by subject, each declared once."""
