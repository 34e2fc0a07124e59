"""Releases: one region after the other, made, checked against a manifest, verified and read."""

from tipdata.release.drawn import Drawn, other_assumptions
from tipdata.release.footprint import size_in_words, size_on_disk
from tipdata.release.manifests import RECEIPT, manifest_folder, published_manifest
from tipdata.release.opening import located, make_release, open_release, remove_release, verify_release
from tipdata.release.region import generate_region
from tipdata.release.release import Release

__all__ = [
    "RECEIPT",
    "Drawn",
    "Release",
    "generate_region",
    "located",
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
