"""What is written about the data: cards, diagram, fidelity, lint, previews and manifests."""
