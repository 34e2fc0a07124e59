"""Every string that the world can say, by language, and how sentences are made of them."""
