"""Two methods that keep the contract, and one for each way to break it."""

import random
import sys

import numpy as np
import polars as pl


class Length:
    needs = frozenset({"adverts.body"})
    stochastic = False

    def fit(self, fold, seed):
        self.longest = fold.units("train").select(pl.col("body").str.len_chars().max()).collect().item()

    def predict(self, fold):
        length = pl.col("body").str.len_chars() / self.longest
        return fold.to_predict().select("advert", score=length.clip(0, 1)).collect()


class FirstIdFirst(Length):
    """Breaks no promise, and its predictions depend on the ids."""

    def predict(self, fold):
        units = fold.to_predict().select("advert").collect()
        return units.with_columns(score=units["advert"].rank() / units.height)


class Chance(Length):
    stochastic = True

    def fit(self, fold, seed):
        self.generator = np.random.default_rng(seed)

    def predict(self, fold):
        units = fold.to_predict().select("advert").collect()
        return units.with_columns(
            score=self.generator.random(units.height)[units["advert"].rank("ordinal") - 1]
        )


class NoFit:
    needs, stochastic = frozenset({"adverts.body"}), False
    predict = Length.predict


class NeedsAList(Length):
    needs = ["adverts.body"]  # noqa: RUF012


class OfNoClass(Length):
    entry_class = "world"


class WithoutResources(Length):
    entry_class = "outside"


class Hidden(Length):
    needs = frozenset({"adverts.body", "adverts.operation"})


class Unknown(Length):
    needs = frozenset({"adverts.colour"})


class Fails(Length):
    def predict(self, fold):
        raise ArithmeticError("it does not add up")


class WritesTables(Length):
    def fit(self, fold, seed):
        super().fit(fold, seed)
        fold.tables["adverts"] = fold.tables["adverts"].with_columns(length=pl.lit(1))


class WritesLabels(Length):
    def fit(self, fold, seed):
        super().fit(fold, seed)
        fold.supervision.replace_column(0, fold.supervision.to_series(0).reverse())


class AssignsToTheFold(Length):
    def fit(self, fold, seed):
        fold.longest = 1


class WholeNumbers(Length):
    def predict(self, fold):
        return super().predict(fold).with_columns(pl.col("score").cast(pl.Int64))


class HalfTheUnits(Length):
    def predict(self, fold):
        return super().predict(fold)[::2]


class NotANumber(Length):
    def predict(self, fold):
        return super().predict(fold).with_columns(score=pl.lit(float("nan")))


class AList(Length):
    def predict(self, fold):
        return [0.5]


class Outside(Length):
    def predict(self, fold):
        return super().predict(fold).with_columns(score=pl.col("score") * 3 - 1)


class Unseeded(Chance):
    def fit(self, fold, seed):
        self.generator = np.random.default_rng()


class FromNumpysGlobal(Chance):
    def fit(self, fold, seed):
        self.generator = np.random


class FromPythonsGlobal(Chance):
    def predict(self, fold):
        units = fold.to_predict().select("advert").collect()
        return units.with_columns(score=pl.Series([random.random() for _ in range(units.height)]))


class SecretlyStochastic(Chance):
    stochastic = False


class KeepsState(Length):
    fitted = 0

    def fit(self, fold, seed):
        super().fit(fold, seed)
        self.fitted += 1

    def predict(self, fold):
        return super().predict(fold).with_columns(score=pl.col("score") / self.fitted)


class TrustsTheOrder(Length):
    def predict(self, fold):
        first = fold.tables["adverts"].head(1).collect()["body"].item()
        return super().predict(fold).with_columns(score=pl.col("score") / (1 + len(first)))


class TrustsASet(Length):
    def predict(self, fold):
        first = next(iter({"a" * length for length in range(1, 1_000)}))
        return super().predict(fold).with_columns(score=pl.col("score") / len(first))


class FailsElsewhere(Length):
    def fit(self, fold, seed):
        super().fit(fold, seed)
        if "pytest" not in sys.modules:
            raise ArithmeticError("it does not add up here")


class WritesToTheTask(Length):
    """What all methods share; put back, so that the tests that come next are not harmed."""

    def fit(self, fold, seed):
        super().fit(fold, seed)
        fold.task.tables["adverts_of_mine"] = ("body",)

    def __del__(self):
        from tipbench.tasks import task_of

        task_of("advert_risk").tables.pop("adverts_of_mine", None)


class WritesWithSeedOne(Chance):
    def fit(self, fold, seed):
        super().fit(fold, seed)
        if seed == 1:
            fold.tables["adverts"] = fold.tables["adverts"].with_columns(length=pl.lit(1))


class Leaves(Length):
    def fit(self, fold, seed):
        raise SystemExit(3)


class HalfWithSeedOne(Chance):
    def fit(self, fold, seed):
        super().fit(fold, seed)
        self.ways = 1 + seed

    def predict(self, fold):
        return super().predict(fold)[:: self.ways]


class OutsideWithSeedOne(Chance):
    def fit(self, fold, seed):
        super().fit(fold, seed)
        self.ways = 1 + seed

    def predict(self, fold):
        return super().predict(fold).with_columns(score=pl.col("score") * self.ways)


class MisspeltBatches(Length):
    batches = "region"


class LooksAtEveryRegion(Length):
    batches = "regions"

    def predict(self, fold):
        length = pl.col("body").str.len_chars()
        return fold.to_predict().select("advert", score=length / length.max()).collect()
