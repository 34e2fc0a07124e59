"""The commands of the board, one module each: ``tipbench board``, ``seal`` and ``submit``."""
