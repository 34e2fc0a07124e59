"""Releases: one region after the other, made, checked against a manifest, verified and read."""

from tipdata.release.builder import (
    TemporaryRelease,
    locate_release,
    make_release,
    open_release,
    other_assumptions,
    remove_release,
    size_in_words,
    size_on_disk,
)
from tipdata.release.manifests import RECEIPT, manifest_folder, published_manifest
from tipdata.release.region import generate_region
from tipdata.release.release import Release
from tipdata.release.verification import verify_release

__all__ = [
    "RECEIPT",
    "Release",
    "TemporaryRelease",
    "generate_region",
    "locate_release",
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
