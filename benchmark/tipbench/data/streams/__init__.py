"""What a streamed task holds back: the rows by step, and the answers to forecasts of the next row."""
