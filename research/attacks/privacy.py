"""Are private records safe? python research/attacks/privacy.py [audits] [canaries] [--epsilon 1] [--runs 4000]

Plants a private table: one advert of each operation of regions of ``small`` that ``tiny`` has not, so nobody's; half of
them are kept back as a control. Prints:

- the audit (copies, and the three kinds of attack) of adverts of three releases of size tiny: the released one, drawn
  from no private records; one of a world calibrated on the private half with ε; and a leaky one, of whose adverts
  every other is a private record as it is;
- canaries: how well a planted record is told from one that is not there, from noisy counts at several ε and from exact
  ones, beside the bound that ε gives: advantage (e^ε - 1) / (e^ε + 1). The threshold that tells best on half of the
  runs is judged on the other half, since on its own runs the best of many thresholds would tell by luck.

Needs the extra privacy. OpenDP's noise is of the system's secure source: a second run prints other digits.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from tipdata.core.world import newest_released, parameters, register
from tipdata.privacy.audit import AuditFinding, audit
from tipdata.privacy.calibration import calibrate
from tipdata.privacy.histograms import Measurement, cells_of
from tipdata.privacy.request import CalibrationRequest
from tipdata.release import open_release

COLUMNS = ["language", "category", "price", "weekday", "hour", "images", "length"]
PATH = "operations.languages"
REGIONS = 24
"""Of ``small``, after the eight that ``tiny`` has: their adverts are the private records."""
PARTS = ["audits", "canaries"]
ROWS = 4_000
"""Of each audited table."""
ASKED = {
    "unit": "row",
    "limit": 10,
    "parameters": {
        PATH: {"column": "language"},
        "operations.category.business": {"column": "category", "where": "kind = 'business'"},
        "prices.base": {
            "column": "price",
            "by": "category",
            "bounds": [5, 20_000],
            "where": "price IS NOT NULL",
        },
        "schedule.weekday_weights": {"column": "weekday"},
    },
}


def records(version: str, size: str, regions: range) -> pl.DataFrame:
    """Return adverts of some regions of a release as a holder of such records would have them."""
    release = open_release(version, size, engine="sequential", quiet=True)

    def here(table: str, *columns: str, **named: pl.Expr) -> pl.DataFrame:
        rows = release.scan(table, truth=True).filter(pl.col("region").is_in(list(regions)))
        return rows.select(*columns, **named).collect()

    adverts = here(
        "adverts",
        "operation",
        "advert",
        "language",
        "category",
        price=pl.col("price") / 100,
        weekday=pl.col("minute") // 1440 % 7,
        hour=pl.col("minute") // 60 % 24,
        images=pl.col("images").list.len(),
        length=pl.col("body").str.len_chars(),
    )
    return adverts.join(here("operations", "operation", "kind"), on="operation").sort("operation", "advert")


def told(name: str, found: list[AuditFinding]) -> None:
    """Print an audit."""
    print(f"\n{name}")
    print(f"{'attack':28}{'attacks':>8}{'private':>9}{'control':>9}{'chance':>8}  {'risk':24}leaky control")
    for one in found:
        rates = "".join(f"{r.value:{w}.3f}" for r, w in ((one.private, 9), (one.control, 9), (one.chance, 8)))
        risks = (f"{r.value:.3f} ({r.low:.3f} to {r.high:.3f})" for r in (one.risk, one.leaky))
        print(f"{one.attack:28}{one.attacks:8,}{rates}  {next(risks):24}{next(risks)}")


def audits(options: argparse.Namespace, folder: Path) -> None:
    """Print the audits of released, calibrated and leaky adverts."""
    planted = records(newest_released(), "small", range(8, 8 + REGIONS)).unique("operation", keep="first")
    every = planted.sort("operation").sample(fraction=1.0, shuffle=True, seed=1)
    private, control = every[: every.height // 2], every[every.height // 2 :]
    private.write_parquet(folder / "private.parquet")
    request = CalibrationRequest.model_validate(ASKED)
    made = calibrate(folder / "private.parquet", request, options.epsilon, folder / "world.yaml")
    print(f"calibrated with ε {made.ledger.spent:g}: {', '.join(made.world.parameters)}")
    released = records(newest_released(), "tiny", range(8)).sample(ROWS, seed=2)
    calibrated = records(register(folder / "world.yaml").name, "tiny", range(8)).sample(ROWS, seed=2)
    copies = private.sample(ROWS // 2, with_replacement=True, seed=2)
    leaky = pl.concat([calibrated.head(ROWS // 2), copies])
    print(f"{private.height:,} private records, {control.height:,} of control")
    for name, frame in (
        ("released, drawn from no private records", released),
        (f"calibrated on the private records, ε {options.epsilon:g}", calibrated),
        ("leaky: half of its rows are private records", leaky),
    ):
        told(name, audit(frame, private, control, COLUMNS, ["category", "price"]))


def canaries(options: argparse.Namespace) -> None:
    """Print how well a canary, the only record of its language, is told."""
    base = parameters(newest_released())
    request = CalibrationRequest.model_validate({**ASKED, "parameters": {PATH: {"column": "language"}}})
    place = list(base[PATH]["value"]).index("zh")

    def measurement(canary: str, epsilon: float) -> Measurement:
        frame = pl.DataFrame({"language": ["en", "es", "fr", "ru"] * 500 + [canary]})
        return Measurement(cells_of(frame, request, base), 1, epsilon)

    print(f"\n{'fit':>10}{'told apart':>12}{'95%':>8}{'bound':>8}{'runs':>8}")
    for epsilon in (0.1, 0.5, 1.0, 2.0):
        there, absent = (
            np.array([made.counts()[PATH][0, place] for _ in range(options.runs)])
            for made in (measurement("zh", epsilon), measurement("ru", epsilon))
        )
        half = options.runs // 2
        best = max(range(-400, 401), key=lambda t: (there[:half] >= t).mean() - (absent[:half] >= t).mean())
        rates = (there[half:] >= best).mean(), (absent[half:] >= best).mean()
        error = 1.96 * math.sqrt(sum(rate * (1 - rate) for rate in rates) / (options.runs - half))
        bound = (math.exp(epsilon) - 1) / (math.exp(epsilon) + 1)
        told = f"{rates[0] - rates[1]:12.3f}{f'±{error:.3f}':>8}"
        print(f"{f'ε {epsilon:g}':>10}{told}{bound:8.3f}{options.runs:8,}", flush=True)
    exact = [measurement(canary, 1.0).exact()[PATH][0, place] for canary in ("zh", "ru")]
    print(f"{'exact':>10}{float(exact[0] > exact[1]):12.3f}{'':>8}{'none':>8}{1:8,}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=4000)
    options = parser.parse_args()
    if "audits" in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            audits(options, Path(folder))
    if "canaries" in options.parts:
        canaries(options)


if __name__ == "__main__":
    main()
