"""Draw pictures of the documents into a folder: ``python docs/site/draw.py --to FOLDER [NAME ...]``.

With ``--results FOLDER`` it draws the picture of the board that is kept there, and no other.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tipcore.errors import CheckFailed, UsageError
from tipdocs.board_picture import draw_board
from tipdocs.picture import drawn, pictures


def main(words: list[str] | None = None) -> int:
    """Draw what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(pictures())}; all where none is named"
    )
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="of a board, such as results")
    options = parser.parse_args(words)
    if unknown := sorted(set(options.names) - set(pictures())):
        parser.error(f"there is no picture {', '.join(unknown)}; there are {', '.join(pictures())}")
    options.to.mkdir(parents=True, exist_ok=True)
    if options.results:
        try:
            draw_board(options.results, options.to / "board.svg")
        except (CheckFailed, UsageError) as error:
            parser.error(str(error))
        sys.stdout.write(f"{options.to / 'board.svg'}\n")
        return 0
    for name in options.names or pictures():
        by_day, by_night = drawn(name)
        (options.to / f"{name}.svg").write_text(by_day, encoding="utf-8")
        (options.to / f"{name}-night.svg").write_text(by_night, encoding="utf-8")
        sys.stdout.write(f"{options.to / name}.svg, and by night\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
