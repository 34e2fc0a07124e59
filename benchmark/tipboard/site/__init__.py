"""The board as a static site: pages that need no server and no network, and the files behind their tables."""
