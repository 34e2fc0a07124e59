"""Figures of the site, one module a kind; each gives a :class:`tipboard.site.svg.Drawing`."""
