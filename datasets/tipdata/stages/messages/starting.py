"""Draw when conversations begin, with whom, and how long they would be.

Who recruits, lawfully or not, does so from the beginning of the operation's life until it posts no more (or, where it
never posts, lives no more), mostly around the start of posting; who sells or has friends, while the operation lives. An
account lives on the day, or nobody talks.
"""

from dataclasses import fields

import numpy as np

from tipdata.core.draw import probability, scaled
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.accounts.lives import background_site
from tipdata.stages.accounts.stage import BACKGROUND, MAX_SITES, Accounts, spoken_language
from tipdata.stages.messages import acts
from tipdata.stages.messages.conversations import Conversations, draw_courses, draw_owners
from tipdata.stages.messages.threads import WEEK, Threads
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places

RECRUITING = (*acts.STRATEGIES, "lawful_recruitment", "brokerage")
TRIES = 8
"""Accounts of nobody's operation that are tried for one that lives."""


def draw_started(
    region: Region, places: Places, o: Operations, accounts: Accounts, model: Threads
) -> Conversations:
    """Draw the conversations of a region."""
    number = np.arange(region["messages.conversations"])
    owner = draw_owners(region, o, number)
    course = draw_courses(region, o, owner, number)
    day = _days(region, o, owner, course, number, model.weekdays)
    account, site, opened = _accounts(region, places, accounts, owner, number, day)
    hour = region.stream("messages/hour").choose(number, model.chain.hours[course])
    made = Conversations(
        number=number,
        owner=owner,
        account=account,
        site=site,
        language=np.where(owner >= 0, o.language[owner], spoken_language(region, o, account)),
        course=course,
        form=np.where(course < len(acts.STRATEGIES), o.form[owner], -1),
        opens=region.stream("messages/opens").chance(number, model.chain.opens[course]),
        start=day * MINUTES_A_DAY + hour * 60 + region.stream("messages/first").below(number, 60),
        length=_lengths(region, number),
    )
    return Conversations(**{field.name: getattr(made, field.name)[opened] for field in fields(made)})


def _lengths(region: Region, number: np.ndarray) -> np.ndarray:
    """Return messages that each would have: log-normal, so that many are short and a few go on and on."""
    fewest, most = region["messages.length"]
    spread = region.stream("messages/length").quantile(number, "normal") * round(
        region["messages.length_sd"] * 1000
    )
    length = (
        scaled(np.full(len(number), region["messages.length_median"] * 1000), spread // 1_000_000) // 1000
    )
    return np.clip(length, fewest, most)


def _days(
    region: Region,
    o: Operations,
    owner: np.ndarray,
    course: np.ndarray,
    number: np.ndarray,
    weekdays: np.ndarray,
) -> np.ndarray:
    """Return the day of the first message, in the rhythm of the course's week: (courses, 7) weights ``weekdays``."""
    begins, ends = np.maximum(o.begins, 0), np.minimum(o.ends, DAYS - 1)
    recruits = np.isin(course, [acts.COURSES.index(name) for name in RECRUITING])
    first = np.where(owner >= 0, begins[owner], 0)
    until = np.where(recruits & o.posts[owner], o.last_day[owner], ends[owner])
    last = np.where(owner >= 0, until, DAYS - 1)
    day = first + region.stream("messages/day").below(number, last - first + 1)
    apart = region.stream("messages/around").quantile(number, "logistic") * region["messages.around_days"]
    near = o.first_day[owner] + apart // 1_000_000
    busy = region.stream("messages/busy_time").chance(number, probability(region["messages.around"]))
    day = np.where((owner >= 0) & recruits & busy & (near >= first) & (near <= last), near, day)
    week = day[:, None] // WEEK * WEEK + np.arange(WEEK)
    inside = (week >= first[:, None]) & (week <= last[:, None])
    weights = np.where(inside, weekdays[course], 0)
    return week[:, 0] + region.stream("messages/first_weekday").choose(number, weights)


def _accounts(
    region: Region, places: Places, accounts: Accounts, owner: np.ndarray, number: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return local number of each conversation's account, the position of its platform, and whether it lives."""
    lives, usable = accounts.lives, accounts.alive(owner, day)
    site = region.stream("messages/site").choose(number, (usable | ~usable.any(axis=1, keepdims=True)) * 1)
    others = max(region["accounts.total"] - int(accounts.has.sum()), 1)
    tried = BACKGROUND + region.stream("messages/account").below(number[:, None], others, np.arange(TRIES))
    there = background_site(region, places, tried.ravel()).reshape(tried.shape)
    at = np.searchsorted(accounts.number, tried)
    fits = (lives.created[at] <= day[:, None]) & (day[:, None] < lives.closed[at])
    first = fits.argmax(axis=1)[:, None]
    background = np.take_along_axis(tried, first, axis=1)[:, 0]
    site = np.where(owner >= 0, site, np.take_along_axis(there, first, axis=1)[:, 0])
    opened = np.where(owner >= 0, usable.any(axis=1), fits.any(axis=1))
    return np.where(owner >= 0, owner * MAX_SITES + site, background), site, opened
