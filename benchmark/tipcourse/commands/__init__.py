"""The commands of the course: ``tipbench course``."""
