"""Kinds of prediction: what a method hands in, and the truth that it is scored against."""
