"""Name the look of every figure and page: colours, sizes and marks, declared here alone.

Matplotlib figures and the drawings of the site read these constants; the style sheet of the site holds the same colours
as custom properties, which a test compares. Colours tell apart for the colour-blind (Okabe and Ito 2008).
"""

from __future__ import annotations

LIGHT = {
    "ink": "#1f2933",
    "quiet": "#56616e",
    "pale": "#dfe4ea",
    "paper": "#ffffff",
    "wash": "#f6f8fa",
    "accent": "#0072b2",
    "oracle": "#d55e00",
    "oracle-text": "#a84a00",
    "link": "#00629b",
    "notice": "#fff6ee",
}
"""Role -> colour on white: of figures, files, and pages by day."""

DARK = {
    "ink": "#e4e9ee",
    "quiet": "#a3afbb",
    "pale": "#2e3944",
    "paper": "#12171d",
    "wash": "#1a2129",
    "accent": "#56b4e9",
    "oracle": "#f0883e",
    "oracle-text": "#f5a067",
    "link": "#7cc4ef",
    "notice": "#241b14",
}
"""Role -> colour of pages by night."""

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
