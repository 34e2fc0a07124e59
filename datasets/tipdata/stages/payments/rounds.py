"""Money that comes round: in a cycle, out to several and together again, or there and back.

Friends who lend, companies of one owner and launderers' layers all look so.
"""

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.payments.amounts import between, heaped, varied
from tipdata.stages.payments.calendar import Calendar
from tipdata.stages.payments.legs import Legs, repeated
from tipdata.stages.payments.paying import legs_of, payers, payment_ids
from tipdata.stages.payments.people import People
from tipdata.stages.payments.schemes import Schemes

STEPS = 32
"""Places of numbers a turn; the upper half gathers what the lower half scattered."""
CYCLE, SCATTER, BACK = range(3)


def come_round(region: Region, s: Schemes, people: People, calendar: Calendar) -> list[Legs]:
    """Return all steps of all turns."""
    shape = s.habits["shape"]
    size = between(region, "payments/size", s.number, s.level(region, "size"))
    size = np.where(shape == BACK, 2, size)
    turns = between(region, "payments/turns", s.number, s.level(region, "turns"))
    steps = np.where(shape == SCATTER, 2 * size, size)
    rows, place = repeated(turns * steps)
    turn, step = place // steps[rows], place % steps[rows]
    scatter = shape[rows] == SCATTER
    # A cycle's steps come one after the other; what is scattered goes out together and is gathered together.
    wave = np.where(scatter, step // size[rows], step)
    seat = step % size[rows]
    number = np.where(scatter, (step // size[rows]) * (STEPS // 2) + seat, step)
    ids = payment_ids(s, rows, turn * STEPS + number)
    minute = _opens(region, s, calendar, rows, turn) + _waits(region, s, rows, turn, wave, ids)
    member = payers(region, s, people, rows, seat)
    following = payers(region, s, people, rows, (seat + 1) % size[rows])
    head, behind = s.own(rows, 0), s.principal(rows)
    payer = np.where(scatter, np.where(wave == 0, head, member), member)
    payee = np.where(scatter, np.where(wave == 0, member, behind), following)
    amount = _sums(region, s, rows, turn, seat, wave, scatter, ids)
    legs = legs_of(region, s, rows, turn * STEPS + number, minute, (payer, payee), amount)
    return [legs.where((minute >= 0) & (minute < DAYS * MINUTES_A_DAY) & (payer != payee))]


def _opens(region: Region, s: Schemes, calendar: Calendar, rows: Ints, turn: Ints) -> Ints:
    """Return minute at which each turn begins."""
    ids = s.number[rows] * STEPS + turn
    apart = region["payments.round.apart_days"]
    day = s.day(rows, turn, apart) + region.stream("payments/turn_day").below(ids, s.within(rows, apart))
    minute = calendar.minute("payments/turn", ids, np.clip(day, 0, DAYS - 1))
    return np.where((day >= 0) & (day < DAYS), minute, -DAYS * MINUTES_A_DAY)


def _waits(region: Region, s: Schemes, rows: Ints, turn: Ints, wave: Ints, ids: Ints) -> Ints:
    """Return minutes from the turn's beginning: so many waits as there were waves before, and a little within a
    wave."""
    pace = s.level(region, "pace")[rows]
    turns = s.number[rows] * STEPS + turn
    total = np.zeros(len(rows), dtype=np.int64)
    for k in range(int(wave.max(initial=0))):
        wait = pace[:, 0] + region.stream("payments/wait").below(turns, pace[:, 1] - pace[:, 0] + 1, k)
        total += np.where(wave > k, wait, 0)
    return total + region.stream("payments/within_wave").below(ids, np.maximum(pace[:, 0], 1))


def _sums(
    region: Region, s: Schemes, rows: Ints, turn: Ints, seat: Ints, wave: Ints, scatter: np.ndarray, ids: Ints
) -> Ints:
    """Return each step passes on a share of the one before; what is scattered is of uneven parts."""
    base = varied(
        region, "payments/base", s.number, s.level(region, "level"), region["payments.base_spread"]
    )[rows]
    turns = s.number[rows] * STEPS + turn
    amount = varied(region, "payments/turn_sum", turns, base, region["payments.round.spread"])
    parts = varied(
        region, "payments/part", turns * STEPS + seat, amount // 3, region["payments.round.part_spread"]
    )
    amount = np.where(scatter, np.maximum(parts, 1), amount)
    share = s.level(region, "kept")[rows]
    for k in range(int(wave.max(initial=0))):
        drawn = share[:, 0] + region.stream("payments/share").below(turns, share[:, 1] - share[:, 0] + 1, k)
        amount = np.where(wave > k, amount * drawn // 1000, amount)
    return heaped(region, "payments/round", ids, np.maximum(amount, 1), s.level(region, "sums")[rows])
