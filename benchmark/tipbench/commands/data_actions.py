"""The actions of ``tipbench data``: what each does, takes, and is shown by."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from tipbench.commands.options import RELEASE, add_draft


@dataclass(frozen=True)
class Action:
    """One action.

    Attributes:
        about: what it does, in a line.
        examples: lines that teach it, and what else its help says.
        keys: of its own, beside release and engine.
        at_work: whether its work is shared out to workers; others take the keys of an engine too, and need none.
        own_data: what its help says of a user's own data; '' where it takes none.
        words: what it takes beside ``key=value``, and what its help says of both; None where it takes nothing else.
        arguments: declares its options.
    """

    about: str
    examples: str
    keys: tuple[str, ...] = ()
    at_work: bool = False
    own_data: str = ""
    words: tuple[str, str] | None = None
    arguments: Callable[[argparse.ArgumentParser], None] | None = None

    @property
    def apart(self) -> bool:
        """Whether what does it lies in a file of its own: where it takes more than keys."""
        return self.words is not None or self.arguments is not None


def _figure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--figure", metavar="PATH", help="draw it as well: .png, .svg or .pdf")


def _fidelity(parser: argparse.ArgumentParser) -> None:
    _figure(parser)
    about = "exit 1 where an aggregate lies outside its band"
    parser.add_argument("--strict", action="store_true", help=about)


def _lint(parser: argparse.ArgumentParser) -> None:
    about = "also read every string that the sources can make (a minute)"
    parser.add_argument("--text", action="store_true", help=about)


def _calibrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="FILE", help="where the world file is written; nothing may be there")
    parser.add_argument("--list", action="store_true", help="name what can be fitted, and by which column")


def _export(parser: argparse.ArgumentParser) -> None:
    place = "a folder that is not there yet, or a URL that fsspec opens, such as s3://BUCKET/NAME"
    parser.add_argument("--to", required=True, metavar="DIR_OR_URL", help=place)
    about = (
        "hub (default): datasets, the HF Hub, Croissant; relbench: a folder that relbench.load_dataset opens"
    )
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=about)
    about = "the page on which the export will be found, for its metadata"
    parser.add_argument("--url", default="", help=about)
    parser.add_argument("--doi", default="", help="its DOI, such as 10.1234/example")
    parser.add_argument("--publisher", default="", metavar="NAME", help="who publishes it (the authors)")
    about = "check the metadata by mlcroissant and DataCite's schema first (extra publish)"
    parser.add_argument("--validate", action="store_true", help=about)
    add_draft(parser)


def _browse(parser: argparse.ArgumentParser) -> None:
    about = "where the pages are written (browse-tiny for tiny)"
    parser.add_argument("--to", metavar="FOLDER", help=about)


def _story(parser: argparse.ArgumentParser) -> None:
    about = 'list candidates, such as "form=labour views>=3"; "" lists all'
    parser.add_argument("--find", metavar="FILTERS", help=about)
    _figure(parser)


FORMATS = ("hub", "relbench")
"""What an export is written for."""

ACTIONS = {
    "make": Action(
        "generate a release, region by region; goes on where it was interrupted",
        """\
examples:
  tipbench data make release=small
  tipbench data make release=small engine=loky engine.workers=4
  tipbench data make release=small release.world=3             an independent world, for stability of rankings
  tipbench data make world=FILE release=tiny                   a world of your own: docs/world.md
  tipbench data make release=full engine=dask engine.address=tcp://HOST:8786
  tipbench data make release=full engine=submitit engine.workers=50 +engine.parameters.slurm_partition=NAME

