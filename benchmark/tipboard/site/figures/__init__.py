"""Figures of the site, one module a kind; each gives a :class:`tipbench.pages.svg.Drawing`."""
