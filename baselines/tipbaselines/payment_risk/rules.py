"""How many published red flags a payment raises. Untrained: what a bank's rules would do.

Indicators in the manner of FinCEN (2020) and FATF and APG (2018). Score: the share of the flags. Needs payer, payee,
minute and amount; flags without their columns are left out. Cost: seconds for 1.3 million payments on one core.
"""

from dataclasses import dataclass

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, score_frame, to_predict
from tipbaselines.payment_risk.payments import NEEDS, own_features, read_payments, turnover


@dataclass(eq=False)
class Rules(Untrained):
    """Thresholds of the flags.

    ``payers``, ``days``: so many payers pay into one wallet within so many days. ``share``: so much of the money that
    comes in goes out within a day. ``young``: a wallet is younger than so many days. ``round_sum``: an amount is a
    multiple of so many minor units.
    """

    payers: int = 3
    days: int = 2
    share: float = 0.6
    young: int = 60
    round_sum: int = 1000
    entry_class = "worlds"  # knows which channels are red flags
    needs = NEEDS
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        payments, units = read_payments(fold), to_predict(fold)[fold.task.unit]
        facts = pl.DataFrame(own_features(payments) | turnover(payments, self.days))
        flags = facts[payments.positions(units)].select(
            pl.col("payers") >= self.payers,  # so many pay into one wallet within days
            pl.col("paid on") >= self.share * pl.col("sum"),  # what comes in goes out within a day
            pl.col("came in") * self.share <= pl.col("sum"),  # what goes out came in within a day
            pl.col("sum") % self.round_sum == 0,
            pl.col("^pay(er|ee) age$") < self.young,
            pl.col("^same town$") == 0,
            pl.col("^no purpose$|^channel (cash_deposit|prepaid|virtual_currency|remittance)$") > 0,
        )
        return score_frame(units, flags.mean_horizontal().to_numpy())
