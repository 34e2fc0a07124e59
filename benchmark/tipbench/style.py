"""Name the look of every figure: sizes and marks. Colours are in :mod:`tipdata.documents.palette`."""

from __future__ import annotations

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
"""Of drawings; matplotlib's own font is used where it draws."""

TEXT, TITLE, SMALL = 9.0, 10.5, 8.5
"""Points of matplotlib's text: of labels, of a panel's title, of notes and axes."""

DPI = 150
"""Dots per inch of a PNG."""

DOT, DIAMOND = 6.5, 5.5
"""Points across a mark of matplotlib: of a method, of the reference method."""

INTERVAL_WIDTH, INTERVAL_OPACITY = 2.0, 0.5
"""Of the bar of a 95% interval: points or pixels, and share."""

ORACLE_WIDTH, ORACLE_DASH = 1.5, (5, 4)
"""Of the line of the oracle: points or pixels; drawn and left out."""
