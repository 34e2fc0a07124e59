"""Operations, the hidden units of the story."""

from tipdata.stages.operations.stage import STAGE as STAGE
