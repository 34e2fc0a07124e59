"""Shares of kinds and forms: those of the world, those of a size with a profile, and what turns one into the other.

A size may draw kinds and forms at other shares than the world's (:func:`tipdata.core.world.profile`), so that rare ones
are seen often enough. A weight per operation restores the world's shares, and an operation's odds are those of the
world, whatever the size.
"""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import ONE, Ints, log, normalised, probability
from tipdata.core.kinds import CATEGORIES, KINDS, TRAFFICKING
from tipdata.core.world import Region

USUAL = 1_000_000
"""The weight of an operation of a size without a profile."""


def kind_shares(region: Region) -> Ints:
    """Return (2, kinds) shares out of 65,536: among operations that never post, and among those that do."""
    hidden = np.array([region["operations.hidden_kind"][k] for k in KINDS])
    posting = np.array([probability(region[f"operations.kind.{k}"]) for k in KINDS])
    return np.stack([hidden * ONE // hidden.sum(), posting * ONE // posting.sum()])


def form_shares(region: Region) -> Ints:
    """Return (forms,) shares of forms in trafficking, out of 65,536."""
    return normalised(np.array(list(region["operations.form"].values()), dtype=np.int64) * ONE)


def category_shares(region: Region, source: str) -> Ints:
    """Return (categories,) shares of categories, out of 65,536, of a form or a lawful kind."""
    listed = region[f"operations.category.{source}"]
    return normalised(np.array([listed.get(c, 0) for c in CATEGORIES], dtype=np.int64) * ONE)


def form_logs(region: Region) -> Ints:
    """Return (categories, forms) log P(form | category, trafficking), milli-nats."""
    by_form = np.stack([category_shares(region, form) for form in region["operations.form"]])
    return log(normalised((form_shares(region)[:, None] * by_form).T))


def natural_weight(region: Region, kind: Ints, form: Ints, posts: np.ndarray) -> Ints:
    """Return the weight per operation, in millionths, that restores the world's shares of kinds and forms."""
    drawn = _share(region, kind, form, posts)
    return USUAL * _share(region.natural, kind, form, posts) // np.maximum(drawn, 1)


def _share(region: Region, kind: Ints, form: Ints, posts: np.ndarray) -> Ints:
    """Return the share, out of 2**32, of operations that are of the kind and form of each, among those that post, or
    do not, as it does."""
    of_form = np.where(kind == TRAFFICKING, form_shares(region)[np.maximum(form, 0)], ONE)
    return kind_shares(region)[posts.astype(int), kind] * of_form
