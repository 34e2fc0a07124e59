"""Adverts and how they are written."""

from tipdata.stages.adverts.stage import STAGE as STAGE
