r"""``tipbench season open``: draw a secret key, and publish its hash with the terms of a season.

arguments:
  NAME                    of the season: lower-case letters, digits and single hyphens
  [TASK...]               its tasks (all)

settings:
  closes=TIME             when the season stops taking packages, in UTC, such as 2027-03-01T12:00
  [predictions=TIME]      when it stops taking files of predictions, later than closes= (it takes none)
  release=small           SIZE, of the newest released version of the data, or VERSION/SIZE
  worlds=16               number of worlds: even, 6 to 64
  minutes=10              CPU minutes per cell (one method on one task in one world)
  memory_gib=4            GiB of memory per cell
  [wordbook=FILE]         a set C, whose sentences word the test part of every world

options:
  --secret FOLDER         new folder that only the host may read
  --to FOLDER             new folder to publish
  --draft --quiet --json

examples, for the host:
  tipbench season open spring-2027 closes=2027-03-01T12:00 --secret ~/secret/spring --to spring-2027
  tipbench season open trial advert_risk prevalence release=tiny worlds=6 closes=2027-03-01T12:00 \
      predictions=2027-04-01T12:00 --secret ~/secret/trial --to trial

Publish the folder of --to. Post its commitment (the hash of key and terms) where nobody can change it. Keep the folder
of --secret to yourself.
"""

import argparse
from pathlib import Path

from tipbench.console import emit_result
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.spelling import count_of
from tipdata.core.world import newest_released, parse_release_name

from tipboard.commands import season
from tipboard.seasons.entries import SeasonOrder, open_season
from tipboard.seasons.record import minute


def call(options: argparse.Namespace) -> None:
    """Open a season."""
    version, size, world = parse_release_name(options.release)
    if world:
        raise UsageError(
            f"release={options.release} names a world, which a season draws itself: leave it out."
        )
    order = SeasonOrder(
        name=options.name,
        data=version or newest_released(),
        size=size,
        secret=Path(options.secret),
        public=Path(options.to),
        closes=options.closes,
        predictions=options.predictions,
        tasks=tuple(options.task),
        worlds=options.worlds,
        minutes=options.minutes,
        memory_gib=options.memory_gib,
        draft=options.draft,
        wordbook=expand_home(options.wordbook) if options.wordbook else None,
    )
    made = open_season(order, season.now())
    later = f", predictions until {minute(made.predictions)}" if made.predictions else ""
    emit_result(
        {"season": made.model_dump(mode="json"), "to": options.to, "secret": options.secret},
        f"season {made.name}: {count_of(made.worlds, 'world')} of {made.release}, "
        f"{count_of(len(made.tasks), 'task')}; packages until {minute(made.closes)}{later}\n"
        f"publish {options.to}, and its commitment where nobody can change it: {made.commitment}\n"
        f"keep {options.secret} to yourself, and a copy of it",
        options,
    )
