"""Facts about a release for the documents of its export, so that all of them state the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple

import yaml
from tipdata.core.tables import Table
from tipdata.core.world import is_draft, release_name
from tipdata.documents.project_files import project_file
from tipdata.release.manifests import TRUTH
from tipdata.release.release import table_file
from tipdata.stages import tables_of

from tipbench.config.options import config_folder, describe_option
from tipbench.publishing.data_files import Config
from tipbench.tasks import tasks

KEYWORDS = (
    *("synthetic data", "benchmark", "human trafficking", "technology-facilitated trafficking"),
    *("data leakage", "fairness", "record linkage"),
)


class TableFile(NamedTuple):
    """A file of a table: the table as this version has it, whether it holds what is hidden, and its columns."""

    table: Table
    hidden: bool
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The config's name."""
        return f"{self.table.name}{TRUTH if self.hidden else ''}"

    @property
    def path(self) -> str:
        """Where it lies in an export."""
        return table_file(self.table.name, TRUTH if self.hidden else "")


@dataclass(frozen=True)
class ExportFacts:
    """Facts of a release: its manifest and, in an export, the configs of tasks and splits.

    ``url``: the page on which the export will be found; ``doi``; ``publisher``; '' for unknown.
    """

    manifest: Mapping[str, Any] = field(repr=False)
    configs: tuple[Config, ...] = field(default=(), repr=False)
    url: str = ""
    doi: str = ""
    publisher: str = ""

    @property
    def version(self) -> str:
        return self.manifest["version"]

    @property
    def size(self) -> str:
        return self.manifest["size"]

    @property
    def world(self) -> int:
        return self.manifest.get("world", 0)

    @property
    def name(self) -> str:
        """The name of the release, ``0.5.0/tiny``."""
        return release_name(self.version, self.size, self.world)

    @property
    def title(self) -> str:
        """The name in words, for readers and catalogues."""
        world = f", independent world {self.world}" if self.world else ""
        return f"tipbench {self.version} {self.size}{world}: fully synthetic data on trafficking in persons"

    @property
    def summary(self) -> str:
        """A description of the release: two sentences of plain text."""
        draft = " This data version is a draft and may still change." if is_draft(self.version) else ""
        return (
            f"{self.total:,} rows in {len(self.rows)} tables of {self.regions} fictional regions, drawn from one "
            "simulated world, to compare methods that detect and measure technology-facilitated trafficking in "
            "persons. Nobody and nothing real is in it; a score on it does not estimate performance in the field, "
            f"and is an indicator for human review.{draft}"
        )

    @property
    def about_size(self) -> str:
        """The purpose of a release of this size."""
        return str(describe_option(config_folder() / "release" / f"{self.size}.yaml")["summary"])

    @property
    def regions(self) -> int:
        return len(self.manifest["regions"])

    @cached_property
    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        listed = [entry["rows"] for entry in self.manifest["regions"].values()]
        return {table: sum(rows[table] for rows in listed) for table in tables_of(self.version)}

    @property
    def total(self) -> int:
        return sum(self.rows.values())

    @property
    def tables(self) -> dict[str, Table]:
        return tables_of(self.version)

    @property
    def default_config(self) -> Config:
        """The config that is loaded by default: the first task's default split."""
        preferred = [one for one in self.configs if one.task.name == next(iter(tasks())) and one.headline]
        return (preferred or [one for one in self.configs if one.headline])[0]

    def table_files(self) -> Iterator[TableFile]:
        """Yield every file of a table, in the order of the tables."""
        for table in self.tables.values():
            for hidden, columns in ((False, table.observed), (True, table.hidden)):
                if columns:
                    yield TableFile(table, hidden, columns)


@cache
def citation() -> dict[str, Any]:
    """Return the content of ``CITATION.cff``."""
    return yaml.safe_load(project_file("CITATION.cff").read_text(encoding="utf-8"))


def authors() -> list[str]:
    """Return the names of the authors."""
    return [one["name"] for one in citation()["authors"]]


def cite_as(facts: ExportFacts) -> str:
    """Return a BibTeX entry of the release, with its DOI and page if they are known."""
    known = (("doi", facts.doi), ("url", facts.url))
    more = "".join(f",\n  {key} = {{{value}}}" for key, value in known if value)
    key = f"tipbench_{facts.name}".replace("/", "_").replace(".", "_")
    year = str(citation()["date-released"])[:4]
    return (
        f"@misc{{{key},\n  title = {{{facts.title}}},\n  author = {{{{{' and '.join(authors())}}}}},\n"
        f"  year = {{{year}}},\n  version = {{{facts.version}}}{more}\n}}"
    )
