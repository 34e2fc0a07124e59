"""Building blocks of HTML pages: templates, drawings, escaped text, style and script."""
