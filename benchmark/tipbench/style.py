"""Sizes and marks of every figure. Colours are in :mod:`tipdata.documents.palette`."""

from __future__ import annotations

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
"""The font of SVG drawings; matplotlib uses its own."""

TEXT, TITLE, SMALL = 9.0, 10.5, 8.5
"""Text sizes of matplotlib in points: labels, titles of panels, notes and axes."""

DPI = 150
"""Dots per inch of a PNG."""

DOT, DIAMOND = 6.5, 5.5
"""Mark sizes of matplotlib in points: a method, the reference method."""

INTERVAL_WIDTH, INTERVAL_OPACITY = 2.0, 0.5
"""The bar of a 95% interval: width in points or pixels, opacity."""

ORACLE_WIDTH, ORACLE_DASH = 1.5, (5, 4)
"""The line of the oracle: width in points or pixels; lengths of dash and gap."""
