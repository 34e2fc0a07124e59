"""Shares of kinds and forms, habits drawn given the kind, organisations, and the lives of operations.

A size may draw kinds and forms at other shares than the world's (:func:`tipdata.core.world.profile`), so that rare
ones are seen often enough. A weight per operation restores the world's shares, and an operation's odds are those of
the world, whatever the size. An armed group is an organisation, not a form: it works through a few forms, from towns
near a border. An investigation ends an operation's life, or its adverts pause; one rule holds for all, so a lawful
group that is wrongly investigated is treated as others are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from tipdata.core.draw import ONE, Ints, Words, choose_from_bits, exp, log, normalise, probability
from tipdata.core.kinds import CATEGORIES, KINDS, TRAFFICKING
from tipdata.core.world import DAYS, Region

USUAL = 1_000_000
"""The weight of an operation of a size without a profile."""


def form_shares(region: Region) -> Ints:
    """Return (forms,) shares of forms in trafficking, out of 65,536."""
    return normalise(np.array(list(region["operations.form"].values()), dtype=np.int64) * ONE)


def category_shares(region: Region, source: str) -> Ints:
    """Return (categories,) shares of categories, out of 65,536, of a form or a lawful kind."""
    listed = region[f"operations.category.{source}"]
    return normalise(np.array([listed.get(c, 0) for c in CATEGORIES], dtype=np.int64) * ONE)


def form_logs(region: Region) -> Ints:
    """Return (categories, forms) log P(form | category, trafficking), milli-nats."""
    by_form = np.stack([category_shares(region, form) for form in region["operations.form"]])
    return log(normalise((form_shares(region)[:, None] * by_form).T))


def posting_kinds(region: Region) -> Ints:
    """Return (kinds,) probabilities of kinds among those that post, out of 65,536."""
    return np.array([probability(region[f"operations.kind.{k}"]) for k in KINDS])


def natural_weight(region: Region, kind: Ints, form: Ints, posts: np.ndarray) -> Ints:
    """Return the weight per operation, in millionths, that restores the world's shares of kinds and forms."""
    drawn = _share(region, kind, form, posts)
    return USUAL * _share(region.natural, kind, form, posts) // np.maximum(drawn, 1)


