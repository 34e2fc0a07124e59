"""What is written about the data: cards, diagram, marginals, previews and manifests."""
