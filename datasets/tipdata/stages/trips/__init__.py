"""Circuits, journeys and trips."""
