"""Publish a release: write it so that others' tools read it, with the documents that belong to it."""
