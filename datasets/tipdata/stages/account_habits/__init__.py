"""What decides whom an account ties itself to."""
