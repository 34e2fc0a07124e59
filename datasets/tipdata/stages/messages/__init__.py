"""Conversations of coded acts."""

from tipdata.stages.messages.stage import STAGE as STAGE
