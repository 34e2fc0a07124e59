"""Made-up "private" records, a control, and a synthetic table of which a quarter is copied with a little noise.

Run with anonymeter installed, in an environment of its own (1.1.0 wants numpy below 2), this file prints what that
package finds on them: the reference values of ``test_attacks.py``.
"""

from __future__ import annotations

import numpy as np
import polars as pl

RECORDS, MADE, COPIED = 300, 400, 100
PARTS = (["age", "town"], ["income", "spell"])


def tables() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return private records, control and synthetic table; quantities lie so that no two distances are equal."""
    rng = np.random.default_rng(20261127)

    def drawn(rows: int) -> np.ndarray:
        u = rng.random((rows, 4))
        return np.column_stack(
            [18 + 60 * u[:, 0], np.floor(6 * u[:, 1]), 900 + 3000 * u[:, 0] * u[:, 2], 1 + 99 * u[:, 3]]
        )

    private, control, made = drawn(RECORDS), drawn(RECORDS), drawn(MADE)
    made[:COPIED] = private[:COPIED]
    made[:COPIED, [0, 2]] *= 1 + 0.002 * (rng.random((COPIED, 2)) - 0.5)
    return _frame(private), _frame(control), _frame(made)


def _frame(rows: np.ndarray) -> pl.DataFrame:
    town = [f"town {int(n)}" for n in rows[:, 1]]
    return pl.DataFrame({"age": rows[:, 0], "town": town, "income": rows[:, 2], "spell": rows[:, 3]})


def main() -> None:
    """Print anonymeter's numbers."""
    from anonymeter import evaluators  # pyright: ignore[reportMissingImports]
    from anonymeter.evaluators import singling_out_evaluator as singling  # pyright: ignore[reportMissingImports]

    private, control, made = tables()
    ori, con, syn = (one.to_pandas() for one in (private, control, made))
    for k in (1, 3):
        found = evaluators.LinkabilityEvaluator(ori, syn, PARTS, RECORDS, k, con).evaluate(n_jobs=1)
        said = found.results()
        print("linkability", k, said.n_success, said.n_control, said.risk())
    for secret in ("income", "town"):
        known = [name for name in private.columns if name != secret]
        found = evaluators.InferenceEvaluator(
            ori, syn, known, secret, regression=secret == "income", n_attacks=RECORDS, control=con
        ).evaluate(n_jobs=1)
        said = found.results()
        print("inference", secret, said.n_success, said.n_control, said.risk())
    queries = singling.univariate_singling_out_queries(made, 100_000, np.random.default_rng(0))
    counts = (np.array(singling._evaluate_queries(df=one, queries=queries)) for one in (private, control))
    print("singling out", len(queries), [int((one == 1).sum()) for one in counts])


if __name__ == "__main__":
    main()
