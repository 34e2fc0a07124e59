"""What methods cost before and after a change, and whether they predict the same:
python research/methods/paired_methods.py --base FOLDER [--release tiny] [--split auto] [--seeds 0,1] TASK/METHOD ...

FOLDER is another tree of this repository. Each method is fitted and asked for the test and the valid part in a process
per tree, its seeds one after the other as behind one fence, the trees in turn; CPU seconds are printed, and ``same``
where every prediction is equal.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
SOURCES = ("datasets", "benchmark", "baselines")


def measure(name: str, release: str, split: str, seeds: list[int], to: Path) -> None:
    """Run a method of the tree that is imported; print seed and seconds, and write its predictions to a folder."""
    from tipbench.config.compose import Composer, parse
    from tipbench.config.methods import instantiate
    from tipbench.config.options import config_folders
    from tipbench.loading import prepare
    from tipbench.method import is_oracle

    settings = Composer(config_folders(None), parse([f"baseline={name}"])).settings(name)
    config = settings.baseline.method
    oracle = is_oracle(instantiate(config))
    [fold] = prepare(name.partition("/")[0], release=release, split=split, oracle=oracle).folds
    asked = {"test": fold}
    if (fold.parts["part"] == "valid").any():
        asked["valid"] = fold.with_valid_as_test()
    for seed in seeds:
        method = instantiate(config)
        marks = [time.process_time()]
        method.fit(fold, seed)
        marks.append(time.process_time())
        for part, one in asked.items():
            method.predict(one).write_parquet(to / f"{seed}-{part}.parquet")
            marks.append(time.process_time())
        print(seed, *(f"{after - before:.3f}" for before, after in pairwise(marks)))


def measured(tree: Path, name: str, options: argparse.Namespace, to: Path) -> dict[int, float]:
    """Return CPU seconds by seed of a method of a tree, all in all."""
    to.mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(tree / one) for one in SOURCES)}
    words = [sys.executable, __file__, "--into", str(to), "--release", options.release]
    words += ["--split", options.split, "--seeds", options.seeds, name]
    said = subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout
    lines = [line.split() for line in said.splitlines()]
    return {int(seed): sum(map(float, parts)) for seed, *parts in lines}


def same(one: Path, other: Path) -> bool:
    """Return whether two folders hold equal predictions."""
    import polars as pl

    names = sorted(path.name for path in one.iterdir())
    if names != sorted(path.name for path in other.iterdir()):
        return False
    return all(pl.read_parquet(one / n).equals(pl.read_parquet(other / n)) for n in names)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("methods", nargs="+")
    parser.add_argument("--base", type=Path)
    parser.add_argument("--release", default="tiny")
    parser.add_argument("--split", default="auto")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")]
    if options.into is not None:
        measure(options.methods[0], options.release, options.split, seeds, options.into)
        return
    if options.base is None:
        parser.error("give --base: the folder of the tree to compare with")
    print(f"{'method, CPU s':32}{'seed':>5}{'before':>10}{'after':>10}{'ratio':>8}")
    for name in options.methods:
        with tempfile.TemporaryDirectory() as folder:
            before = measured(options.base.resolve(), name, options, Path(folder, "before"))
            after = measured(HERE, name, options, Path(folder, "after"))
            verdict = "same" if same(Path(folder, "before"), Path(folder, "after")) else "DIFFERENT"
        for seed in seeds:
            ratio = before[seed] / after[seed] if after[seed] else float("nan")
            print(
                f"{name:32}{seed:5}{before[seed]:10.2f}{after[seed]:10.2f}{ratio:8.2f}  {verdict}", flush=True
            )


if __name__ == "__main__":
    main()
