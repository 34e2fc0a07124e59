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
    said = [SPLITS[split].summary] if split in SPLITS else []
    return " ".join([*said, *([OWN_SPLITS[split]] if split in OWN_SPLITS else [])])


def all_scored(units: pl.DataFrame) -> list[pl.DataFrame]:
    """Return one fold with ``[..., part]``: every unit is test and no label is given to fit."""
    return [units.with_columns(part=pl.lit("test", dtype=PART))]


def given_folds(own: OwnData, units: pl.DataFrame, valid: bool = False) -> list[pl.DataFrame]:
    """Return the folds in the column ``fold``: the parts themselves, or one fold a value, each tested once.

    With ``valid`` there must be such a part; of numbered folds it is the one after that which is tested.

    Raises UsageError where some units have no fold or one that is neither, all have the same number, or a part is
    missing.
    """
    if missing := units["fold"].null_count():
        raise UsageError(
            f"data.fold of data={own.name} is missing for {missing:,} of {units.height:,} rows: fill it."
        )
    _check_fold_values(own, units["fold"].cast(pl.String))
    values = sorted(units["fold"].cast(pl.String).unique())
    named = pl.col("fold").cast(pl.String)
    if set(values) <= set(PARTS):
        if "test" not in values:
            raise UsageError(f"data.fold of data={own.name} has no test part: it holds {', '.join(values)}.")
        if valid and "valid" not in values:
            raise UsageError(f"data.fold of data={own.name} has no valid part: it holds {', '.join(values)}.")
        return [units.with_columns(part=named.cast(PART))]
    if len(values) < 2:
        raise UsageError(
            f"data.fold of data={own.name} has a single value: give train and test, or two folds or more."
        )
    _check_number(own, len(values), valid)
    number = named.replace_strict(values, range(len(values)), return_dtype=pl.Int64)
    return [units.with_columns(part=_part_of_fold(number, n, len(values), valid)) for n in range(len(values))]


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


def stratified_folds(own: OwnData, units: pl.DataFrame, valid: bool = False) -> list[pl.DataFrame]:
    """Return ``own.folds`` seeded folds, stratified by clusters that are positive, negative or unlabelled.

    A cluster is never divided between parts.

    Args:
        units: ``[unit, cluster Int64, label Int8, ...]``; the label is null where it is not known.
        valid: whether the fold after the one that is tested is valid, and not train.

    Raises:
        UsageError: where a class has fewer clusters than there are folds.
    """
    _check_number(own, own.folds, valid)
    clusters = units.group_by("cluster").agg(pl.col("label").max()).sort("cluster")
    counts = {label: int((clusters["label"] == label).sum()) for label in (1, 0)}
    if min(counts.values()) < own.folds:
        raise UsageError(
            f"data={own.name} has too few clusters for split=kfold with data.folds={own.folds}: "
            f"{counts[1]:,} positive, {counts[0]:,} negative and {clusters['label'].null_count():,} unknown; lower "
            "data.folds or choose split=all."
        )
    order = Stream(_SEED, "kfold").shuffled(clusters["cluster"].to_numpy())
    dealt = clusters[order].with_columns(number=pl.int_range(pl.len()).over("label") % own.folds)
    return _folds_by_number(own, units, dealt, valid)


def label_set_folds(own: OwnData, units: pl.DataFrame) -> list[pl.DataFrame]:
    """Return ``own.folds`` seeded folds over which each set of labels is spread; a cluster is never on both sides.

    Clusters are shuffled, ordered by the set of labels that any of their units has, and dealt out in turn: folds
    hold equal numbers of clusters, and a set that c clusters have is found c / folds times in each, give or
    take one.

    Args:
        units: ``[unit, cluster Int64, label_<name> Int8, ...]``; a label is null where it is not known.

    Raises:
        UsageError: where a label has fewer clusters with or without it than folds.
    """
    names = [name for name in units.columns if name.startswith("label_")]
    clusters = units.group_by("cluster").agg(pl.col(names).max()).sort("cluster")
    for name in names:
        having, without = (int((clusters[name] == label).sum()) for label in (1, 0))
        if min(having, without) < own.folds:
            raise UsageError(
                f"data={own.name} has too few clusters for split=kfold with data.folds={own.folds}: {having:,} "
                f"have {name.removeprefix('label_')} and {without:,} do not; lower data.folds or choose split=all."
            )
    order = Stream(_SEED, "kfold of label sets").shuffled(clusters["cluster"].to_numpy())
    dealt = clusters[order].sort(names, maintain_order=True)
    return _folds_by_number(own, units, dealt.with_columns(number=pl.int_range(pl.len()) % own.folds))


def _folds_by_number(
    own: OwnData, units: pl.DataFrame, dealt: pl.DataFrame, valid: bool = False
) -> list[pl.DataFrame]:
    """Return one fold a number, which is tested there. ``dealt``: ``[cluster, number, ...]``."""
    numbered = units.join(dealt.select("cluster", "number"), on="cluster", how="left", maintain_order="left")
    return [
        numbered.with_columns(part=_part_of_fold(pl.col("number"), n, own.folds, valid)).drop("number")
        for n in range(own.folds)
    ]


def _part_of_fold(number: pl.Expr, tested: int, folds: int, valid: bool) -> pl.Expr:
    after = pl.lit(valid) & (number == (tested + 1) % folds)
    name = pl.when(number == tested).then(pl.lit("test")).when(after).then(pl.lit("valid"))
    return name.otherwise(pl.lit("train")).cast(PART)


def _check_number(own: OwnData, folds: int, valid: bool) -> None:
    if valid and folds < 3:
        raise UsageError(
            f"data={own.name} has {folds} folds, and alarms take three: one to learn from, one to choose a "
            "threshold on and one to test."
        )
