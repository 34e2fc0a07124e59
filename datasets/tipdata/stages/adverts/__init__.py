"""Adverts and how they are written."""
