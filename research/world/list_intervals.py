"""Do intervals of prevalence hold the truth in other worlds? python research/world/list_intervals.py

Prints for each method: coverage over all regions, the lowest and highest of a world, and over all regions the median
width of the interval (logarithm), the interval score and the median absolute log error. Rules were chosen on worlds 100
to 119 and are reported on 200 to 219. Without the extra bayes, bayes_loglinear is left out.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec

import numpy as np
from drawn import Drawn
from tipbaselines.prevalence.bayes_loglinear import BayesLogLinear
from tipbaselines.prevalence.chao_fixed_range import ChaoFixedRange
from tipbaselines.prevalence.chao_lower import ChaoLower
from tipbaselines.prevalence.independence import Independence
from tipbaselines.prevalence.model_average import ModelAverage
from tipbaselines.prevalence.stepwise_loglinear import StepwiseLogLinear
from tipbench.loading import prepare

STAGES = ("places", "operations", "accounts", "adverts", "messages", "suppliers", "people", "captures")
METHODS = {
    "chao_fixed_range": ChaoFixedRange,
    "chao_lower": ChaoLower,
    "chao_lower, textbook": lambda: ChaoLower(textbook_interval=True),
    "independence, textbook": lambda: Independence(textbook_interval=True),
    "stepwise_loglinear": StepwiseLogLinear,
    "stepwise_loglinear, textbook": lambda: StepwiseLogLinear(textbook_interval=True),
    "model_average": ModelAverage,
    **({"bayes_loglinear": BayesLogLinear} if find_spec("numpyro") else {}),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, nargs=2, default=(200, 219), metavar=("FIRST", "LAST"))
    parser.add_argument("--regions", type=int, default=64)
    options = parser.parse_args()
    ends = {name: [] for name in METHODS}
    for number in range(options.worlds[0], options.worlds[1] + 1):
        prepared = prepare("prevalence", release=Drawn.of(number, options.regions, STAGES))
        truth = prepared.answers.frame.select("region", "truth")
        for name, make in METHODS.items():
            method = make()
            method.fit(prepared.folds[0], 0)
            found = truth.join(method.predict(prepared.folds[0]), on="region", how="left")
            values = (
                found.select("estimate", "lower", "upper").to_numpy() / found["truth"].to_numpy()[:, None]
            )
            ends[name].append(np.log(values))
    print(f"{'method':<30}coverage  lowest  highest  width  score  error")
    for name, worlds in ends.items():
        error, low, high = np.moveaxis(np.array(worlds), -1, 0)
        covered = ((low <= 0) & (high >= 0)).mean(axis=1)
        score = high - low + 40 * (np.maximum(low, 0) + np.maximum(-high, 0))
        print(
            f"{name:<30}{covered.mean():8.3f}{covered.min():8.2f}{covered.max():9.2f}{np.nanmedian(high - low):7.2f}"
            f"{np.nanmean(score):7.2f}{np.nanmedian(np.abs(error)):7.3f}"
        )


if __name__ == "__main__":
    main()
