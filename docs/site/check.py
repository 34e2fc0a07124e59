"""Look through the pages of a built site: ``python docs/site/check.py FOLDER``.

No page may ask another host for anything, and every link and picture must lead to something that is there, anchors
included. Prints each fault; exit code 1 if there is one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ASKS = {
    "script": ("src",), "link": ("href",), "img": ("src", "srcset"), "iframe": ("src",), "source": ("src", "srcset"),
    "video": ("src",), "audio": ("src",), "object": ("data",), "embed": ("src",), "use": ("href",), "image": ("href",),
}  # fmt: skip
"""Element -> attributes that a browser asks for without a click."""
LEADS = {"a": ("href",)}
REQUESTED = re.compile(r"url\(\s*['\"]?(https?:|//)|@import\s+['\"](https?:|//)")
"""What a style sheet would ask another host for."""


class Page(HTMLParser):
    """What a page asks for, leads to and can be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.led: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.asked += [given[name] for name in ASKS.get(tag, ()) if name in given]
        self.led += [given[name] for name in LEADS.get(tag, ()) if name in given]
        self.ids |= {given[name] for name in ("id", "name") if name in given}


def faults(site: Path) -> Iterator[str]:
    """Yield a sentence for all that is wrong with a site."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site.resolve()).as_posix()
        for address in page.asked:
            if _elsewhere(address):
                yield f"{name} asks for {address}"
        for address in [*page.asked, *page.led]:
            if name != "404.html" and (fault := _broken(address, path, pages)):
                yield f"{name}: {fault}"
    for path in sorted(site.rglob("*.css")):
        if REQUESTED.search(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site).as_posix()} asks another host for something"


def _elsewhere(address: str) -> bool:
    return bool(urlsplit(address).netloc) or address.startswith(("http:", "https:"))


def _broken(address: str, page: Path, pages: dict[Path, Page]) -> str:
    """Return what is wrong with an address on a page, '' for nothing and for what is elsewhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return ""
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        return f"{address} leads nowhere"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].ids:
        return f"{address} has no such place"
    return ""


def main(words: list[str]) -> int:
    """Print faults and how much there is; return the exit code."""
    if len(words) != 1 or not (site := Path(words[0])).is_dir():
        sys.stderr.write("Give the folder of a built site, such as `python docs/site/check.py FOLDER`.\n")
        return 2
    found = sorted(set(faults(site))) if any(site.rglob("*.html")) else ["the site has no pages"]
    sys.stdout.write("".join(f"{fault}\n" for fault in found))
    files = [path for path in site.rglob("*") if path.is_file()]
    pages, size = sum(path.suffix == ".html" for path in files), sum(path.stat().st_size for path in files)
    sys.stdout.write(f"{pages} pages, {len(files)} files, {size / 1e6:.1f} MB; {len(found)} faults\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
