"""``results/board.yaml``: where a board keeps predictions and finds packages, and where it is published.

::

    predictions: predictions        # a folder, from board.yaml's own, or a URL that fsspec can open
    packages:
      wheelhouse: ""                # a folder of wheels, from board.yaml's own; it alone is used where it is given
      index: ""                     # https address of a package index
    site:
      repository: ""                # https address of the source; empty: the pages say that none is declared
      documents: ""                 # https address to which docs/board.md is appended; empty: no link to documents
      documentation: ""             # where the documentation site is: an https address, or a path from this site's root
      address: ""                   # https address of the site, for pictures in preview cards
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tipcore.errors import UsageError
from tipcore.operating_system import check_regular

CONFIG = "board.yaml"
ADDRESS = r"^(https://[A-Za-z0-9\-._~:/?#@%+=&]+)?$"
PLACE = r"^(https://[A-Za-z0-9\-._~:/?#@%+=&]+|(\.\./)*[A-Za-z0-9\-_][A-Za-z0-9\-._/]*)?$"
"""An address, or a relative path."""


class SiteConfig(BaseModel):
    """Addresses that pages link to; each is empty where none is declared."""

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
    """The whole file. ``predictions``: a folder, from the file's own, or an fsspec URL."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    predictions: str = "predictions"
    packages: Packages = Packages()
    site: SiteConfig = SiteConfig()


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
            absolute = config.packages.model_copy(update={"wheelhouse": str((results / house).absolute())})
            return config.model_copy(update={"packages": absolute})
        return config
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        said = (
            "give an https address or nothing" if where.startswith(("site.", "packages.")) else first["msg"]
        )
        if where == "site.documentation":
            said = "give an https address, a path from the site's root such as ../documents, or nothing"
        raise UsageError(f"{path} is not a config of a board: {where}: {said}.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = str(error).strip().splitlines()[0].rstrip(".")
        raise UsageError(
            f"{path} is not a config of a board: {said}; give `predictions: FOLDER_OR_URL`."
        ) from None
