"""Releases: one region after the other, made, checked against a manifest, verified and read."""

from tipdata.release.drawn import Drawn, other_assumptions
from tipdata.release.footprint import remove_release, size_in_words, size_on_disk
from tipdata.release.make import make_release, open_release
from tipdata.release.manifests import RECEIPT, manifest_folder, published_manifest
from tipdata.release.region import generate_region
from tipdata.release.release import Release
from tipdata.release.verifying import verify_release

__all__ = [
    "RECEIPT",
    "Drawn",
    "Release",
    "generate_region",
    "make_release",
    "manifest_folder",
    "open_release",
    "other_assumptions",
    "published_manifest",
    "remove_release",
    "size_in_words",
    "size_on_disk",
    "verify_release",
]
