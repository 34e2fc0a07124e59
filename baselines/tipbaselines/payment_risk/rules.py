"""How many published red flags a payment raises. Untrained: what a bank's rules would do.

Indicators in the manner of FinCEN (2020) and FATF and APG (2018): many pay into one wallet within days; what came in
goes out within a day, most of it; young wallets; towns apart; cash; prepaid cards, virtual currency or remittances;
round sums; no stated purpose. Score: the share of the flags. Needs payer, payee, minute and amount; flags whose columns
are not there are left out. Cost: seconds for 1.3 million payments on one core.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import MINUTES_A_DAY, Untrained, score_frame, to_predict
from tipbaselines.payment_risk.payments import NEEDS, Payments, Side, own_features, read_payments

ADOPTED = ("channel prepaid", "channel virtual_currency", "channel remittance")
CASH = "channel cash_deposit"


@dataclass(eq=False)
class Rules(Untrained):
    """``payers``: so many different ones within ``days`` on either side are many; ``share``: of what came in, from
    which on most of it goes out; ``young``: days since a wallet was opened; ``round_sum``: minor units."""

    payers: int = 3
    days: int = 2
    share: float = 0.6
    young: int = 60
    round_sum: int = 1000
    needs = NEEDS
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        ledger = read_payments(fold)
        flags = self._flags(ledger)
        units = to_predict(fold)[fold.task.unit]
        score = np.column_stack(flags).mean(axis=1)
        return score_frame(units, score[ledger.positions(units)])

    def _flags(self, ledger: Payments) -> list[np.ndarray]:
        """Return (payments,) bool a flag."""
        own = own_features(ledger)
        out, into = Side(ledger, ledger.payer, ledger.payee), Side(ledger, ledger.payee, ledger.payer)
        minute, amount = ledger.minute, ledger.amount
        following, before = out.next(ledger.payee, minute), into.last(ledger.payer, minute)
        soon = (following >= 0) & (out.minute[following] - minute <= MINUTES_A_DAY)
        lately = (before >= 0) & (minute - into.minute[before] <= MINUTES_A_DAY)
        flags = [
            into.window(ledger.payee, minute, self.days)[1] >= self.payers,
            soon & (out.amount[following] >= self.share * amount),
            lately & (amount >= self.share * into.amount[before]),
            amount % self.round_sum == 0,
        ]
        flags += [own[f"{end} age"] < self.young for end in ("payer", "payee") if f"{end} age" in own]
        if "same town" in own:
            flags.append(own["same town"] == 0)
        if "no purpose" in own:
            flags.append(own["no purpose"] > 0)
        flags += [own[name] > 0 for name in (CASH, *ADOPTED) if name in own]
        return flags
