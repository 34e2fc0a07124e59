"""What every page that is written here is made of: templates, drawings, text made safe, style, script and folder."""
