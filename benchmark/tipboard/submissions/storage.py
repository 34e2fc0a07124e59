"""``results/board.yaml``, and where predictions of accepted submissions are kept: each file under its digest.

::

    predictions: predictions        # a folder, from board.yaml's own, or a URL such as s3://bucket/predictions
    packages:
      wheelhouse: ""                # a folder of wheels, from board.yaml's own; it alone is used where it is given
      index: ""                     # https address of a package index
    site:
      repository: ""                # https address of the source; empty: the pages say that none is declared
      documents: ""                 # https address to which docs/board.md is appended; empty: no link to documents
      documentation: ""             # the documentation site: an https address, or a path from this site's root
      address: ""                   # https address of the site, for pictures in preview cards

Git keeps digests and scores only. A file of predictions is found by what is in it, so it is written once however
often it is accepted, and what comes back is checked to be what was asked for.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tipbench.runs.results import digest_of
from tipcore.atomic import PARTIAL, STALE_SECONDS
from tipcore.errors import UsageError
from tipcore.locations import FULL, error_text, expand_home, is_url
from tipcore.operating_system import check_regular
from tipcore.validation import requirement

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


CONFIG = "board.yaml"
ADDRESS = r"^(https://[A-Za-z0-9\-._~:/?#@%+=&]+)?$"
PLACE = r"^(https://[A-Za-z0-9\-._~:/?#@%+=&]+|(\.\./)*[A-Za-z0-9\-_][A-Za-z0-9\-._/]*)?$"
"""An address, or a relative path."""


class SiteAddresses(BaseModel):
    """Addresses that pages link to, which the module's docstring describes; each is empty where none is declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repository: str = Field(default="", pattern=ADDRESS)
    documents: str = Field(default="", pattern=ADDRESS)
    documentation: str = Field(default="", pattern=PLACE)
    address: str = Field(default="", pattern=ADDRESS)


class Packages(BaseModel):
    """Where the packages of submissions are installed from: a folder of wheels, or else an index of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wheelhouse: str = ""
    index: str = Field(default="", pattern=ADDRESS)


class BoardConfig(BaseModel):
    """The whole file, which the module's docstring describes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    predictions: str = "predictions"
    packages: Packages = Packages()
    site: SiteAddresses = SiteAddresses()


def read_config(results: Path) -> BoardConfig:
    """Return the config of ``results``, the default one where there is no file.

    Raises UsageError for a file that is none.
    """
    path = results / CONFIG
    try:
        check_regular(path)
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        config = BoardConfig.model_validate(content or {})
        if house := config.packages.wheelhouse:
            packages = Packages(wheelhouse=str((results / house).absolute()), index=config.packages.index)
            return config.model_copy(update={"packages": packages})
        return config
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        said = requirement(first, BoardConfig, show=True)
        if where == "site.documentation":
            said = "give an https address, a path from the site's root such as ../documents, or nothing"
        elif where.startswith(("site.", "packages.")):
            said = "give an https address or nothing"
        raise UsageError(f"{path} is not a config of a board: {where}: {said}.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = str(error).strip().splitlines()[0].rstrip(".")
        advice = "give `predictions: FOLDER_OR_URL`"
        raise UsageError(f"{path} is not a config of a board: {said}; {advice}.") from None


@dataclass(frozen=True)
class PredictionStore:
    """Predictions by digest. ``url``: a folder or an fsspec URL."""

    url: str

    def put(self, content: bytes) -> str:
        """Keep a file and return its digest (``sha256:`` and hex). One that is kept already is not written again.

        Raises UsageError where it cannot be written.
        """
        digest = digest_of(content)
        system, path = self._at(digest)
        beside = f"{path}{PARTIAL}{uuid.uuid4().hex}"
        try:
            if system.exists(path):
                return digest
            folder = path.rpartition("/")[0]
            system.makedirs(folder, exist_ok=True)
            _sweep(system, folder)
            system.pipe_file(beside, content)
            system.mv(beside, path)
        except Exception as error:
            with suppress(Exception):
                system.rm_file(beside)
            raise self._cannot("written to", error) from None
        return digest

    def get(self, digest: str) -> bytes:
        """Return the file of a digest. Raises UsageError where it is not there, or was changed."""
        system, path = self._at(digest)
        try:
            content = bytes(system.cat_file(path))  # type: ignore[arg-type]
        except FileNotFoundError:
            raise UsageError(
                f"predictions {digest} are not in {self.url}: copy them there, or correct `predictions` in {CONFIG}."
            ) from None
        except Exception as error:
            raise self._cannot("read from", error) from None
        if digest_of(content) != digest:
            raise UsageError(
                f"predictions {digest} in {self.url} are not what was accepted: bring back the file of that digest."
            )
        return content

    def has(self, digest: str) -> bool:
        """Return whether a file of this digest is kept. Raises UsageError where the place cannot be read."""
        system, path = self._at(digest)
        try:
            return system.exists(path)
        except Exception as error:
            raise self._cannot("read from", error) from None

    def _at(self, digest: str) -> tuple[AbstractFileSystem, str]:
        """Return the file system and the path of a digest. Raises UsageError for a URL that cannot be opened."""
        import fsspec

        kind, _, name = digest.partition(":")
        if kind != "sha256" or len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise UsageError(
                f"{digest} is not a digest of predictions: it must be sha256: and 64 hex digits."
            )
        try:
            system, root = fsspec.url_to_fs(self.url)
        except (ImportError, ValueError, OSError) as error:
            raise self._cannot("found at", error) from None
        return system, f"{root.rstrip('/')}/{name[:2]}/{name}.parquet"

    def _cannot(self, what: str, error: Exception) -> UsageError:
        room = "free space there, or " if getattr(error, "errno", None) in FULL else ""
        advice = f"{room}correct `predictions` in {CONFIG}"
        return UsageError(f"predictions cannot be {what} {self.url}: {error_text(error)}; {advice}.")


def _sweep(system: AbstractFileSystem, folder: str) -> None:
    """Remove from a folder what killed writers left there long ago, as far as the file system says how long."""
    with suppress(Exception):
        before = datetime.now(UTC) - timedelta(seconds=STALE_SECONDS)
        for path in system.ls(folder, detail=False, refresh=True):
            if f".parquet{PARTIAL}" in path and system.modified(path) < before:
                system.rm_file(path)


def store_of(results: Path) -> PredictionStore:
    """Return the store that ``<results>/board.yaml`` names, ``<results>/predictions`` where it is absent.

    Raises UsageError for a config that is not one.
    """
    url = read_config(results).predictions
    return PredictionStore(url if is_url(url) else str((results / expand_home(url)).absolute()))
