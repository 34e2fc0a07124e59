"""How own units are divided: all of them scored, seeded stratified folds, or the folds they come with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from tipcore.errors import UsageError
from tipcore.units import PARTS
from tipdata.core.draw import Stream

from tipbench.data.splits import PART, SPLITS

if TYPE_CHECKING:
    from tipbench.data.custom.config import OwnData

OWN_SPLITS = {
    "kfold": "Own data: seeded stratified folds, pooled (data.folds).",
    "all": "Own data: every unit is scored, no labels are given to fit.",
    "given": "Own data: the folds that it comes with.",
}
"""What each split of a user's own data does."""

AUTO = "The first that task and data allow; the choice is printed."
_SEED = 5
FEW = 5
"""Values that a refusal shows."""


def summary_of(split: str) -> str:
    """Return what a split does, on a release and on a user's own data; nothing for a name that no split has."""
    if split == "auto":
        return AUTO
    on_release = SPLITS[split].summary if split in SPLITS else ""
    return f"{on_release} {OWN_SPLITS.get(split, '')}".strip()


def divide_own(own: OwnData, split: str, units: pl.DataFrame, valid: bool = False) -> list[pl.DataFrame]:
    """Return the folds of a split, ``[..., part]`` each.

    ``all`` tests every unit, and gives no label to fit. ``kfold`` spreads whole clusters over ``own.folds`` seeded
    folds, each tested once. ``given`` takes the parts in the column ``fold``, or one fold per value.

    Args:
        units: ``[unit, cluster Int64, ...]`` with ``label`` or ``label_<name>`` (Int8; null where it is not known) for
            kfold, and ``fold`` for given.
        valid: whether a valid part is needed; of folds it is the one after the tested one.

    Raises:
        UsageError: if a class has fewer clusters than there are folds; if ``fold`` is missing for a unit, is neither a
            part nor a number, or has a single value; if there is no test part; if a valid part is needed and there is
            none, or there are only two folds.
    """
    if split == "all":
        return [units.with_columns(part=pl.lit("test", dtype=PART))]
    if split == "kfold":
        dealt = (_deal_label_sets if own.labels else _deal_labels)(own, units).select("cluster", "number")
        numbered = units.join(dealt, on="cluster", how="left", maintain_order="left")
        return _test_each(own, numbered, own.folds, valid)
    if missing := units["fold"].null_count():
        raise UsageError(
            f"data.fold of data={own.name} is missing for {missing:,} of {units.height:,} rows: fill it."
        )
    named = units["fold"].cast(pl.String)
    _check_fold_values(own, named)
    values = sorted(named.unique())
    if set(values) <= set(PARTS):
        for part in ("test", "valid") if valid else ("test",):
            if part not in values:
                raise UsageError(
                    f"data.fold of data={own.name} has no {part} part: it holds {', '.join(values)}."
                )
        return [units.with_columns(part=named.cast(PART))]
    if len(values) < 2:
        raise UsageError(
            f"data.fold of data={own.name} has a single value: give train and test, or two folds or more."
        )
    numbers = named.replace_strict(values, range(len(values)), return_dtype=pl.Int64).alias("number")
    return _test_each(own, units.with_columns(numbers), len(values), valid)


def _test_each(own: OwnData, numbered: pl.DataFrame, folds: int, valid: bool) -> list[pl.DataFrame]:
    """Return the units with their ``part``, by their ``number``, for each number of a fold that is tested."""
    if valid and folds < 3:
        raise UsageError(
            f"data={own.name} has {folds} folds, and alarms take three: one to learn from, one to choose a "
            "threshold on and one to test."
        )
    number, found = pl.col("number"), []
    for tested in range(folds):
        part = pl.when(number == tested).then(pl.lit("test"))
        part = part.when(pl.lit(valid) & (number == (tested + 1) % folds)).then(pl.lit("valid"))
        found.append(
            numbered.select(pl.exclude("number"), part.otherwise(pl.lit("train")).cast(PART).alias("part"))
        )
    return found


def _check_fold_values(own: OwnData, folds: pl.Series) -> None:
    """Refuse folds that are neither all parts nor all numbers: a misspelling would be a fold of its own."""
    number = folds.cast(pl.Float64, strict=False)
    whole = (number == number.floor()).fill_null(False)
    part = folds.is_in(list(PARTS))
    if part.all() or whole.all():
        return
    # Beside parts a number is as wrong as a misspelling.
    wrong = folds.filter(~part if part.any() else ~whole)
    found = wrong.value_counts(name="rows").sort("rows", wrong.name, descending=[True, False])
    shown = ", ".join(f"{value} in {rows:,}" for value, rows in found.head(FEW).iter_rows())
    shown += f" and {found.height - FEW} more" if found.height > FEW else ""
    raise UsageError(
        f"data.fold of data={own.name} holds {shown} of {len(folds):,} rows: write {', '.join(PARTS[:2])} or "
        f"{PARTS[2]}, or in every row the number of a fold, for instance by "
        "\"CASE WHEN fold = 'Test' THEN 'test' ELSE fold END\"."
    )


def _deal_labels(own: OwnData, units: pl.DataFrame) -> pl.DataFrame:
    """Return ``[cluster, number]``: folds stratified by clusters that are positive, negative or unlabelled."""
    clusters = units.group_by("cluster").agg(pl.col("label").max()).sort("cluster")
    counts = {label: int((clusters["label"] == label).sum()) for label in (1, 0)}
    if min(counts.values()) < own.folds:
        raise UsageError(
            f"data={own.name} has too few clusters for split=kfold with data.folds={own.folds}: "
            f"{counts[1]:,} positive, {counts[0]:,} negative and {clusters['label'].null_count():,} unknown; lower "
            "data.folds or choose split=all."
        )
    order = Stream(_SEED, "kfold").shuffle(clusters["cluster"].to_numpy())
    return clusters[order].with_columns(number=pl.int_range(pl.len()).over("label") % own.folds)


def _deal_label_sets(own: OwnData, units: pl.DataFrame) -> pl.DataFrame:
    """Return ``[cluster, number]``: clusters are shuffled, ordered by the set of labels that any of their units has,
    and dealt out in turn, so that a set of c clusters is found c / folds times in each fold, give or take one."""
    names = [name for name in units.columns if name.startswith("label_")]
    clusters = units.group_by("cluster").agg(pl.col(names).max()).sort("cluster")
    for name in names:
        having, without = (int((clusters[name] == label).sum()) for label in (1, 0))
        if min(having, without) < own.folds:
            raise UsageError(
                f"data={own.name} has too few clusters for split=kfold with data.folds={own.folds}: {having:,} "
                f"have {name.removeprefix('label_')} and {without:,} do not; lower data.folds or choose split=all."
            )
    order = Stream(_SEED, "kfold of label sets").shuffle(clusters["cluster"].to_numpy())
    ordered = clusters[order].sort(names, maintain_order=True)
    return ordered.with_columns(number=pl.int_range(pl.len()) % own.folds)
