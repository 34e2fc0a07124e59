"""Operations, the hidden units of the story."""
