"""``tipbench season wordbook check``: check a set C; if it cannot be used, say why, line by line, and exit 1.

arguments:
  FILE                    the set C, a YAML file

settings:
  [earlier=FILE...]       a set C of an earlier season; may be given again

options:
  --quiet --json

examples, for the host:
  tipbench season wordbook check ~/secret/spring.yaml
  tipbench season wordbook check ~/secret/spring.yaml earlier=autumn-2026/set-c.yaml earlier=winter-2026/set-c.yaml

Each of these is one sentence with file and line:

- a file that is no YAML, or a language, fact or level that does not exist
- a level with fewer than four or more than eight frames
- a frame that breaks the grammar or a rule of the lint, or is there twice
- a frame that holds a content stem of its level, as the wordbook of its language lists them
- a frame of whose character trigrams half or more are in one frame of set a, set b or an earlier set C
"""

import argparse

from tipbench.console import emit_either, emit_result, fit_terminal
from tipcore.errors import CheckFailed
from tipcore.locations import expand_home
from tipcore.spelling import count_of
from tipdata.text.book import Faulty
from tipdata.text.set_c import check_set_c


def call(options: argparse.Namespace) -> None:
    """Check a file. Raises CheckFailed where it has faults."""
    file = expand_home(options.file)
    try:
        made = check_set_c(file, [expand_home(one) for one in options.earlier])
    except Faulty as error:
        faults = fit_terminal("\n".join(error.faults))
        emit_either({"file": options.file, "faults": error.faults}, faults, options.json)
        raise CheckFailed(f"{file.name} cannot be used: {count_of(len(error.faults), 'fault')}.") from None
    languages = {
        language: {"levels": len({frame.where for frame in frames}), "frames": len(frames)}
        for language in made.frames
        for frames in [made.frames_of(language)]
    }
    covers = [
        f"{language}: {count_of(one['levels'], 'level')}, {count_of(one['frames'], 'frame')}"
        for language, one in languages.items()
    ]
    emit_result(
        {"file": options.file, "faults": [], "digest": made.digest, "languages": languages},
        "\n".join([f"{file.name} is sound", *covers, f"digest: {made.digest}"]),
        options,
    )
