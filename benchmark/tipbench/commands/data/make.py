"""``tipbench data make``: generate a release, region by region; goes on where it was interrupted.

settings:
  key=value               release= (SIZE, or VERSION/SIZE as a release is named, with .w3 of independent world 3), or
                          release.world=; engine=, engine.workers=, engine.address=, engine.cluster=, engine.folder=
  [world=FILE]            a world of your own: docs/world.md

options:
  --quiet --json

examples:
  tipbench data make release=small
  tipbench data make release=small engine=loky engine.workers=4
  tipbench data make release=small release.world=3             an independent world, for stability of rankings
  tipbench data make world=FILE release=tiny                   a world of your own: docs/world.md
  tipbench data make release=full engine=dask engine.address=tcp://HOST:8786
  tipbench data make release=full engine=submitit engine.workers=50 +engine.parameters.slurm_partition=NAME

engine=loky works in processes of this machine, sequential in one alone, dask, ray and submitit on a cluster that you
have: docs/scale.md. TIPBENCH_STORE=s3://BUCKET/FOLDER makes it in a store, at any URL that fsspec writes to.
"""

import argparse

from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipdata.core.world import register
from tipdata.release import make_release

from tipbench.commands.data._release import chosen_release
from tipbench.console import emit_either


def call(options: argparse.Namespace) -> None:
    """Make the release. The file of an own world is registered first."""
    world = options.world
    if world is not None:
        if any(word.startswith("release.version=") for word in options.overrides):
            raise UsageError(
                "world= and release.version= exclude each other: a world file says its version itself."
            )
        options.overrides = [*options.overrides, f"release.version={register(expand_home(world)).name}"]
    release, engine = chosen_release(options)
    try:
        make_release(release, engine=engine, quiet=options.quiet)
    except (ValueError, KeyError, IndexError, ArithmeticError) as error:
        if world is None:
            raise
        raise UsageError(
            f"world={world} cannot be drawn: {error}; bring its parameters nearer to the released ones."
        ) from error
    made = {"release": release.name, "regions": release.regions, "folder": release.place}
    text = f"release {release.name}: {release.regions:,} regions in {release.place}"
    if world is not None:
        text += f"\nuse it anywhere as release={release.size} release.version={release.version}"
    emit_either(made, text, options.json)
