"""Publish a release: data that other tools read, documents, metadata and checksums."""
