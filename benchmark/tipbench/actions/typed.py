"""What actions share: what is made of the words that were typed."""

import argparse

from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders


def composer_of(options: argparse.Namespace, words: list[str]) -> Composer:
    """Return the composer of what was typed. Raises UsageError for a word that is not an override and a folder not
    there."""
    return Composer(config_folders(options.config_dir), parse(words))
