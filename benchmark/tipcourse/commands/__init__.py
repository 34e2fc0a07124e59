"""The command of the course: ``tipbench course``."""
