"""The pictures of the documents: a function each, by subject; ``pictures.yaml`` has their texts."""