engine=loky works in processes of this machine, sequential in one alone, dask, ray and submitit on a cluster that you
have: docs/scale.md. TIPBENCH_STORE=s3://BUCKET/FOLDER makes it in a store, at any URL that fsspec writes to.""",
        keys=("world",),
        at_work=True,
    ),
    "verify": Action(
        "check a release's files against the published checksums; exit 1 names what differs",
        """\
examples:
  tipbench data verify release=small
  tipbench data verify release=small engine.workers=2""",
        at_work=True,
    ),
    "remove": Action(
        "delete a release's files; it can be made again, bit by bit the same",
        """\
examples:
  tipbench data remove release=small
  tipbench data remove release=small release.world=3""",
    ),
    "describe": Action(
        "tables, columns, and marginals beside the published aggregates",
        """\
examples:
  tipbench data describe release=tiny
  tipbench data describe release=tiny --json""",
    ),
    "preview": Action(
        "some rows of a table, adverts as cards; or of your own data, as methods are handed them",
        """\
examples:
  tipbench data preview release=tiny
  tipbench data preview release=tiny table=adverts rows=5 language=ar
  tipbench data preview data=sms_spam data.path=FOLDER rows=3""",
        keys=("table", "rows", "language"),
        own_data=", or data= and split= of your own data",
    ),
    "browse": Action(
        "write pages of a release to read in a browser: tables, adverts, cases; from disk, no server",
        """\
examples:
  tipbench data browse                                         tiny, to the folder browse-tiny
  tipbench data browse release=small --to pages                the same of 64 regions: samples of the same size
  tipbench data browse release=tiny rows=5000                  more rows on the page of a table (1,000)

Open index.html of the folder in a browser. The pages need no server and no network. Truth is covered until you choose
to see it. Of a table with more rows than a page shows, rows are drawn at random, the same for everybody.""",
        keys=("rows",),
        arguments=_browse,
    ),
    "story": Action(
        "tell one operation from all tables, truth shown, as text, figure or JSON",
        """\
examples:
  tipbench data story                                          the trafficking operation that is seen best
  tipbench data story --find "form=labour views>=3"            candidates, with the rows seen of each
  tipbench data story --find "kind=business movement>0"        lawful operations have stories too
  tipbench data story OPERATION --figure case.png              one of them, told and drawn
  tipbench data story OPERATION --json

A view is a part of the data that one kind of holder has: adverts, conversations, payments, movement (circuits and
bookings), firms, help (helpline and queue). It counts with three rows within the operation's life, help with one
helpline contact as well. Filters: form, kind, organisation, language, category and posts with =; region, views and
each view with =, >=, <=, < and >. All must hold; a space within a value is written as -.

What fits a trafficking case fits lawful work as well: compare a story of kind=business or kind=independent.""",
        words=(
            "OPERATION, key=value",
            f"number of an operation (else the trafficking operation that is seen best); {RELEASE}, release.world=",
        ),
        arguments=_story,
    ),
    "fidelity": Action(
        "hold a release against what is published: passes, failures, what is not modelled; or against your own data",
        """\
examples:
  tipbench data fidelity release=small
  tipbench data fidelity release=small --figure fidelity.png --strict
  tipbench data fidelity release=tiny release.world=3            an independent world
  tipbench data fidelity release=tiny assumptions=2              all that is assumed drawn anew, for this alone
  tipbench data fidelity release=small data=sms_spam data.path=FOLDER

Each line says what was published, the band in which the release should lie, what it has with an interval, and how the
number was used when the world was made. Failures are shown and are no error, unless --strict asks for one (exit code
1). With data= the release is held against real data of your own, column by column: docs/fidelity.md.""",
        keys=("assumptions",),
        at_work=True,
        own_data=", and data= of your own data",
        arguments=_fidelity,
    ),
    "lint": Action(
        "read every string of a release, or of any folder of one, for what the safety rules forbid",
        """\
examples:
  tipbench data lint release=small
  tipbench data lint FOLDER                                      any folder with tables of a release
  tipbench data lint release=tiny --text                         the sources of all texts as well

Exit code 1 where anything is found, with file, row and rule. The rules are those of docs/ethics.md.""",
        words=(
            "FOLDER, key=value",
            f"a folder of parquet files, or {RELEASE}, release.world= (made first where it is missing)",
        ),
        arguments=_lint,
    ),
    "calibrate": Action(
        "fit a world's parameters to a private table under differential privacy",
        """\
examples:
  tipbench data calibrate --list                               what can be fitted, and by which column
  tipbench data calibrate cases.csv config=ask.yaml epsilon=1 --to mine.yaml

The world of the file is then made by `data make world=mine.yaml release=tiny`.
ε adds up in a ledger beside the table, up to the limit that the config states. What a config looks like, and what ε
means: docs/privacy.md. Needs the extra privacy.""",
        words=(
            "TABLE, key=value",
            "the private table (.csv, .parquet); config=FILE, what is asked of it; epsilon=, what that may cost",
        ),
        arguments=_calibrate,
    ),
    "audit": Action(
        "attack a table or release made from private records; exit 1 where it tells of them",
        """\
examples:
  tipbench data audit made.csv private=used.csv control=kept.csv
  tipbench data audit release=tiny release.version=own-0123456789abcdef table=adverts private=used.csv control=kept.csv
  tipbench data audit made.csv private=used.csv control=kept.csv columns=age,town,work secrets=work

Keep some records back before you calibrate: they are the control. docs/privacy.md says how to read the table.""",
        keys=("private", "control", "columns", "secrets", "limit", "table"),
        words=(
            "TABLE, key=value",
            "what was made (.csv, .parquet), else release=, release.version=, table=; private=FILE, control=FILE, "
            "columns=a,b, secrets=a, limit=0.05",
        ),
    ),
    "export": Action(
        "write a release for others' tools: data, cards, metadata and checksums, in a folder or at a URL",
        """\
examples:
  tipbench data export release=tiny --to exports/tiny          datasets.load_dataset and the HF Hub read it as it is
  tipbench data export release=tiny --to exports/tiny --validate
  tipbench data export release=small splits=headline --to s3://BUCKET/tipbench-small
  tipbench data export release=tiny --to exports/relational --format relbench
  tipbench data export release=tiny --to exports/tiny --url https://example.org/tipbench --doi 10.1234/example

tipbench.load("advert_risk", release="exports/tiny") reads it back, held against its checksums. docs/publishing.md tells
what each file is.""",
        keys=("tasks", "splits"),
        arguments=_export,
    ),
}
