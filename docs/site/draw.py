"""Draw pictures of the documents into a folder: ``python docs/site/draw.py --to FOLDER [NAME ...]``.

``--readme RESULTS`` draws the pictures of the README, and no other: badges, one story, and the board of a folder of
results.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tipcore.errors import CheckFailed, UsageError
from tipdocs.picture import drawn, pictures
from tipdocs.readme import badges, draw_board


def main(words: list[str] | None = None) -> int:
    """Draw what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    about = f"{', '.join(pictures())}; all where none is named"
    parser.add_argument("names", nargs="*", metavar="NAME", help=about)
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    about = "folder of a board's results, such as results"
    parser.add_argument("--readme", type=Path, metavar="RESULTS", help=about)
    options = parser.parse_args(words)
    if unknown := sorted(set(options.names) - set(pictures())):
        parser.error(f"there is no picture {', '.join(unknown)}; there are {', '.join(pictures())}")
    options.to.mkdir(parents=True, exist_ok=True)
    if options.readme:
        try:
            draw_for_readme(options.readme, options.to)
        except (CheckFailed, UsageError) as error:
            parser.error(str(error))
        return 0
    for name in options.names or pictures():
        _write(options.to, name, drawn(name))
    return 0


def _write(to: Path, name: str, both: tuple[str, str]) -> None:
    for ending, text in zip(("", "-night"), both, strict=True):
        (to / f"{name}{ending}.svg").write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{to / name}.svg, and by night\n")


def draw_for_readme(results: Path, to: Path) -> None:
    """Draw what the README shows. Raises as :func:`tipdocs.readme.draw_board`."""
    _write(to, "board", draw_board(results))
    _write(to, "story", drawn("story"))
    (to / "badges").mkdir(exist_ok=True)
    for name, text in badges().items():
        (to / "badges" / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{to / 'badges'}\n")


if __name__ == "__main__":
    raise SystemExit(main())
