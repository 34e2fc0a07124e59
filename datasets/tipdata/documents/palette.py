"""The colours of every figure, diagram and page, declared here alone.

The style sheet of the site holds the same colours as custom properties, which a test compares. Colours can be
told apart by the colour-blind (Okabe and Ito 2008).
"""

LIGHT = {
    "ink": "#1f2933",
    "quiet": "#56616e",
    "pale": "#dfe4ea",
    "paper": "#ffffff",
    "wash": "#f6f8fa",
    "accent": "#0072b2",
    "oracle": "#d55e00",
    "oracle-text": "#a84a00",
    "third": "#00855f",
    "fourth": "#9b2f7b",
    "link": "#00629b",
    "notice": "#fff6ee",
}
"""Role -> colour on white: of figures, files, and pages by day. Third and fourth: where accent and oracle are taken."""

DARK = {
    "ink": "#e4e9ee",
    "quiet": "#a3afbb",
    "pale": "#2e3944",
    "paper": "#12171d",
    "wash": "#1a2129",
    "accent": "#56b4e9",
    "oracle": "#f0883e",
    "oracle-text": "#f5a067",
    "third": "#4cc9a0",
    "fourth": "#e08cc4",
    "link": "#7cc4ef",
    "notice": "#241b14",
}
"""Role -> colour of pages by night."""

TIERS = {
    "public": "#1b7837",
    "platform": LIGHT["accent"],
    "legal": LIGHT["oracle-text"],
    "truth": LIGHT["quiet"],
    "label": "#762a83",
}
"""Access tier of a column -> colour on white."""
