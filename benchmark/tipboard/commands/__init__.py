"""The commands of the board: ``tipbench submit``, ``board`` and ``seal``."""
