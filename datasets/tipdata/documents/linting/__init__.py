"""What the files of a release hold that the safety rules forbid, whoever edited them."""

from tipdata.documents.linting.folder import Report, lint_folder
from tipdata.documents.linting.sources import lint_sources
from tipdata.documents.linting.strikes import Strike

__all__ = ["Report", "Strike", "lint_folder", "lint_sources"]
