"""The lexicons: every string that the world can say, by language."""
