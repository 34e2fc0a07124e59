"""``tipbench seal new``: draw a secret seed, make a round, and commit to it.

arguments:
  NAME                    of the round: small letters, digits, hyphens
  [TASK...]               tasks of the round (all)

settings:
  closes=DAY              last day of submissions, UTC
  release=small           SIZE, of the newest released version of the data, or VERSION/SIZE
  [engine.workers=N]      processes (one a core)

options:
  --secret FOLDER         new folder for the host's eyes only
  --to FOLDER             new folder to publish
  --draft --quiet --json

examples, for the host:
  tipbench seal new spring-2027 closes=2027-03-01 --secret ~/secret/spring-2027 --to spring-2027
  tipbench seal new spring-2027 advert_risk prevalence release=tiny closes=2027-03-01 --secret SECRET --to spring-2027

Publish the folder of --to. Keep the folder of --secret to yourself until the round is revealed.
"""

import argparse
from pathlib import Path

from tipbench.console import emit_result
from tipcore.engines import Engine
from tipcore.errors import UsageError
from tipdata.core.world import parse_release_name

from tipboard.commands import seal
from tipboard.rounds.new import RoundOrder, new_round


def call(options: argparse.Namespace) -> int:
    """Make a round."""
    version, size, world = parse_release_name(options.release)
    if world:
        raise UsageError(
            f"release={options.release} names a world, which a round draws itself: leave it out."
        )
    order = RoundOrder(
        name=options.name,
        size=size,
        closes=options.closes,
        secret=Path(options.secret),
        public=Path(options.to),
        tasks=tuple(options.task),
        version=version or None,
        draft=options.draft,
    )
    made = new_round(order, seal.now(), Engine(workers=options.engine_workers), options.quiet)
    mark = " (draft)" if made.draft else ""
    emit_result(
        {"round": made.model_dump(mode="json"), "to": options.to, "secret": options.secret},
        f"round {made.name}{mark}: {made.regions} regions, {len(made.tasks)} tasks, "
        f"open until {made.closes} is over (UTC)\n"
        f"publish {options.to}, and its commitment where nobody can change it: {made.commitment}\n"
        f"keep {options.secret} to yourself, and a copy of it",
        options,
    )
    return 0
