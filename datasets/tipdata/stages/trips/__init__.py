"""Circuits, journeys and trips."""

from tipdata.stages.trips.stage import STAGE as STAGE
