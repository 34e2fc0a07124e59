"""``tipbench docs``: list the documents that came with this installation, or print one.

arguments:
  [PAGE]                  a page, by its name from that list; all are listed where none is given

options:
  --json

examples:
  tipbench docs                                                all pages, and the folder that holds them
  tipbench docs ethics                                         one of them
  tipbench docs tasks/advert_risk
  tipbench docs README
"""

import argparse
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.spelling import nearest
from tipdata.documents.project_files import project_file

from tipbench.console import Column, emit_either, emit_json, emit_table

FOLDERS = ("docs", "datasets/cards", "results")
"""Folders of the repository whose pages are documents, beside those at its root."""


def call(options: argparse.Namespace) -> None:
    """Print a page, or the list of all."""
    pages = documents()
    if options.page is None:
        root, titles = str(project_file()), {name: title_of(path) for name, path in pages.items()}
        if options.json:
            listed = [{"page": name, "title": titles[name], "file": str(pages[name])} for name in pages]
            emit_json({"folder": root, "pages": listed})
        else:
            columns = [Column("page"), Column("title", prose=True)]
            emit_table(columns, list(titles.items()), title=f"documents in {root}")
        return
    name = options.page.removesuffix(".md")
    name = name if name in pages else name.removeprefix("docs/")
    if name not in pages:
        near = nearest(name, list(pages))
        like = f": did you mean {' or '.join(near)}?" if near else ": `tipbench docs` lists them."
        raise UsageError(f"there is no page {options.page}{like}")
    text = pages[name].read_text(encoding="utf-8")
    emit_either({"page": name, "file": str(pages[name]), "text": text}, text.rstrip(), options.json)


def documents() -> dict[str, Path]:
    """Return the pages by name: their path from the root of the repository without ``.md`` and, where no page of the
    root has the rest, ``docs/``."""
    root = project_file()
    at_root = {path.stem: path for path in sorted(root.glob("*.md"))}
    found = {}
    for path in sorted(path for name in FOLDERS for path in (root / name).rglob("*.md")):
        name = path.relative_to(root).as_posix().removesuffix(".md")
        short = name.removeprefix("docs/")
        found[name if short in at_root else short] = path
    return at_root | found


def title_of(page: Path) -> str:
    """Return the first heading of a page."""
    with page.open(encoding="utf-8") as file:
        return next((line.removeprefix("# ").strip() for line in file if line.startswith("# ")), "")
