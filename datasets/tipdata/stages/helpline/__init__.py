"""What is behind a contact with a helpline, and what is written down of it: the parts of the stage ``helpline``."""
