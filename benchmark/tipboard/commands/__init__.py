"""The commands of the board, one module each: ``tipbench board`` and ``submit``."""
