"""The market at full volume: slow paths of the world and a region, and what closures and campaigns do to them."""
