"""The tasks, one file each, found by folder: a new task is one new module here that defines ``TASK``."""
