"""A Bayesian log-linear model of all pairs of lists, whose terms are shrunk towards independence as far as data allow.

In the spirit of Overstall and King (2014) and Silverman (2020): terms of pairs are normal around 0, their spread is
learnt for each table, and pairs without a common person have terms too, which a prior keeps finite. Sampled by NUTS
(Hoffman and Gelman 2014), all tables at once. The interval holds 95% of the posterior, the unseen being Poisson; its
upper end also allows for a dependence that all pairs share (:func:`.lists.dependence_reach`). Needs the extra bayes and
counts. Cost: half a minute for 64 tables of six lists on one core.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tipbaselines.frames import Seeded
from tipbaselines.prevalence.lists import CaseLists, ListMethod, design, patterns


@dataclass(eq=False)
class BayesLogLinear(Seeded, ListMethod):
    """``warmup``, ``samples``: steps of the sampler before and after it is tuned; ``spread``: scale of the prior of
    what terms of pairs spread over, in nats; ``wide``: standard deviation of the prior of the other terms, in nats."""

    warmup: int = 500
    samples: int = 1500
    spread: float = 1.0
    wide: float = 3.0
    entry_class = "worlds"  # its priors were chosen with errors on a generated world in view

    def log_unseen(self, lists: CaseLists) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        import jax
        from numpyro.infer import MCMC, NUTS

        kernel = NUTS(model, target_accept_prob=0.8)
        sampler = MCMC(kernel, num_warmup=self.warmup, num_samples=self.samples, progress_bar=False)
        key, number = jax.random.PRNGKey(self.seed), len(lists.lists)
        sampler.run(key, lists.counts, design(number), number, self.spread, self.wide)
        expected = np.exp(np.asarray(sampler.get_samples()["intercept"], dtype=np.float64))
        unseen = np.random.default_rng(self.seed).poisson(expected)
        points = np.quantile(np.log(np.maximum(unseen, 1)), [0.5, 0.025, 0.975], axis=0)
        # One list alone says nothing, whatever the prior does.
        used = ((lists.counts @ patterns(number)) > 0).sum(axis=1)
        middle, lower, upper = np.where(used >= 2, points, np.nan)
        return middle, lower, upper


def model(counts: np.ndarray, matrix: np.ndarray, lists: int, spread: float, wide: float) -> Any:
    """Return Poisson counts [tables, patterns] of a log-linear model; a table's terms depend on no other table."""
    import jax.numpy as jnp
    import numpyro
    from numpyro import distributions as dist

    people = np.log(np.maximum(counts.sum(axis=1), 1.0))
    on_one = matrix[:, 1 : 1 + lists].astype(bool) & (matrix[:, 1 : 1 + lists].sum(axis=1) == 1)[:, None]
    alone = np.log(counts @ on_one + 0.5)
    tables, pairs = len(counts), matrix.shape[1] - 1 - lists

    def normal(name: str, *shape: int) -> Any:
        return numpyro.sample(name, dist.Normal(jnp.zeros(shape), 1.0).to_event(len(shape)))

    # Starts at ten people for one observed, and at the people seen on each list alone: these the counts say best, so
    # the sampler is given them, and not the main effects, which are they less the intercept.
    unseen = people + np.log(9.0) + wide * normal("unseen", tables)
    intercept: Any = numpyro.deterministic("intercept", unseen)
    main = alone + wide * normal("alone", tables, lists) - intercept[:, None]
    scale: Any = numpyro.sample("scale", dist.HalfNormal(jnp.full((tables, 1), spread)).to_event(2))
    pair = scale * normal("pair", tables, pairs)
    terms = jnp.concatenate([intercept[:, None], main, pair], axis=1)
    numpyro.sample("counts", dist.Poisson(jnp.exp(terms @ matrix.T)).to_event(2), obs=counts)
