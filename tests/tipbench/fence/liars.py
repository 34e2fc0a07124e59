"""Methods that answer the host themselves, or that cannot be made."""

import fcntl
import os
import subprocess
import time

import polars as pl


class Liar:
    """A method that writes to the pipe to the host itself. ``said``: what it writes, in Latin-1."""

    needs: frozenset[str] = frozenset()
    stochastic = False

    def __init__(self, said: str, after: int = 0) -> None:
        self.said, self.after = said, after

    def fit(self, fold, seed):
        say(self.said, self.after)

    def predict(self, fold):
        raise NotImplementedError


class Flood:
    """A method that answers with more than the host should hold. ``what``: of it."""

    needs: frozenset[str] = frozenset()
    stochastic = False

    def __init__(self, what: str) -> None:
        self.what, self.notes = what, []

    def fit(self, fold, seed):
        if self.what == "error":
            raise ValueError("y" * 10_000_000)
        self.notes = {"notes": ["n" * 20_000] * 100, "many notes": ["n"] * 101}.get(self.what, [])

    def predict(self, fold):
        units = fold.to_predict().select("advert").collect()
        if self.what in ANSWERS:
            say(ANSWERS[self.what])
        floods = {
            "rows": lambda: pl.select(advert=pl.int_range(10_000_000)),
            "bytes": lambda: pl.select(advert=pl.int_range(100_000)).with_columns(*zeros(40)),
            "columns": lambda: units.with_columns(*zeros(270)),
            "name of a column": lambda: units.with_columns(pl.lit(1).alias("x" * 201)),
            "texts": lambda: units.with_columns(cluster=pl.lit("x" * 300_000)),
            "texts that fit": lambda: pl.select(advert=pl.int_range(100_000)).with_columns(
                cluster=pl.format("{}" + "ж" * 95, "advert")
            ),
        }
        return floods.get(self.what, lambda: units)()


def zeros(many):
    return [pl.lit(0.0).alias(str(one)) for one in range(many)]


ANSWERS = {
    "objects": '{"a": [' + "{}," * 300_000 + "{}]}\n",
    "nesting": '{"a": ' + "[" * 5 + "]" * 5 + "}\n",
    "hidden nesting": ('{"a": "\u2200", "b": ' + "[" * 100_000 + "}\n").encode("utf-16-be").decode("latin-1"),
    "words": '{"rows": 1, "columns": [{"name": "a", "dtype": "String"}]}\n' + "{}," * 10_000_000,
}


class Lengths:
    """An honest method that can be asked by batches of regions, and tells how many adverts each batch shows it."""

    needs = frozenset({"adverts.body"})
    stochastic = False
    batches = "regions"

    def fit(self, fold, seed):
        self.notes = []

    def predict(self, fold):
        self.notes.append(str(fold.tables["adverts"].collect().height))
        return fold.to_predict().collect().select("advert", score=1 / (1 + pl.col("body").str.len_chars()))


class Unmade:
    """Leaves a process behind and cannot be made."""

    def __init__(self) -> None:
        subprocess.Popen(["sleep", "1000"], start_new_session=True)
        raise ValueError("no")


class Unnamed:
    """Needs what is no list of names."""

    needs = frozenset()
    stochastic = False

    def __init__(self) -> None:
        say('{"needs": 5, "takes_many": []}\n')


def say(text: str, after: int = 0) -> None:
    """Write to the host, and end."""
    for one in range(3, 20):
        if os.path.lexists(f"/proc/self/fd/{one}") and writes(one):
            os.write(one, text.encode("latin-1") + b"\0" * after)
    time.sleep(0.2)
    os._exit(0)


def writes(descriptor) -> bool:
    return os.readlink(f"/proc/self/fd/{descriptor}").startswith("pipe:") and bool(
        fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_WRONLY
    )


class Silent:
    """Returns nothing, and notes a number."""

    needs = frozenset()
    stochastic = False
    notes = (1,)

    def fit(self, fold, seed):
        pass

    def predict(self, fold):
        return None


class InWorlds:
    """A method that notes how many units of each further world have a label."""

    needs: frozenset[str] = frozenset()
    stochastic = False
    uses_worlds = True

    def fit(self, fold, seed):
        self.notes = [f"{world.labels('train').collect().height} labels" for world in fold.worlds]

    def predict(self, fold):
        return fold.to_predict().select("advert", score=pl.lit(0.0)).collect()
