"""Annotations by two raters."""