def _share(region: Region, kind: Ints, form: Ints, posts: np.ndarray) -> Ints:
    """Return the share, out of 2**32, of each operation's kind and form among those that post, or those that do not."""
    of_form = np.where(kind == TRAFFICKING, form_shares(region)[np.maximum(form, 0)], ONE)
    hidden, posting = region.values("operations.hidden_kind", KINDS), posting_kinds(region)
    of_kind = np.stack([hidden * ONE // hidden.sum(), posting * ONE // posting.sum()])
    return of_kind[posts.astype(int), kind] * of_form


Lead = tuple[Callable[[Words], Words], Ints]
"""What else decides a habit: a function from a habit's own bits (ids,) to those that decide it, and the numbers of its
levels in the order in which these bits rise."""


def draw_levels(
    region: Region,
    ids: np.ndarray,
    group: np.ndarray,
    groups: tuple[str, ...],
    listed: dict[str, dict],
    streams: tuple[str, str],
    led: Mapping[str, Lead] = MappingProxyType({}),
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return levels of categorical habits, and the sum over habits of log P(level | group), (ids, groups) milli-nats.

    Args:
        ids, group: of whoever has the habits, and its group (index into ``groups``).
        listed: habit -> group -> weights of its levels, which the region jitters; ``all`` in the place of groups where
            the habit tells nothing of the group: these are jittered together.
        streams: where the jitter and the levels are drawn; the habit's name follows.
        led: habits that go together with something else. Each keeps its law by group, so the sum stays exact as long
            as no two habits are led by the same bits.
    """
    jitter = probability(region["operations.jitter"])
    levels: dict[str, np.ndarray] = {}
    total = np.zeros((len(ids), len(groups)), dtype=np.int64)
    tables = [
        np.array([by_group["all" if "all" in by_group else g] for g in groups], dtype=np.int64) * ONE
        for by_group in listed.values()
    ]
    cells = np.arange(max(table.size for table in tables))
    noises = region.streams(f"{streams[0]}/{name}" for name in listed).quantile(cells, "normal")
    noises = noises // 1000 * jitter // ONE
    words = region.streams(f"{streams[1]}/{name}" for name in listed).bits(ids)
    for name, weights, noise, drawn in zip(listed, tables, noises, words, strict=True):
        p = _jittered_shares(weights, noise, "all" in listed[name])
        if name in led:
            lead, order = led[name]
            levels[name] = order[choose_from_bits(lead(drawn), p[group][:, order])]
        else:
            levels[name] = choose_from_bits(drawn, p[group])
        total += log(p)[:, levels[name]].T
    return levels, total


def _jittered_shares(weights: np.ndarray, noise: Ints, alike: bool) -> np.ndarray:
    """Return (groups, levels) shares of weights that the region moves; ``alike``: those of all groups together."""
    shape = weights.shape[1:] if alike else weights.shape
    return normalise(weights * exp(noise[: math.prod(shape)].reshape(shape)) // ONE)


def habit_shares(
    region: Region, groups: tuple[str, ...], habit: dict[str, list[int]], stream: str
) -> np.ndarray:
    """Return (groups, levels) shares, out of 65,536, by which :func:`draw_levels` draws a habit.

    ``stream``: of the habit's jitter.
    """
    weights = np.array([habit["all" if "all" in habit else group] for group in groups], dtype=np.int64) * ONE
    noise = region.stream(stream).quantile(np.arange(weights.size), "normal") // 1000
    return _jittered_shares(weights, noise * probability(region["operations.jitter"]) // ONE, "all" in habit)


TOURING = "circuit"
"""The habit of touring."""
MOST_TOUR = probability(0.9)
"""Largest share of a form that tours."""


def tour_shares(region: Region) -> Ints:
    """Return the share that tours, out of 65,536, of each speaker: forms of trafficking, then the other kinds.

    Forms differ by ``operations.touring``; all of them together tour as often as their kind.
    """
    listed = region.group("operations.traits")[TOURING]
    of_kind = habit_shares(region, KINDS, listed, f"parameter/trait/{TOURING}")[:, 1]
    times = np.array([round(1000 * region["operations.touring"][form]) for form in region["operations.form"]])
    mean = (form_shares(region.natural) * times).sum() // ONE
    of_form = np.minimum(of_kind[TRAFFICKING] * times // mean, MOST_TOUR)
    return np.concatenate([of_form, of_kind[TRAFFICKING + 1 :]])


def draw_touring(region: Region, ids: Ints, share: Ints) -> Ints:
    """Return 1 for who tours and 0 for who stays. ``share``: (ids,) out of 65,536."""
    words = region.stream(f"operations/{TOURING}").bits(ids)
    return choose_from_bits(words, np.stack([ONE - share, share], axis=1))


def log_ratio(ratio: float) -> int:
    """Return natural logarithm of a parameter in milli-nats, by the shipped table (exact on every processor)."""
    return int(log(probability(ratio / 4)) - log(probability(0.25)))


ARMED = "armed_group"
BY_FORM = "operations.armed_by_form"
"""The parameter with the forms through which armed groups work."""


def draw_organisation(region: Region, local: Ints, kind: Ints, form: Ints, forms: tuple[str, ...]) -> Ints:
    """Return the organisation of each operation, an index into the names of ``operations.organisation``."""
    names = list(region["operations.organisation"])
    sources = ("operations.organisation", "operations.lawful_organisation")
    weights = np.array([region.values(source, names) for source in sources])
    weights = weights[(kind != TRAFFICKING).astype(int)]
    weight = np.array([region[BY_FORM].get(form, 0) for form in forms], dtype=np.int64)
    ratio = (weight * ONE * ONE // (weight * form_shares(region.natural)).sum())[np.maximum(form, 0)]
    armed = names.index(ARMED)
    weights[:, np.arange(len(names)) != armed] *= ONE
    weights[:, armed] *= ratio
    return region.stream("operations/organisation").choose(local, weights)


def draw_spell(region: Region, local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first and last day of posting; spells reach beyond both ends of time and are cut there."""
    drawn = region.spread("operations/spell", local, "gamma_2.0", region["operations.duration_days"])
    start = region.stream("operations/start").below(local, DAYS + 60) - 60
    first = np.clip(start, 0, DAYS - 4)
    return first, np.clip(start + 7 + drawn // 2, first + 3, DAYS - 1)


def draw_life(
    region: Region, local: np.ndarray, posts: np.ndarray, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return first and last day of each life, around its spell of posting; they may lie beyond both ends of time."""

    def some(name: str) -> np.ndarray:
        means = region[f"operations.{name}_days"]
        mean = np.where(posts, means["posting"], means["silent"])
        return 7 + region.spread(f"operations/{name}", local, "exponential", mean)

    return first - some("lead"), last + some("tail")


def draw_adoption(region: Region, local: np.ndarray, name: str, kind: np.ndarray) -> np.ndarray:
    """Return day on which each operation adopts a technology: an S-curve, sooner for those who fear moderation."""
    middle = region.world.stream(f"tactics/{name}").below(np.array([0]), 160)[0] + region["tactics.midpoint"]
    fear = region.values("tactics.fear_days", KINDS)[kind]
    spread = region["tactics.spread_days"]
    day = middle - fear + region.spread(f"operations/adopts_{name}", local, "logistic", spread)
    never = region.chance(f"operations/never_{name}", local, "tactics.never")
    return np.where(never, DAYS * 2, np.maximum(day, 0))


def draw_investigated(region: Region, local: np.ndarray, kind: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the day on which an investigation establishes what an operation is; past the end of time if none does."""
    p = region.chances("operations.investigated", KINDS)[kind]
    delay = region.spread("operations/delay", local, "gamma_2.0", region["operations.investigation_days"])
    happens = region.stream("operations/investigated").chance(local, p)
    return np.where(happens, first + delay // 2, DAYS * 2)


def draw_writers(region: Region, local: np.ndarray, language: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return the writer of each operation: mostly its own, sometimes shared by two of one language and part."""
    shares = region.chance("operations/shares_writer", local, "operations.shared_writer")
    partner = pick_within(region, "operations/partner", local, language * 3 + part, ~shares)
    return np.where(shares & (partner >= 0), partner, local)


def pick_within(region: Region, stream: str, local: Ints, group: Ints, offered: np.ndarray) -> Ints:
    """For each row, pick a random row of the same ``group`` where ``offered`` is True; -1 if there is none.

    The pick may be the row itself. It is drawn by the row's key in ``local``. All arrays have the same length.
    """
    order = np.flatnonzero(offered)
    order = order[np.argsort(group[order], kind="stable")]
    if not len(order):
        return np.full(len(local), -1)
    low = np.searchsorted(group[order], group, side="left")
    size = np.searchsorted(group[order], group, side="right") - low
    at = low + region.stream(stream).below(local, np.maximum(size, 1))
    # A group without offered rows may point past the end.
    return np.where(size > 0, order[np.minimum(at, len(order) - 1)], -1)


SHORTEST = 3
"""Days of posting that every operation has before anything stops it."""
UNDISTURBED = 2 * DAYS


@dataclass(frozen=True)
class Disturbances:
    """Operations after investigations; one entry each.

    ``last``: day of posting. ``ends``: day of the life. ``stopped``: bool, an investigation ends it. ``quiet``: first
    day on which it posts no more, and ``again``: the first on which it does; both :data:`UNDISTURBED` where nothing
    disturbs it.
    """

    last: Ints
    ends: Ints
    stopped: np.ndarray
    quiet: Ints
    again: Ints


def disturb(
    region: Region, local: Ints, investigated: Ints, first: Ints, last: Ints, ends: Ints
) -> Disturbances:
    """Return the effect of investigations on operations that would post until ``last`` and live until ``ends``."""
    never = np.full(len(local), UNDISTURBED)
    inside = investigated <= np.minimum(ends, DAYS - 1)
    stopped = inside & region.chance("operations/stopped", local, "operations.stopped")
    wait = region.spread("operations/stops", local, "exponential", region["operations.stop_days"])
    day = np.maximum(investigated + wait, first + SHORTEST)
    ends = np.where(stopped, np.minimum(ends, day), ends)
    pause = region.spread("operations/pauses", local, "exponential", region["operations.pause_days"])
    pauses = inside & ~stopped
    return Disturbances(
        np.minimum(last, ends),
        ends,
        stopped,
        np.where(pauses, investigated, never),
        np.where(pauses, investigated + 1 + pause, never),
    )
